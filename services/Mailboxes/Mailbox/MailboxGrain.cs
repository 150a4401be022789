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
internal sealed class MailboxGrain(GrainStorage storage, ChunkStore chunks, MailboxesOptions options, ThreadRoom room)
    : JournaledGrain<MailboxState, MailboxEvent>(storage), IMailboxGrain, IEmailGrain, IGrainMigrationParticipant
{
    private const string MaildropKey = "maildrop";

    /// <summary>An edge renews its watch four times as often.</summary>
    private static readonly TimeSpan WatchLifetime = TimeSpan.FromMinutes(1);

    private readonly ILogger log = storage.Loggers.CreateLogger<MailboxGrain>();
    private readonly ObserverManager<IMailboxObserver> observers = new(WatchLifetime, storage.Loggers.CreateLogger<MailboxGrain>());
    private readonly FilingTraces filings = new();
    private readonly MaildropLease maildrop = new(storage.Time);
    private Filing filing = null!;
    private MailboxByFolder folders = null!;
    private MailboxByEmail emails = null!;
    private MailboxSeal? seal;
    private Task releasing = Task.CompletedTask;
    private bool ending;
    private long notified;

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
        using var scope = DeliveryScope.Begin(log, request.Delivery, Account.Tenant);
        return await filing.FileAsync(request);
    }

    public async Task SwitchVacationAsync(VacationSwitch to)
    {
        if (State.Created && !(to.At <= State.Vacation?.At))
        {
            Record(new QuotaChanged { QuotaBytes = State.QuotaBytes, Vacation = to });
        }

        await Durable();
    }

    public async Task<MailboxQuota?> GetQuotaAsync()
    {
        MailboxQuota? quota = State.Created ? new(State.UsedBytes, State.QuotaBytes) : null;
        await Durable();
        return quota;
    }

    public Task<IReadOnlyList<FolderInfo>> ListFoldersAsync() => folders.Views.ListAsync();

    public Task<FolderStatus?> GetStatusAsync(string folder) => folders.Views.GetStatusAsync(folder);

    public Task<OpenedFolder?> OpenFolderAsync(string folder, bool claimRecent) => folders.Views.OpenAsync(folder, claimRecent);

    public Task<FolderChanges?> GetChangesAsync(ChangesRequest request) => folders.Views.GetChangesAsync(request);

    public Task<MessagePage> FetchAsync(FetchRequest request) => folders.Views.FetchAsync(request);

    public Task<StoreResult> StoreFlagsAsync(StoreRequest request) => folders.Messages.StoreFlagsAsync(request);

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

    public Task<FolderResult> CreateFolderAsync(Guid operation, NewFolder folder) => folders.Writes.CreateAsync(operation, folder);

    public Task<FolderResult> DeleteFolderAsync(Guid operation, string name) => folders.Writes.DeleteAsync(operation, name);

    public Task<FolderResult> RenameFolderAsync(Guid operation, string name, string newName) => folders.Writes.RenameAsync(operation, name, newName);

    public Task<FolderResult> SetSubscribedAsync(string name, bool subscribed) => folders.Writes.SetSubscribedAsync(name, subscribed);

    public Task<AppendResult> AppendAsync(AppendRequest request) => folders.Messages.AppendAsync(request);

    public Task<CopyResult> CopyAsync(CopyRequest request) => folders.Messages.CopyAsync(request);

    public Task<ExpungeResult> ExpungeAsync(ExpungeRequest request) => folders.Messages.ExpungeAsync(request);

    public Task<MaildropPage> OpenMaildropAsync(MaildropRequest request) => folders.Maildrop.OpenAsync(request);

    public Task<bool> HoldMaildropAsync(Guid session) => Task.FromResult(maildrop.TryHold(session));

    public Task ReleaseMaildropAsync(Guid session)
    {
        maildrop.Release(session);
        return Task.CompletedTask;
    }

    public Task<MaildropOutcome> UpdateMaildropAsync(MaildropUpdate update) => folders.Maildrop.UpdateAsync(update);

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

    public Task TellOfOthersAsync()
    {
        observers.Notify(observer => observer.OthersChangedAsync(Account));
        return Task.CompletedTask;
    }

    public async Task<long?> GetStateAsync()
    {
        long? modSeq = State.Created ? State.ModSeq : null;
        await Durable();
        return modSeq;
    }

    public Task<EmailFolders?> GetFoldersAsync() => emails.Folders.GetAsync(withCounts: true);

    public Task<EmailFolders?> ReadFoldersAsync(bool withCounts) => emails.Folders.GetAsync(withCounts);

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
        var mailbox = new EmailMailbox(Account, State, chunks, Storage, Durable, Record, BodyIdOf, room, () => ending ? Task.CompletedTask : SealNowAsync());
        filing = new(mailbox, filings, options.QuotaGracePercent);
        folders = new(mailbox, maildrop);
        emails = new(mailbox);
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
        emails?.Drop();
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

    // Asked after each write, and nearly always without need.
    private void ReleaseBodies()
    {
        if (State.Bodies.HasUnreleased && releasing.IsCompleted && !ending)
        {
            releasing = RunReleaserAsync();
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

    // Rows keep the id and not the name: 16 octets instead of 50 or more, a million times.
    private Guid BodyIdOf(BodyRef body) =>
        DeliveryId.TryParse(body.Name[(body.Name.LastIndexOf('/') + 1)..], out var id) && BodyRef.NameFor(Account.Tenant, id) == body.Name
            ? id.Value
            : throw new ArgumentException($"{body.Name} is not a body of tenant {Account.Tenant}");
}
