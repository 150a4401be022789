namespace MailCloud.MailboxAccess.Imap.Commands.Any;

/// <summary>NOOP (RFC 3501 §6.1.2): the loop tells what has changed, as after every command.</summary>
internal static class Noop
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        return ValueTask.FromResult(ImapReply.Ok("NOOP completed"));
    }
}
