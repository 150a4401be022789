using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>SELECT (RFC 3501 §6.3.1).</summary>
internal static class Select
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        OpenAsync(session, Parse(new(arguments.Span)), readOnly: false, cancellationToken);

    internal static string Parse(ImapReader reader)
    {
        reader.Space();
        var folder = reader.Mailbox();
        reader.End();
        return folder;
    }

    /// <summary>What SELECT and EXAMINE have in common.</summary>
    internal static async ValueTask<ImapReply> OpenAsync(ImapSession session, string name, bool readOnly, CancellationToken cancellationToken)
    {
        // RFC 3501 §6.3.1: a failing SELECT leaves no mailbox selected.
        session.Selected = null;
        var opened = await session.CallMailboxAsync(mailbox => mailbox.OpenFolderAsync(name, claimRecent: !readOnly), cancellationToken).ConfigureAwait(false);
        if (opened is null)
        {
            return ImapReply.No("There is no such mailbox", "NONEXISTENT");
        }

        var folder = new SelectedFolder(opened.FolderId, readOnly, new(opened.Uids, opened.HighestModSeq, opened.RecentFrom), opened.Keywords);
        Write(session.Writer, folder, opened);
        session.Selected = folder;
        return readOnly ? ImapReply.Ok("EXAMINE completed", "READ-ONLY") : ImapReply.Ok("SELECT completed", "READ-WRITE");
    }

    private static void Write(ImapWriter writer, SelectedFolder folder, OpenedFolder opened)
    {
        folder.WriteFlags(writer);
        writer.Line($"* {folder.View.Count} EXISTS");
        writer.Line($"* {folder.View.Recent} RECENT");
        var firstUnseen = folder.View.NumberOf(opened.FirstUnseen);
        if (firstUnseen > 0)
        {
            writer.Line($"* OK [UNSEEN {firstUnseen}] The first unseen message");
        }

        writer.Line($"* OK [UIDVALIDITY {opened.UidValidity}] UIDs are valid");
        writer.Line($"* OK [UIDNEXT {opened.UidNext}] The next UID");
    }
}
