using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// One account's mail. Invariants, beside those of <see cref="JournaledGrain{TState,TEvent}"/>:
/// <list type="number">
/// <item>UIDs of a folder and the modseq of the mailbox only rise; no two messages ever have the same UID under one UIDVALIDITY.</item>
/// <item>A delivery is filed at most once in 14 days, whatever became of the message; an older one is never filed.</item>
/// <item>Chunks are loaded before the synchronous step that uses them, and it checks that the layout did not move meanwhile.</item>
/// <item>Counts are right without loading: an event carries what it changes them by.</item>
/// </list>
/// </summary>
[Reentrant]
internal sealed class MailboxGrain(GrainStorage storage, ChunkStore chunks, MailboxesOptions options)
    : JournaledGrain<MailboxState, MailboxEvent>(storage), IMailboxGrain
{
    private MailboxSeal? seal;

    private AccountId Account => new(this.GetPrimaryKeyString());

    protected override string JournalName => $"mailbox/{Account.Value}";

    public async Task CreateAsync(MailboxSettings settings)
    {
        if (!State.Created)
        {
            var now = (uint)Storage.Time.GetUtcNow().ToUnixTimeSeconds();
            Record(new MailboxCreated { QuotaBytes = settings.QuotaBytes, Folders = settings.Folders, UidValidity = now });
        }
        else if (State.QuotaBytes != settings.QuotaBytes)
        {
            Record(new QuotaChanged { QuotaBytes = settings.QuotaBytes });
        }

        await Durable();
    }

    public async Task<FilingOutcome> FileAsync(FilingRequest request)
    {
        var now = Storage.Time.GetUtcNow();
        if (request.Delivery.AcceptedAt < now - FiledDeliveries.Window)
        {
            return new(FilingResult.TooOld);
        }

        while (State.Filed.UnloadedBlob(request.Delivery.AcceptDay) is { } blob)
        {
            State.Filed.Load(request.Delivery.AcceptDay, blob, await chunks.LoadAsync<FiledDay>(blob, CancellationToken.None));
        }

        var outcome = Decide(request);
        await Durable();
        return outcome;
    }

    public async Task<MailboxQuota?> GetQuotaAsync()
    {
        MailboxQuota? quota = State.Created ? new(State.UsedBytes, State.QuotaBytes) : null;
        await Durable();
        return quota;
    }

    public async Task<IReadOnlyList<FolderInfo>> ListFoldersAsync()
    {
        var folders = State.Folders.Values
            .Select(f => new FolderInfo { Id = f.Id, Name = f.Name, SpecialUse = f.SpecialUse, Subscribed = f.Subscribed })
            .OrderBy(f => f.Name, StringComparer.Ordinal)
            .ToArray();
        await Durable();
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
            HighestModSeq = State.ModSeq,
            Bytes = found.Bytes,
        };
        await Durable();
        return status;
    }

    public async Task<OpenedFolder?> OpenFolderAsync(string folder, bool claimRecent)
    {
        if (State.FindFolder(folder) is not { } found)
        {
            await Durable();
            return null;
        }

        var firstUnseen = await new FolderReader(found, chunks).FirstUnseenAsync();
        var opened = new OpenedFolder
        {
            FolderId = found.Id,
            UidValidity = found.UidValidity,
            UidNext = found.UidNext,
            HighestModSeq = State.ModSeq,
            ModSeq = State.ModSeq,
            Uids = found.Uids(),
            RecentFrom = found.RecentFrom,
            FirstUnseen = firstUnseen,
            Keywords = [.. State.Keywords],
        };
        if (claimRecent && found.RecentFrom < found.UidNext)
        {
            Record(new RecentClaimed { FolderId = found.Id, RecentFrom = found.UidNext });
        }

        await Durable();
        return opened;
    }

    public async Task<FolderChanges?> GetChangesAsync(ChangesRequest request)
    {
        if (!State.Folders.TryGetValue(request.FolderId, out var folder))
        {
            await Durable();
            return null;
        }

        var changes = await new FolderReader(folder, chunks).InOneStepAsync(c => c.MaxModSeq > request.SinceModSeq, loaded => new FolderChanges
        {
            ModSeq = State.ModSeq,
            UidNext = folder.UidNext,
            Uids = folder.Uids(),
            Flags =
            [
                .. loaded.SelectMany(l => l.Messages()).Select(m => m.Flags)
                    .Concat(folder.Tail.Select(m => new FlagsOfMessage(m.Row.Uid, m.Flags, m.ModSeq)))
                    .Where(f => f.ModSeq > request.SinceModSeq),
            ],
            Keywords = [.. State.Keywords],
        });
        await Durable();
        return changes;
    }

    public async Task<MessagePage> FetchAsync(FetchRequest request)
    {
        var (messages, nextUid) = State.Folders.TryGetValue(request.FolderId, out var folder)
            ? await new FolderReader(folder, chunks).PageAsync(request, Account.Tenant)
            : ([], 0u);
        var page = new MessagePage { Messages = messages, NextUid = nextUid, Keywords = [.. State.Keywords] };
        await Durable();
        return page;
    }

    public async Task<StoreResult> StoreFlagsAsync(StoreRequest request)
    {
        var result = State.Folders.TryGetValue(request.FolderId, out var folder)
            ? await StoreAsync(folder, request)
            : new() { Messages = [], Keywords = [.. State.Keywords] };
        await Durable();
        return result;
    }

    public async Task<IReadOnlyList<string>> HoldsBodiesAsync(IReadOnlyList<string> bodies)
    {
        var search = new BodySearch(Account.Tenant, bodies);
        foreach (var folder in State.Folders.Values.ToArray())
        {
            await search.RunAsync(folder, chunks);
        }

        await Durable();
        return search.Found.ToArray();
    }

    public Task<FolderResult> CreateFolderAsync(Guid operation, NewFolder folder) => throw new NotSupportedException();

    public Task<FolderResult> DeleteFolderAsync(Guid operation, string name) => throw new NotSupportedException();

    public Task<FolderResult> RenameFolderAsync(Guid operation, string name, string newName) => throw new NotSupportedException();

    public Task<FolderResult> SetSubscribedAsync(string name, bool subscribed) => throw new NotSupportedException();

    public Task<AppendResult> AppendAsync(AppendRequest request) => throw new NotSupportedException();

    public Task<CopyResult> CopyAsync(CopyRequest request) => throw new NotSupportedException();

    public Task<ExpungeResult> ExpungeAsync(ExpungeRequest request) => throw new NotSupportedException();

    public Task<long> WatchAsync(IMailboxObserver observer) => throw new NotSupportedException();

    public Task UnwatchAsync(IMailboxObserver observer) => throw new NotSupportedException();

    protected override async Task<MailboxState> LoadAsync(string? manifest, CancellationToken cancellationToken) =>
        manifest is null ? new() : MailboxState.From(await chunks.LoadAsync<MailboxManifest>(manifest, cancellationToken));

    protected override void Apply(MailboxState state, MailboxEvent recorded) => state.Apply(recorded);

    protected override async Task PrepareToSealAsync()
    {
        seal = new(Account, State, chunks, Storage.Serializer, options);
        await seal.LoadAsync(DateOnly.FromDateTime(Storage.Time.GetUtcNow().UtcDateTime));
    }

    protected override SealedState Seal(string? archive) => seal!.Run(archive, Storage.Time.GetUtcNow());

    protected override void OnSealed()
    {
        seal!.Finish();
        seal = null;
    }

    protected override string NewArchiveName() => seal!.NewBlob("archive");

    private FilingOutcome Decide(FilingRequest request)
    {
        if (!State.Created)
        {
            return new(FilingResult.NoSuchMailbox);
        }

        if (State.Filed.Contains(request.Delivery))
        {
            return new(FilingResult.AlreadyFiled);
        }

        var size = request.Prefix.Length + request.Body.Length;
        var limit = State.QuotaBytes + (State.QuotaBytes * options.QuotaGracePercent / 100);
        if (State.QuotaBytes > 0 && State.UsedBytes + size > limit)
        {
            return new(FilingResult.OverQuota);
        }

        var folder = State.FindFolder(request.Folder) ?? State.FindFolder("INBOX")!;
        var row = new MessageRow(folder.UidNext, size, request.Body.Length, request.InternalDate.ToUnixTimeMilliseconds(), BodyIdOf(request.Body));
        Record(new MessageFiled
        {
            FolderId = folder.Id,
            Row = row,
            ModSeq = State.ModSeq + 1,
            Delivery = request.Delivery,
            Content = Storage.Serializer.Encode(new MessageContent(request.Prefix, request.Summary)),
        });
        return new(FilingResult.Filed, row.Uid);
    }

    // Rows keep the id and not the name: 16 octets instead of 50 or more, a million times.
    private Guid BodyIdOf(BodyRef body) =>
        DeliveryId.TryParse(body.Name[(body.Name.LastIndexOf('/') + 1)..], out var id) && BodyRef.NameFor(Account.Tenant, id) == body.Name
            ? id.Value
            : throw new ArgumentException($"{body.Name} is not a body of tenant {Account.Tenant}");

    private Task<StoreResult> StoreAsync(Folder folder, StoreRequest request)
    {
        var reader = new FolderReader(folder, chunks);
        return reader.InOneStepAsync(c => UidRanges.Intersects(request.Uids, c.FirstUid, c.LastUid), loaded =>
        {
            var store = new FlagStore(State, request, Storage.Time.GetUtcNow());
            var (recorded, result) = store.Decide([.. reader.FlagsOf(loaded, request.Uids)]);
            foreach (var change in recorded)
            {
                Record(change);
            }

            return result;
        });
    }
}
