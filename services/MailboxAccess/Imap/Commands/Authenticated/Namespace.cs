namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>NAMESPACE (RFC 2342): one personal namespace without a prefix.</summary>
internal static class Namespace
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        session.Writer.Line("* NAMESPACE ((\"\" \"/\")) NIL NIL");
        return ValueTask.FromResult(ImapReply.Ok("NAMESPACE completed"));
    }
}
