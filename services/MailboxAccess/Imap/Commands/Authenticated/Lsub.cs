namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>LSUB (RFC 3501 §6.3.9): LIST of the subscribed folders.</summary>
internal static class Lsub
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var pattern = List.Parse(new(arguments.Span));
        var folders = await session.CallMailboxAsync(mailbox => mailbox.ListFoldersAsync(), cancellationToken).ConfigureAwait(false);
        List.Write(
            session.Writer, "LSUB", pattern, [.. folders.Where(folder => folder.Subscribed)], (folder, _) => folder is null ? "\\Noselect" : "");
        return ImapReply.Ok("LSUB completed");
    }
}
