namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>COMPRESS (RFC 4978).</summary>
internal static class Compress
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Run(session, Parse(new(arguments.Span))));

    internal static string Parse(ImapReader reader)
    {
        reader.Space();
        var algorithm = reader.Atom();
        reader.End();
        return algorithm;
    }

    private static ImapReply Run(ImapSession session, string algorithm)
    {
        if (!algorithm.Equals("DEFLATE", StringComparison.OrdinalIgnoreCase))
        {
            return ImapReply.No("Unknown compression algorithm");
        }

        if (session.IsCompressed)
        {
            return ImapReply.No("Compression is active already", "COMPRESSIONACTIVE");
        }

        if (session.HasMoreInput)
        {
            // RFC 4978 §3: nothing may follow before the response; what is here was sent in clear and must not be inflated.
            return ImapReply.Bad("Commands followed COMPRESS before its response");
        }

        return ImapReply.Ok("Compression begins now") with
        {
            Then = _ =>
            {
                session.Compress();
                return Task.CompletedTask;
            },
        };
    }
}
