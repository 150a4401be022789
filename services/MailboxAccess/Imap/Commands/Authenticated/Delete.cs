using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>DELETE (RFC 3501 §6.3.4).</summary>
internal static class Delete
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var name = MailboxArgument.Parse(new(arguments.Span));
        var isSelected = await IsSelectedAsync(session, name, cancellationToken).ConfigureAwait(false);
        var operation = Guid.NewGuid();
        var result = await session.CallMailboxAsync(mailbox => mailbox.DeleteFolderAsync(operation, name), cancellationToken).ConfigureAwait(false);
        if (result == FolderResult.Done && isSelected)
        {
            // Who deletes the mailbox that it has selected goes on without one, as with Dovecot; only others are told that it has gone.
            session.Selected = null;
        }

        return FolderReplies.Of(result, "DELETE");
    }

    // By id: the folder may have been renamed since it was selected.
    private static async ValueTask<bool> IsSelectedAsync(ImapSession session, string name, CancellationToken cancellationToken)
    {
        if (session.Selected is not { } selected)
        {
            return false;
        }

        var folders = await session.CallMailboxAsync(mailbox => mailbox.ListFoldersAsync(), cancellationToken).ConfigureAwait(false);
        return folders.Any(folder => folder.Id == selected.Id && folder.Name == name);
    }
}
