using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Emails;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>What sessions make of messages: STORE, APPEND, COPY, MOVE and EXPUNGE. Chunks and contents are loaded before the synchronous step that decides and records.</summary>
internal sealed class MessageWrites(EmailMailbox mailbox)
{
    private MailboxState State => mailbox.State;

    private MessageDecisions Decisions => new(State, mailbox.Storage.Time.GetUtcNow());

    public async Task<StoreResult> StoreFlagsAsync(StoreRequest request)
    {
        var result = State.Folders.TryGetValue(request.FolderId, out var folder)
            ? await StoreAsync(folder, request)
            : new() { Messages = [], Keywords = [.. State.Keywords] };
        await mailbox.Durable();
        return result;
    }

    public async Task<AppendResult> AppendAsync(AppendRequest request)
    {
        var (recorded, result) = Decisions.Append(request, mailbox.Storage.Serializer, mailbox.BodyIdOf);
        Record(recorded);
        await mailbox.Durable();
        return result;
    }

    public async Task<CopyResult> CopyAsync(CopyRequest request)
    {
        if (!State.Folders.TryGetValue(request.FolderId, out var folder))
        {
            await mailbox.Durable();
            return new() { Outcome = WriteOutcome.SourceGone };
        }

        // Counted before their contents are loaded.
        if (UidRanges.CountOverlap(folder.Uids(), request.Uids) > CopyRequest.MaxMessages)
        {
            await mailbox.Durable();
            return new() { Outcome = WriteOutcome.TooMany };
        }

        var result = await new FolderReader(folder, mailbox.Chunks).WithContentsAsync(request.Uids, messages =>
        {
            // Contents were awaited: the folder may have gone meanwhile, which is something else than a copy of nothing.
            if (!State.Folders.ContainsKey(request.FolderId))
            {
                return new() { Outcome = WriteOutcome.SourceGone };
            }

            var (recorded, decided) = Decisions.Copy(request, messages);
            Record(recorded);
            return decided;
        });
        await mailbox.Durable();
        return result;
    }

    public async Task<ExpungeResult> ExpungeAsync(ExpungeRequest request)
    {
        if (!State.Folders.TryGetValue(request.FolderId, out var folder))
        {
            await mailbox.Durable();
            return new() { Expunged = 0, HighestModSeq = State.ModSeq };
        }

        var uids = request.Uids ?? [new(1, uint.MaxValue)];
        var reader = new FolderReader(folder, mailbox.Chunks);
        var expunged = await reader.InOneStepAsync(
            c => c.Deleted > 0 && UidRanges.Intersects(uids, c.FirstUid, c.LastUid),
            loaded => Expunge(request.Operation, request.FolderId, [.. reader.DeletedOf(loaded, uids)]));
        await mailbox.Durable();
        return new() { Expunged = expunged, HighestModSeq = folder.HighestModSeq };
    }

    /// <summary>Removes messages as they are now, in the step that looked at them; how many.</summary>
    public int Expunge(Guid operation, int folderId, RemovedMessage[] removed)
    {
        var (recorded, count) = Decisions.Expunge(operation, folderId, removed);
        foreach (var part in recorded)
        {
            mailbox.Record(part);
        }

        return count;
    }

    private Task<StoreResult> StoreAsync(Folder folder, StoreRequest request)
    {
        var reader = new FolderReader(folder, mailbox.Chunks);
        return reader.InOneStepAsync(c => UidRanges.Intersects(request.Uids, c.FirstUid, c.LastUid), loaded =>
        {
            var store = new FlagStore(State, request, mailbox.Storage.Time.GetUtcNow());
            var (recorded, result) = store.Decide([.. reader.FlagsOf(loaded, request.Uids)]);
            foreach (var change in recorded)
            {
                mailbox.Record(change);
            }

            return result;
        });
    }

    private void Record(MailboxOperation? operation)
    {
        if (operation is not null)
        {
            mailbox.Record(operation);
        }
    }
}
