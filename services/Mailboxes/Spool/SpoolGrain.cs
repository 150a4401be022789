using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Limits;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Spool;

/// <summary>
/// One shard of waiting mail. Invariants, beside those of <see cref="JournaledGrain{TState,TEvent}"/>:
/// <list type="number">
/// <item>An entry that was taken over once (same delivery and destination) is never taken over again, finished or not.</item>
/// <item>An entry leaves only with a final report.</item>
/// <item>A leased entry is given to nobody else while its lease runs. Leases are in memory and move with the grain; after a write in doubt the next activation takes them up. One made anew leases nothing to
/// relays before they have renewed what they have in work; where they run in this process there is nothing in work that it does not know of.</item>
/// <item>An entry in memory that came from a page keeps its number, and each change of it is kept with the page too; a page is loaded before the synchronous step that decides on its entries.</item>
/// <item>No call costs by what waits: pages are read when a lease, a report or a listing reaches them.</item>
/// </list>
/// </summary>
[Reentrant]
internal sealed class SpoolGrain(GrainStorage storage, SpoolSizes sizes, SiloLosses losses, LeasesLeft left, MailboxesOptions options, SpoolTelemetry telemetry) : JournaledGrain<SpoolShard, SpoolEvent>(storage), ISpoolGrain, IGrainMigrationParticipant
{
    private const string LeasesKey = "leases";

    /// <summary>Entries that become due within it are told of together.</summary>
    private static readonly TimeSpan TimerStep = TimeSpan.FromMilliseconds(100);

    /// <summary>How often the shard looks at all that it has in memory, to tell of it.</summary>
    private static readonly TimeSpan ShowEvery = TimeSpan.FromSeconds(10);

    private readonly SpoolNotices notices = new(storage.Time, storage.Loggers.CreateLogger<SpoolGrain>());

    /// <summary>Leases that a report ends which is not durable yet: its entry may be back with the next activation, and whoever made the report makes it again.</summary>
    private readonly Dictionary<string, DateTimeOffset> ending = new(StringComparer.Ordinal);
    private Dictionary<string, DateTimeOffset>? movedLeases;
    private DateTimeOffset activatedAt;
    private DateTimeOffset shownAt;
    private DateTimeOffset? tellAllAt;
    private DateTimeOffset armedFor = DateTimeOffset.MaxValue;
    private IGrainTimer? timer;

    private DateTimeOffset Now => Storage.Time.GetUtcNow();

    private int Shard => (int)this.GetPrimaryKeyLong();

    private DateTimeOffset QuietUntil => movedLeases is not null ? DateTimeOffset.MinValue
        : losses.QuietUntil(activatedAt) is var until && (options.RelaysInProcess || until > activatedAt + ILimiterGrain.Lease) ? until
        : activatedAt + ILimiterGrain.Lease;

    private bool IsFull => State.Entries.Count - State.Queues.Leased > sizes.EntriesInMemory;

    protected override string JournalName => $"spool/{this.GetPrimaryKeyLong()}";

    public async Task AddAsync(IReadOnlyList<SpoolEntry> entries)
    {
        var hashed = entries.Select(entry => (Entry: entry, entry.Key, Hash: TakenOver.HashOf(entry.Key))).DistinctBy(entry => entry.Key).ToArray();
        while (FirstUnloaded(hashed) is { } segment)
        {
            segment.Hashes ??= await LoadAsync(segment);
        }

        var unknown = hashed.Where(entry => !State.Taken.Contains(entry.Hash, entry.Entry.Message.Id)).Select(entry => entry.Entry).ToArray();
        if (unknown.Length > 0)
        {
            Record(new EntriesAdded(unknown));
        }

        State.Taken.Trim();
        await Durable();
    }

    public Task<IReadOnlyList<SpoolEntry>> LeaseLocalAsync(int max, TimeSpan duration) => LeaseAsync(SpoolQueues.Local, max, duration);

    public Task<IReadOnlyList<SpoolEntry>> LeaseOutboundAsync(string destination, int max, TimeSpan duration)
    {
        ArgumentException.ThrowIfNullOrEmpty(destination);
        return QuietUntil > Now ? Task.FromResult<IReadOnlyList<SpoolEntry>>([]) : LeaseAsync(destination, max, duration);
    }

