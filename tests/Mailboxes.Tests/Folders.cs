using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests;

/// <summary>Reads whole folders page by page, as an edge does.</summary>
internal static class Folders
{
    public static async Task<List<FetchedMessage>> AllAsync(IMailboxGrain mailbox, string folder, bool withContent = false, long changedSince = 0)
    {
        var opened = await mailbox.OpenFolderAsync(folder, claimRecent: false);
        return await FetchAsync(mailbox, opened!.FolderId, [new(1, uint.MaxValue)], withContent, changedSince);
    }

    public static async Task<List<FetchedMessage>> FetchAsync(
        IMailboxGrain mailbox, int folder, UidRange[] uids, bool withContent = false, long changedSince = 0)
    {
        var all = new List<FetchedMessage>();
        for (var next = uids[0].First; next != 0;)
        {
            var rest = uids.Where(r => r.Last >= next).Select(r => r with { First = Math.Max(r.First, next) }).ToArray();
            var page = await mailbox.FetchAsync(new() { FolderId = folder, Uids = rest, WithContent = withContent, ChangedSince = changedSince });
            all.AddRange(page.Messages);
            next = page.NextUid;
        }

        return all;
    }
}
