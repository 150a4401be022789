using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Emails;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;
using Orleans.Utilities;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// One account's mail. Invariants, beside those of <see cref="JournaledGrain{TState,TEvent}"/>:
/// <list type="number">
/// <item>UIDs of a folder and the modseq of the mailbox only rise; no two messages ever have the same UID under one UIDVALIDITY.</item>
/// <item>A delivery is filed at most once in 14 days, whatever became of the message; an older one is never filed.</item>
/// <item>Chunks are loaded before the synchronous step that uses them, and it checks that the layout did not move meanwhile.</item>
/// <item>Counts are right without loading: an event carries what it changes them by.</item>
/// <item>Every UID that ever left a folder is in its log with the modseq of its leaving; a message moves in one event, so that it is in one folder at every moment.</item>
/// <item>A body is released only after the event that dropped its last reference is durable.</item>
/// <item>Nothing here waits for an edge or a client: notices are one-way hints, and answers are pages of bounded size.</item>
/// </list>
/// </summary>
[Reentrant]
internal sealed class MailboxGrain(GrainStorage storage, ChunkStore chunks, MailboxesOptions options)
    : JournaledGrain<MailboxState, MailboxEvent>(storage), IMailboxGrain, IEmailGrain, IGrainMigrationParticipant
{
    private const string MaildropKey = "maildrop";

    /// <summary>An edge renews its watch four times as often.</summary>
    private static readonly TimeSpan WatchLifetime = TimeSpan.FromMinutes(1);

    /// <summary>A folder of some ten thousand messages is read in it.</summary>
    private static readonly TimeSpan DiscardPatience = TimeSpan.FromSeconds(2);

    /// <summary>Messages of a page of a maildrop, from which on no more is read: 12 octets each.</summary>
    private const int MaildropPageMessages = 10_000;

    private readonly ILogger log = storage.Loggers.CreateLogger<MailboxGrain>();
    private readonly ObserverManager<IMailboxObserver> observers = new(WatchLifetime, storage.Loggers.CreateLogger<MailboxGrain>());
    private readonly FilingTraces filings = new();
    private readonly MaildropLease maildrop = new(storage.Time);
    private MailboxByEmail emails = null!;
    private MailboxSeal? seal;
    private Task releasing = Task.CompletedTask;
    private bool ending;
    private long notified;

    private AccountId Account => new(this.GetPrimaryKeyString());

    private MessageDecisions Decisions => new(State, Storage.Time.GetUtcNow());

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
        using var scope = DeliveryScope.Begin(log, request.Delivery, Account.Tenant);
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
        if (outcome.Result == FilingResult.Filed)
        {
            filings.Add();
        }

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
            .Concat(State.OrphanSubscriptions.Select(name => new FolderInfo { Id = 0, Name = name, Subscribed = true, NonExistent = true }))
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
            HighestModSeq = found.HighestModSeq,
            Bytes = found.Bytes,
            FolderId = found.Id,
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

        var since = State.ChangesFrom(request.SinceModSeq);
        var changes = folder.HighestModSeq <= since
            ? ChangesOf(folder, request, [], [])
            : await new FolderReader(folder, chunks).WithExpungedAsync(since, (expunged, loaded) => ChangesOf(folder, request, expunged,
            [
                .. loaded.SelectMany(l => l.ChangedSince(since))
                    .Concat(folder.Tail.Where(m => m.ModSeq > since).Select(m => m.FlagsNow)),
            ]));
        await Durable();
        return changes;
    }

    public async Task<MessagePage> FetchAsync(FetchRequest request)
    {
        var (messages, nextUid) = State.Folders.TryGetValue(request.FolderId, out var folder)
            ? await new FolderReader(folder, chunks).PageAsync(request with { ChangedSince = State.ChangesFrom(request.ChangedSince) }, Account.Tenant)
            : ([], 0u);
        var page = new MessagePage
        {
            Messages = messages,
            NextUid = nextUid,
            Keywords = [.. State.Keywords],
            HighestModSeq = State.Folders.ContainsKey(request.FolderId) ? folder!.HighestModSeq : long.MaxValue,
        };
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

    public Task DestroyAsync() => DestroyAsync(MailboxSeal.BlobPrefix(Account));

    public async Task<IReadOnlyList<string>> HoldsBodiesAsync(IReadOnlyList<string> bodies)
    {
        var wanted = new Dictionary<Guid, string>();
        foreach (var body in bodies)
        {
            if (DeliveryId.TryParse(body[(body.LastIndexOf('/') + 1)..], out var id) && BodyRef.NameFor(Account.Tenant, id) == body)
            {
                wanted[id.Value] = body;
            }
        }

        // In one look at all folders: a message that moves from one to another meanwhile is in one of them.
        var held = await emails.Reader.FindAsync(wanted.Keys);
        await Durable();
        return Array.ConvertAll(held, id => wanted[id]);
    }

    public Task<FolderResult> CreateFolderAsync(Guid operation, NewFolder folder) => ChangeFoldersAsync(operation, decisions => decisions.Create(folder));

    public Task<FolderResult> DeleteFolderAsync(Guid operation, string name) => ChangeFoldersAsync(operation, decisions => decisions.Delete(name));

    public Task<FolderResult> RenameFolderAsync(Guid operation, string name, string newName) =>
        ChangeFoldersAsync(operation, decisions => decisions.Rename(name, newName));

    public async Task<FolderResult> SetSubscribedAsync(string name, bool subscribed)
    {
        var canonical = FolderName.Canonical(name);
        var known = State.FindFolder(canonical)?.Subscribed;
        var now = known ?? State.OrphanSubscriptions.Contains(canonical);
        if (known is null && !now)
        {
            await Durable();
            return FolderResult.NoSuchFolder;
        }

        if (now != subscribed)
        {
            var modSeq = State.ModSeq + 1;
            Record(new SubscriptionChanged { Name = canonical, Subscribed = subscribed, ModSeq = modSeq });
            Record(FoldersRenamed.Nothing(modSeq, Storage.Time.GetUtcNow()));
        }

        await Durable();
        return FolderResult.Done;
    }

    public async Task<AppendResult> AppendAsync(AppendRequest request)
    {
        var (recorded, result) = Decisions.Append(request, Storage.Serializer, BodyIdOf);
        Record(recorded);
        await Durable();
        return result;
    }

    public async Task<CopyResult> CopyAsync(CopyRequest request)
    {
        if (!State.Folders.TryGetValue(request.FolderId, out var folder))
        {
            await Durable();
            return new() { Outcome = WriteOutcome.SourceGone };
        }

        // Counted before their contents are loaded.
        if (UidRanges.CountOverlap(folder.Uids(), request.Uids) > CopyRequest.MaxMessages)
        {
            await Durable();
            return new() { Outcome = WriteOutcome.TooMany };
        }

        var result = await new FolderReader(folder, chunks).WithContentsAsync(request.Uids, messages =>
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
        await Durable();
        return result;
    }

    public async Task<ExpungeResult> ExpungeAsync(ExpungeRequest request)
    {
        if (!State.Folders.TryGetValue(request.FolderId, out var folder))
        {
            await Durable();
            return new() { Expunged = 0, HighestModSeq = State.ModSeq };
        }

        var uids = request.Uids ?? [new(1, uint.MaxValue)];
        var reader = new FolderReader(folder, chunks);
        var expunged = await reader.InOneStepAsync(
            c => c.Deleted > 0 && UidRanges.Intersects(uids, c.FirstUid, c.LastUid),
            loaded => Expunge(request.Operation, request.FolderId, [.. reader.DeletedOf(loaded, uids)]));
        await Durable();
        return new() { Expunged = expunged, HighestModSeq = folder.HighestModSeq };
    }

    public async Task<MaildropPage> OpenMaildropAsync(MaildropRequest request)
    {
        if (State.FindFolder("INBOX") is not { } inbox)
        {
            await Durable();
            return new() { Outcome = MaildropOutcome.NoSuchMailbox };
        }

        if (!maildrop.TryHold(request.Session))
        {
            return new() { Outcome = MaildropOutcome.InUse };
        }

        var rows = new List<MessageRow>();
        var next = request.FromUid;
        while (next != 0 && rows.Count < MaildropPageMessages)
        {
            (var more, next) = await new FolderReader(inbox, chunks).RowsAsync(next);
            rows.AddRange(more);
        }

        var page = new MaildropPage
        {
            Outcome = MaildropOutcome.Done,
            FolderId = inbox.Id,
            UidValidity = inbox.UidValidity,
            Uids = UidRanges.From(rows.Select(r => r.Uid)),
            Sizes = [.. rows.Select(r => r.Size)],
            NextUid = next,
        };
        await Durable();
        return page;
    }

    public Task<bool> HoldMaildropAsync(Guid session) => Task.FromResult(maildrop.TryHold(session));

    public Task ReleaseMaildropAsync(Guid session)
    {
        maildrop.Release(session);
        return Task.CompletedTask;
    }

    public async Task<MaildropOutcome> UpdateMaildropAsync(MaildropUpdate update)
    {
        if (!State.Folders.TryGetValue(update.FolderId, out var folder))
        {
            await Durable();
            return MaildropOutcome.NoSuchMailbox;
        }

        var reader = new FolderReader(folder, chunks);
        var outcome = await reader.InOneStepAsync(c => UidRanges.Intersects(update.Uids, c.FirstUid, c.LastUid), loaded =>
        {
            // A repeat was done while the session had the maildrop, whoever has it now.
            if (!State.Operations.ContainsKey(update.Operation) && !maildrop.TryHold(update.Session))
            {
                return MaildropOutcome.InUse;
            }

            Expunge(update.Operation, update.FolderId, [.. reader.RemovedOf(loaded, update.Uids)]);
            return MaildropOutcome.Done;
        });
        await Durable();
        maildrop.Release(update.Session);
        return outcome;
    }

    public Task<long> WatchAsync(IMailboxObserver observer)
    {
        observers.Subscribe(observer, observer);
        return Task.FromResult(notified);
    }

    public Task UnwatchAsync(IMailboxObserver observer)
    {
        observers.Unsubscribe(observer);
        return Task.CompletedTask;
    }

    public async Task<long?> GetStateAsync()
    {
        long? modSeq = State.Created ? State.ModSeq : null;
        await Durable();
        return modSeq;
    }

    public Task<EmailFolders?> GetFoldersAsync() => emails.Folders.GetAsync();

    public Task<EmailFolderChanges> GetFolderChangesAsync(long since) => emails.Folders.GetChangesAsync(since);

    public Task<EmailPage> GetAsync(IReadOnlyList<Guid> emailIds, bool withContent) => emails.Reader.GetAsync(emailIds, withContent);

    public Task<EmailChanges> GetChangesAsync(EmailState since, int max) => emails.Changes.GetAsync(since, max);

    public Task<IReadOnlyList<EmailThread>> GetThreadsAsync(IReadOnlyList<ulong> threads) => emails.Threads.GetAsync(threads);

    public Task<EmailQueryResult> QueryAsync(EmailQuery query, EmailWindow window) => emails.Queries.QueryAsync(query, window);

    public Task<EmailQueryChanges> QueryChangesAsync(EmailQuery query, EmailQueryChangesRequest request) => emails.Queries.QueryChangesAsync(query, request);

    public Task<EmailScanPage> ScanAsync(EmailFilter filter, EmailCursor? cursor, bool withContent) => emails.Queries.ScanAsync(filter, cursor, withContent);

    public Task<EmailResult> AddAsync(NewEmail email) => emails.Writes.AddAsync(email);

    public Task<EmailUpdateResult> UpdateAsync(EmailUpdates updates) => emails.Writes.UpdateAsync(updates);

    public Task<EmailFolderResult> AddFolderAsync(Guid operation, NewEmailFolder folder) => emails.FolderWrites.AddAsync(operation, folder);

    public Task<EmailFolderResult> UpdateFolderAsync(Guid operation, EmailFolderUpdate update) => emails.FolderWrites.UpdateAsync(operation, update);

    public Task<EmailFolderResult> RemoveFolderAsync(Guid operation, int folder, bool removeEmails) => emails.FolderWrites.RemoveAsync(operation, folder, removeEmails);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        emails = new(new(Account, State, chunks, Storage, Durable, Record, BodyIdOf, DiscardsReadAsync));
        notified = State.ModSeq;
        ReleaseBodies();
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        foreach (var folder in State.Folders.Values.Where(f => f.ClaimedFrom > f.RecentFrom && !IsFenced))
        {
            Record(new RecentClaimed { FolderId = folder.Id, RecentFrom = folder.ClaimedFrom });
        }

        // Nothing may be recorded once the base has waited for what is in flight: the next activation would find the journal moved.
        ending = true;
        observers.Notify(observer => observer.MovesAsync(Account));
        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    /// <summary>The maildrop stays with the session that has it when the mailbox moves to another silo: no other may take it before the hold is renewed.</summary>
    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        if (maildrop.Holder is { } session)
        {
            dehydrationContext.TryAddValue(MaildropKey, session);
        }
    }

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        if (rehydrationContext.TryGetValue<Guid>(MaildropKey, out var session))
        {
            maildrop.TryHold(session);
        }
    }

    /// <summary>Commit before notify: edges are told of nothing that may still be lost.</summary>
    protected override void OnDurable()
    {
        ReleaseBodies();
        if (State.ModSeq > notified)
        {
            // What is open yet is told with the next flush; a notice is only a hint.
            notified = State.ModSeq;
            using var activity = filings.StartNotice();
            observers.Notify(observer => observer.ChangedAsync(Account, notified));
        }
    }

    protected override async Task<MailboxState> LoadAsync(string? manifest, CancellationToken cancellationToken) =>
        manifest is null ? new() : MailboxState.From(await chunks.LoadAsync<MailboxManifest>(manifest, cancellationToken));

    protected override void Apply(MailboxState state, MailboxEvent recorded)
    {
        state.Apply(recorded);

        // Not while the journal is read: nobody has asked anything yet.
        emails?.Threads.Note(recorded);
    }

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

    private async Task<FolderResult> ChangeFoldersAsync(Guid operation, Func<FolderDecisions, FolderResult> decide)
    {
        var decisions = new FolderDecisions(State, operation, Storage.Time.GetUtcNow());
        var result = State.Operations.ContainsKey(operation) ? FolderResult.Done : decide(decisions);
        foreach (var recorded in decisions.Recorded)
        {
            Record(recorded);
        }

        await Durable();
        return result;
    }

    private int Expunge(Guid operation, int folderId, RemovedMessage[] removed)
    {
        var (recorded, count) = Decisions.Expunge(operation, folderId, removed);
        foreach (var part in recorded)
        {
            Record(part);
        }

        return count;
    }

    private void Record(MailboxOperation? operation)
    {
        if (operation is not null)
        {
            base.Record(operation);
        }
    }

    // Asked after each write, and nearly always without need.
    private void ReleaseBodies()
    {
        if (State.Bodies.HasUnreleased && releasing.IsCompleted && !ending)
        {
            releasing = RunReleaserAsync();
        }
    }

    // A client that asks again sooner or later is told then: a folder may have had a million messages.
    private async Task DiscardsReadAsync()
    {
        if (State.Bodies.Discards.Count > 0)
        {
            await Task.WhenAny(releasing, Task.Delay(DiscardPatience, Storage.Time));
        }
    }

    private async Task RunReleaserAsync()
    {
        try
        {
            await new BodyReleaser(State, chunks, Storage.Blobs, Account, Storage.Time).RunAsync(Durable, recorded =>
            {
                ObjectDisposedException.ThrowIf(ending, this);
                Record(recorded);
            });
        }
        catch (ObjectDisposedException) when (ending)
        {
            // The next activation releases them once more, which changes nothing.
        }
        catch (Exception e)
        {
            // They stay in the outbox: the next change of the mailbox, or its next activation, tries again.
            MailboxesLog.BodiesNotReleased(Storage.Loggers.CreateLogger<MailboxGrain>(), Account.Value, e);
        }
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

        // RFC 3501 §2.3.4: RFC822.SIZE is that of the message as FETCH shows it.
        var size = request.Prefix.Length + request.Summary.LengthShown(request.Body.Length);
        var limit = State.QuotaBytes + (State.QuotaBytes * options.QuotaGracePercent / 100);
        if (State.QuotaBytes > 0 && State.UsedBytes + size > limit)
        {
            return new(FilingResult.OverQuota);
        }

        var folder = State.FindFolder(request.Folder) ?? State.FindFolder("INBOX")!;
        var body = BodyIdOf(request.Body);
        var row = new MessageRow(folder.UidNext, size, request.Body.Length, request.InternalDate.ToUnixTimeMilliseconds(), body, ThreadId.Of(request.Summary, body));
        Record(new MessageFiled
        {
            FolderId = folder.Id,
            Row = row,
            ModSeq = State.ModSeq + 1,
            Delivery = request.Delivery,
            Content = Storage.Serializer.Encode(new MessageContent(request.Prefix, request.Summary)),
        });
        return new(FilingResult.Filed, row.Uid, folder.UidValidity, folder.Name);
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
