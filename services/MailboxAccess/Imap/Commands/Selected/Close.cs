namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>CLOSE (RFC 3501 §6.4.2). Expunging comes with EXPUNGE, which this server has not yet: until then deleted messages stay.</summary>
internal static class Close
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        session.Selected = null;
        return ValueTask.FromResult(ImapReply.Ok("CLOSE completed"));
    }
}
