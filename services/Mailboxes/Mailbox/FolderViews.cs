using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Emails;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>What sessions are shown of folders and their messages. Nothing here changes anything that is stored.</summary>
internal sealed class FolderViews(EmailMailbox mailbox)
{
    private MailboxState State => mailbox.State;

    public async Task<IReadOnlyList<FolderInfo>> ListAsync()
    {
        var folders = State.Folders.Values
            .Select(f => new FolderInfo { Id = f.Id, Name = f.Name, SpecialUse = f.SpecialUse, Subscribed = f.Subscribed })
            .Concat(State.OrphanSubscriptions.Select(name => new FolderInfo { Id = 0, Name = name, Subscribed = true, NonExistent = true }))
            .OrderBy(f => f.Name, StringComparer.Ordinal)
            .ToArray();
        await mailbox.Durable();
        return folders;
    }

    public async Task<FolderStatus?> GetStatusAsync(string folder)
    {
        var found = State.FindFolder(folder);
        var status = found is null ? null : new FolderStatus
        {
            Messages = found.Messages,
            Unseen = found.Unseen,
            Recent = found.Recent,
            UidNext = found.UidNext,
            UidValidity = found.UidValidity,
            HighestModSeq = found.HighestModSeq,
            Bytes = found.Bytes,
            FolderId = found.Id,
        };
        await mailbox.Durable();
        return status;
    }

    public async Task<OpenedFolder?> OpenAsync(string folder, bool claimRecent)
    {
        if (State.FindFolder(folder) is not { } found)
        {
            await mailbox.Durable();
            return null;
        }

        var firstUnseen = await new FolderReader(found, mailbox.Chunks).FirstUnseenAsync();
        var opened = new OpenedFolder
        {
            FolderId = found.Id,
            UidValidity = found.UidValidity,
            UidNext = found.UidNext,
            HighestModSeq = found.HighestModSeq,
            ModSeq = State.ModSeq,
            Uids = found.Uids(),
            RecentFrom = found.ClaimedFrom,
            FirstUnseen = firstUnseen,
            Keywords = [.. State.Keywords],
        };
        if (claimRecent)
        {
            found.ClaimedFrom = found.UidNext;
        }

        await mailbox.Durable();
        return opened;
    }

    public async Task<FolderChanges?> GetChangesAsync(ChangesRequest request)
    {
        if (!State.Folders.TryGetValue(request.FolderId, out var folder))
        {
            await mailbox.Durable();
            return null;
        }

        var since = State.ChangesFrom(request.SinceModSeq);
        var changes = folder.HighestModSeq <= since
            ? ChangesOf(folder, request, [], [])
            : await new FolderReader(folder, mailbox.Chunks).WithExpungedAsync(since, (expunged, loaded) => ChangesOf(folder, request, expunged,
            [
                .. loaded.SelectMany(l => l.ChangedSince(since))
                    .Concat(folder.Tail.Where(m => m.ModSeq > since).Select(m => m.FlagsNow)),
            ]));
        await mailbox.Durable();
        return changes;
    }

    public async Task<MessagePage> FetchAsync(FetchRequest request)
    {
        var (messages, nextUid) = State.Folders.TryGetValue(request.FolderId, out var folder)
            ? await new FolderReader(folder, mailbox.Chunks).PageAsync(request with { ChangedSince = State.ChangesFrom(request.ChangedSince) }, mailbox.Account.Tenant)
            : ([], 0u);
        var page = new MessagePage
        {
            Messages = messages,
            NextUid = nextUid,
            Keywords = [.. State.Keywords],
            HighestModSeq = State.Folders.ContainsKey(request.FolderId) ? folder!.HighestModSeq : long.MaxValue,
        };
        await mailbox.Durable();
        return page;
    }

    private FolderChanges ChangesOf(Folder folder, ChangesRequest request, UidRange[] expunged, FlagsOfMessage[] flags)
    {
        var recentFrom = folder.ClaimedFrom;
        if (request.ClaimRecent)
        {
            folder.ClaimedFrom = folder.UidNext;
        }

        return new()
        {
            ModSeq = State.ModSeq,
            UidNext = folder.UidNext,
            Flags = flags,
            Keywords = [.. State.Keywords],
            Expunged = expunged,
            Arrived = request.UidNext == 0 || request.UidNext == folder.UidNext ? [] : folder.UidsFrom(request.UidNext),
            RecentFrom = recentFrom,
            HighestModSeq = folder.HighestModSeq,
        };
    }
}