    public async Task ReportAsync(IReadOnlyList<SpoolReport> reports)
    {
        var open = reports.ToLookup(report => report.Key, StringComparer.Ordinal);
        try
        {
            await ChangeAsync(open.Select(report => report.Key), entry => open[entry.Key].Select(report => ChangeOf(entry, report)));
            await Durable();
        }
        finally
        {
            foreach (var report in reports)
            {
                ending.Remove(report.Key);
            }
        }
    }

    public async Task RenewAsync(IReadOnlyList<string> keys, TimeSpan duration)
    {
        var until = Now + duration;
        foreach (var key in keys)
        {
            State.Renew(key, until);
        }

        await Durable();
    }

    public async Task<int> RetryAsync(IReadOnlyList<string> keys)
    {
        var now = Now;

        // Whoever works on one, or takes it back, has it, and says what comes of it.
        var here = await ChangeAsync(keys, entry => entry.LeasedUntil > now || IsTakenBack(entry.Entry, now) ? [] : [new EntryChange { Key = entry.Key, Page = entry.Page, DueAt = now, Kind = entry.Entry.Kind }]);
        await Durable();
        return here;
    }

    public async Task<IReadOnlyList<string>> PutOffAsync(IReadOnlyList<string> keys, DateTimeOffset? until)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        await ChangeAsync(keys, entry =>
        {
            var now = Now;
            if (entry.LeasedUntil > now || entry.Entry.DueAt <= now)
            {
                return [];
            }

            done.Add(entry.Key);
            return [new EntryChange { Key = entry.Key, Page = entry.Page, Final = until is null, TakenOut = until is null, DueAt = until ?? entry.Entry.DueAt, Kind = entry.Entry.Kind }];
        });
        if (until is null)
        {
            done.UnionWith(await TakenOutBeforeAsync([.. keys.Where(key => !done.Contains(key))]));
        }

