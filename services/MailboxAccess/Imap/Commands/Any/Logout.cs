namespace MailCloud.MailboxAccess.Imap.Commands.Any;

/// <summary>LOGOUT (RFC 3501 §6.1.3).</summary>
internal static class Logout
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        session.Writer.Line("* BYE Goodbye");
        return ValueTask.FromResult(ImapReply.Ok("LOGOUT completed") with { Close = true });
    }
}
