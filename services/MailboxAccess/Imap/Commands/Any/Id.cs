namespace MailCloud.MailboxAccess.Imap.Commands.Any;

/// <summary>ID (RFC 2971). What a client says of itself is checked and not used.</summary>
internal static class Id
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        Check(new(arguments.Span));
        session.Writer.Line("* ID (\"name\" \"MailCloud\")");
        return ValueTask.FromResult(ImapReply.Ok("ID completed"));
    }

    internal static void Check(ImapReader reader)
    {
        reader.Space();
        if (!reader.TryWord("NIL"u8))
        {
            reader.Expect((byte)'(', "Expected a list");
            var pairs = 0;
            while (!reader.TryTake((byte)')'))
            {
                if (pairs > 0)
                {
                    reader.Space();
                }

                // RFC 2971 §3.3: at most 30 pairs, fields of 30 octets, values of 1,024.
                var field = reader.String();
                reader.Space();
                if (++pairs > 30 || field.Length > 30 || reader.NString()?.Length > 1024)
                {
                    throw new ImapSyntaxException("ID is limited to 30 fields of 30 octets with values of 1024");
                }
            }
        }

        reader.End();
    }
}
