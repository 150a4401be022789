namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>RENAME (RFC 3501 §6.3.5).</summary>
internal static class Rename
{
    internal sealed record Request(string Folder, string NewName);

    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var request = Parse(new(arguments.Span));
        var operation = Guid.NewGuid();
        var result = await session.CallMailboxAsync(
            mailbox => mailbox.RenameFolderAsync(operation, request.Folder, request.NewName), cancellationToken).ConfigureAwait(false);
        return FolderReplies.Of(result, "RENAME");
    }

    internal static Request Parse(ImapReader reader)
    {
        reader.Space();
        var folder = reader.Mailbox();
        reader.Space();
        var newName = reader.Mailbox();
        reader.End();
        return new(folder, newName);
    }
}
