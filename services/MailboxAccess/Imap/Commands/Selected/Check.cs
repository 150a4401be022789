namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>CHECK (RFC 3501 §6.4.1): everything is durable before it is answered, so there is nothing to do.</summary>
internal static class Check
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        return ValueTask.FromResult(ImapReply.Ok("CHECK completed"));
    }
}
