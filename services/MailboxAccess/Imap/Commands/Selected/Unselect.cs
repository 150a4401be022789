namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>UNSELECT (RFC 3691): as CLOSE, but nothing is expunged.</summary>
internal static class Unselect
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        session.Selected = null;
        return ValueTask.FromResult(ImapReply.Ok("UNSELECT completed"));
    }
}
