namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>CLOSE (RFC 3501 §6.4.2): expunges without a word, and nothing after EXAMINE.</summary>
internal static class Close
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        if (!session.Selected!.ReadOnly)
        {
            await Expunge.ExpungeAsync(session, uids: null, cancellationToken).ConfigureAwait(false);
        }

        session.Selected = null;
        return ImapReply.Ok("CLOSE completed");
    }
}