        await Durable();
        return [.. done];
    }

    public async Task<IReadOnlyList<string>> WatchAsync(ISpoolWatcher watcher)
    {
        notices.Watch(watcher);
        while (State.DuePageToRead(Now) is { } page)
        {
            page.Know(await ReadAsync(page));
        }

        var due = State.DueDestinations(Now);
        tellAllAt = QuietUntil > Now ? QuietUntil : null;
        Arm();
        await Durable();
        return [.. due];
    }

    public async Task<IReadOnlyList<SpoolEntry>> GetPageAsync(SpoolFilter filter, string after, int count)
    {
        var page = await new SpoolListing(State, filter, after, count).RunAsync(ReadAsync);
        await Durable();
        return page;
    }

    public async Task<SpoolCounts> GetCountsAsync()
    {
        var counts = State.Counts;
        await Durable();
        return counts;
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        activatedAt = Now;
        foreach (var (key, until) in movedLeases ?? left.Take(Shard))
        {
            State.Renew(key, until);
        }

        Show();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await base.OnDeactivateAsync(reason, cancellationToken);
        telemetry.Forget(Shard);
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue(LeasesKey, State.Leases(Now));

    public void OnRehydrate(IRehydrationContext rehydrationContext) => rehydrationContext.TryGetValue(LeasesKey, out movedLeases);

    protected override async Task<SpoolShard> LoadAsync(string? manifest, CancellationToken cancellationToken) => SpoolShard.From(
        manifest is null ? null : Storage.Serializer.Decode<SpoolState>(await Storage.Blobs.ReadAsync(manifest, 0, int.MaxValue, cancellationToken)), sizes);

    protected override void Apply(SpoolShard state, SpoolEvent recorded) => state.Apply(recorded);

    protected override async Task PrepareToSealAsync()
    {
        var seal = NewSeal();
        try
        {
            foreach (var segment in seal.SegmentsToMerge())
            {
                segment.Hashes ??= await LoadAsync(segment);
            }

            foreach (var page in seal.ToMerge())
            {
                var content = await ReadAsync(page);
                State.Load(page, content, Now);
            }
        }
        catch (Exception e)
        {
            // Merging only saves room: what cannot be read stays as it is, and the shard goes on with the rest.
            MailboxesLog.SpoolNotMerged(Storage.Loggers.CreateLogger<SpoolGrain>(), JournalName, e);
        }
    }

    protected override SealedState Seal(string? archive) => NewSeal().Run();

    protected override void OnSealed() => SpoolSeal.Finish(State);

    protected override void OnFenced()
    {
        var leases = State.Leases(Now);
        foreach (var (key, until) in ending)
        {
            leases[key] = until;
        }

        left.Leave(Shard, leases);
    }

    /// <summary>Commit before notify: relays are told of nothing that may still be lost.</summary>
    protected override void OnDurable()
    {
        if (IsFull)
        {
            _ = SealNowAsync();
        }

        TellReady();
        Arm();
        Show();
    }

    /// <summary>Tells the metrics what waits. Leases come to every shard all the time, so that what is told is never old.</summary>
    private void Show()
    {
        var now = Now;
        if (now - shownAt < ShowEvery)
        {
            return;
        }

        shownAt = now;
        foreach (var kind in (ReadOnlySpan<SpoolKind>)[SpoolKind.Local, SpoolKind.Outbound])
        {
            telemetry.Show(Shard, kind, State.HoldingsOf(kind, now));
        }
    }

    private async Task<IReadOnlyList<SpoolEntry>> LeaseAsync(string destination, int max, TimeSpan duration)
    {
        var leased = new List<SpoolEntry>();
        var (newest, loaded) = (State.LastPage, new HashSet<SpoolPage>());
        var now = Now;
        while (State.Lease(destination, max, now, now + duration, leased, IsFresh) is { } page)
        {
            if (!IsFresh(page))
            {
                // The order gives way: a page may promise more than it holds, and such pages would put each other away for ever.
                State.LeaseLoaded(destination, max, now, now + duration, leased, inOrder: false);
            }
            else if (IsFull)
            {
                // What is ready goes first, or the seal would put it away again.
                State.LeaseLoaded(destination, max, now, now + duration, leased, inOrder: true);
            }

            if (leased.Count >= max)
            {
                break;
            }

            loaded.Add(page);
            await LoadForAsync(destination, page);
            now = Now;
        }

        Arm();
        Show();
        await Durable();
        return leased;

        // Not loaded by this call, nor made of what it loaded.
        bool IsFresh(SpoolPage page) => page.Manifest.Number <= newest && !loaded.Contains(page);
    }

    /// <summary>Loads a page, unless it turns out to have nothing of a destination.</summary>
    private async Task LoadForAsync(string destination, SpoolPage page)
    {
        var content = await ReadAsync(page);
        if (page.Destinations is null)
        {
            page.Know(content);
        }

        if (page.MayHoldDestination(destination))
        {
            await MakeRoomAsync();
            State.Load(page, content, Now);
        }
    }

    /// <summary>Changes those entries that are here, in memory or in pages. Returns how many are.</summary>
    private async Task<int> ChangeAsync(IEnumerable<string> keys, Func<WaitingEntry, IEnumerable<EntryChange>> decide)
    {
        var open = keys.ToHashSet(StringComparer.Ordinal);
        var passedOver = new HashSet<SpoolPage>();
        for (var found = 0; ;)
        {
            found += Change(open, decide);
            if (State.PageOf(open, passedOver) is not { } page)
            {
                return found;
            }

            passedOver.Add(page);
            await MakeRoomAsync();
            var content = await ReadAsync(page);
            if (content.Any(entry => open.Contains(entry.Key)))
            {
                State.Load(page, content, Now);
            }
        }
    }

    private int Change(HashSet<string> open, Func<WaitingEntry, IEnumerable<EntryChange>> decide)
    {
        WaitingEntry[] here = [.. open.Select(key => State.Entries.GetValueOrDefault(key)).OfType<WaitingEntry>()];
        EntryChange[] changes = [.. here.SelectMany(decide)];
        if (changes.Length > 0)
        {
            KeepLeases(here);
            Record(new EntriesChanged(changes));
        }

        open.ExceptWith(here.Select(entry => entry.Key));
        return here.Length;
    }

    private void KeepLeases(IEnumerable<WaitingEntry> changed)
    {
        var now = Now;
        foreach (var entry in changed)
        {
            if (entry.LeasedUntil is { } until && until > now)
            {
                ending[entry.Key] = until;
            }
        }
    }

    private EntryChange ChangeOf(WaitingEntry entry, SpoolReport report) => new()
    {
        Key = entry.Key,
        Page = entry.Page,
        Final = report.Final,
        Attempts = report.Attempted ? 1 : 0,
        DueAt = report.DueAt ?? (report.Attempted ? SpoolSchedule.NextOf(entry.Entry, Now) : entry.Entry.DueAt),
        Error = report.Error,
        DelayReported = report.DelayReported,
        Kind = entry.Entry.Kind,
    };

    private TakenOver.Segment? FirstUnloaded((SpoolEntry Entry, string Key, UInt128 Hash)[] entries)
    {
        foreach (var (entry, _, hash) in entries)
        {
            if (State.Taken.Unloaded(hash, entry.Message.Id) is { } segment)
            {
                return segment;
            }
        }

        return null;
    }

    /// <summary>Of these keys, those of entries that <see cref="PutOffAsync"/> has taken out.</summary>
    private async Task<IReadOnlyList<string>> TakenOutBeforeAsync(IReadOnlyList<string> keys)
    {
        var asked = new List<(string Key, UInt128 Hash, DeliveryId Message)>();
        foreach (var key in keys)
        {
            if (TakenOver.TryMessageOf(key, out var message))
            {
                asked.Add((key, TakenOver.HashOfTakenOut(key), message));
            }
        }

        while (asked.Select(key => State.Taken.Unloaded(key.Hash, key.Message)).FirstOrDefault(unloaded => unloaded is not null) is { } segment)
        {
            segment.Hashes ??= await LoadAsync(segment);
        }

        string[] found = [.. asked.Where(key => State.Taken.Contains(key.Hash, key.Message)).Select(key => key.Key)];
        State.Taken.Trim();
        return found;
    }

    /// <summary>Its hold is not over, and it is put off beyond it: whoever wants it back is about to take it out, and an operator who sent it now would make that fail halfway.</summary>
    private static bool IsTakenBack(SpoolEntry entry, DateTimeOffset now) => entry.Message.Envelope.HoldUntil is { } until && now < until && entry.DueAt > until && entry.Attempts == 0;

    private async Task<byte[]> LoadAsync(TakenOver.Segment segment) =>
        Storage.Serializer.Decode<TakenOverKeys>(await Storage.Blobs.ReadAsync(segment.Manifest.Blob, 0, int.MaxValue, CancellationToken.None)).Hashes;

    // Callers that come to one page at the same time read it once.
    private async Task<SpoolEntry[]> ReadAsync(SpoolPage page)
    {
        if (page.Unwritten is { } entries)
        {
            return entries;
        }

        var reading = page.Reading ??= ReadBlobAsync(page.Manifest.Blob);
        try
        {
            return await reading;
        }
        finally
        {
            page.Reading = null;
        }
    }

    private async Task<SpoolEntry[]> ReadBlobAsync(string blob) =>
        Storage.Serializer.Decode<SpoolPageEntries>(await Storage.Blobs.ReadAsync(blob, 0, int.MaxValue, CancellationToken.None)).Entries;

    private Task MakeRoomAsync() => IsFull ? SealNowAsync() : Task.CompletedTask;

    private SpoolSeal NewSeal() => new(State, sizes, Storage.Serializer, $"state/{JournalName}/", Now);

    private void TellReady()
    {
        State.Queues.Advance(Now);
        if (State.Queues.BecameReady.Count > 0)
        {
            notices.Tell(Shard, State.Queues.BecameReady);
            State.Queues.BecameReady.Clear();
        }
    }

    /// <summary>Sets the timer for the next moment at which there is something to tell, while anybody wants to hear it.</summary>
    private void Arm()
    {
        if (!notices.Any || Next() is not { } next || (next >= armedFor && timer is not null))
        {
            return;
        }

        armedFor = next;
        var wait = next - Now is var left && left > TimerStep ? left : TimerStep;
        timer ??= this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
        timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private DateTimeOffset? Next() => tellAllAt is { } all && (State.NextMoment is not { } moment || all < moment) ? all : State.NextMoment;

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        armedFor = DateTimeOffset.MaxValue;
        var now = Now;
        while (State.UntoldPage(now) is { } page)
        {
            if (page.Destinations is null)
            {
                page.Know(await ReadAsync(page));
            }

            State.Told(page);
            notices.Tell(Shard, page.Destinations!.Where(destination => destination != SpoolQueues.Local));
        }

        if (tellAllAt <= now)
        {
            tellAllAt = null;
            notices.Tell(Shard, State.DueDestinations(now));
        }

        TellReady();
        Arm();
    }
}
