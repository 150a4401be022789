using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>
/// A shard in memory: the entries of the due window, and of the others the pages that they are in. Applies events; what changes of an entry that stands in a page is kept with the page, loaded or not, so
/// that replay loads none.
/// </summary>
internal sealed class SpoolShard
{
    /// <summary>Leases of entries that are not in memory: relays have no more in work.</summary>
    private const int MaxReserved = 10_000;

    private readonly Dictionary<string, WaitingEntry> entries = new(StringComparer.Ordinal);
    private readonly SortedDictionary<int, SpoolPage> pages = [];

    /// <summary>Pages of several destinations or tenants that are not loaded.</summary>
    private readonly SortedSet<SpoolPage> mixed = new(Comparer<SpoolPage>.Create(SpoolPage.InOrder));

    /// <summary>Pages that are not loaded and of which nobody was told yet.</summary>
    private readonly SortedSet<SpoolPage> untold = new(Comparer<SpoolPage>.Create(SpoolPage.ByDue));

    /// <summary>Leases that were given before this activation, and whose entries are not in memory.</summary>
    private readonly Dictionary<string, DateTimeOffset> reserved = new(StringComparer.Ordinal);

    private long local;

    private SpoolShard(TakenOver taken) => Taken = taken;

    public SpoolQueues Queues { get; } = new();

    public TakenOver Taken { get; }

    public IReadOnlyDictionary<string, WaitingEntry> Entries => entries;

    public IReadOnlyCollection<SpoolPage> Pages => pages.Values;

    /// <summary>The number of the page made last.</summary>
    public int LastPage { get; private set; }

    public IEnumerable<SpoolPage> Unloaded => pages.Values.Where(page => !page.Loaded && !page.IsEmpty);

    public SpoolCounts Counts
    {
        get
        {
            var (paged, pagedLocal) = (0L, 0L);
            foreach (var page in Unloaded)
            {
                paged += page.Outbound;
                pagedLocal += page.Local;
            }

            return new(local + pagedLocal, entries.Count - local + paged, entries.Count);
        }
    }

    /// <summary>How much waits of a kind, and how old it is. It looks at every entry in memory, so it is for now and then.</summary>
    public SpoolHoldings HoldingsOf(SpoolKind kind, DateTimeOffset now)
    {
        var waiting = entries.Values.Where(entry => entry.Entry.Kind == kind);
        var paged = Unloaded.Where(page => (kind == SpoolKind.Local ? page.Local : page.Outbound) > 0);
        var idle = waiting.Where(entry => entry.LeasedUntil is not { } until || until <= now);
        return new(
            kind == SpoolKind.Local ? Counts.Local : Counts.Outbound,
            waiting.Select(entry => (DateTimeOffset?)entry.Entry.Message.ReleasedAt).Concat(paged.Select(page => (DateTimeOffset?)page.FirstAccepted)).Min(),
            idle.Select(entry => (DateTimeOffset?)entry.Entry.DueAt).Concat(paged.Select(page => (DateTimeOffset?)page.MinDue)).Min());
    }

    /// <summary>The next moment at which something becomes due or ready; null: none.</summary>
    public DateTimeOffset? NextMoment => (Queues.NextMoment, untold.Min?.MinDue) switch
    {
        ({ } entry, { } page) => entry < page ? entry : page,
        var (entry, page) => entry ?? page,
    };

    public static SpoolShard From(SpoolState? state, SpoolSizes sizes)
    {
        var shard = new SpoolShard(TakenOver.From(state?.TakenOver ?? [], sizes)) { LastPage = state?.LastPage ?? 0 };
        foreach (var entry in (state?.Inline ?? []).Concat(state?.Entries?.Values ?? Enumerable.Empty<SpoolEntry>()))
        {
            shard.Add(entry.Key, entry, page: 0);
        }

        foreach (var page in state?.Pages ?? [])
        {
            shard.pages.Add(page.Number, new(page));
        }

        foreach (var change in state?.Amendments ?? [])
        {
            shard.pages[change.Page].Amend(change);
        }

        foreach (var page in shard.Pages)
        {
            shard.List(page);
        }

        // Of version 1, which kept keys as they are.
        foreach (var key in (state?.Entries?.Keys ?? Enumerable.Empty<string>()).Concat(state?.Finished?.Keys ?? Enumerable.Empty<string>()))
        {
            if (TakenOver.TryMessageOf(key, out var delivery))
            {
                shard.Taken.Add(TakenOver.HashOf(key), delivery);
            }
        }

        return shard;
    }

    public void Apply(SpoolEvent recorded)
    {
        switch (recorded)
        {
            case EntriesAdded e:
                foreach (var entry in e.Entries)
                {
                    var key = entry.Key;
                    Taken.Add(TakenOver.HashOf(key), entry.Message.Id);
                    Add(key, entry, page: 0);
                }

                break;
            case EntriesChanged e:
                foreach (var change in e.Changes)
                {
                    Apply(change);
                    if (change.TakenOut && TakenOver.TryMessageOf(change.Key, out var message))
                    {
                        Taken.Add(TakenOver.HashOfTakenOut(change.Key), message);
                    }
                }

                break;
            case AttemptFailed e:
                Apply(new EntryChange { Key = e.Key, Attempts = 1, DueAt = e.DueAt, Error = e.Error, DelayReported = e.DelayReported });
                break;
            case EntryFinished e:
                Apply(new EntryChange { Key = e.Key, Final = true });
                break;
        }
    }

    /// <summary>
    /// Leases what can be leased of a destination without loading anything. Returns the page to load before the rest, of those that several share only a <paramref name="isFresh">fresh</paramref> one; null when
    /// there is no rest, or <paramref name="max"/> is reached.
    /// </summary>
    public SpoolPage? Lease(string destination, int max, DateTimeOffset now, DateTimeOffset until, List<SpoolEntry> leased, Func<SpoolPage, bool> isFresh)
    {
        Queues.Advance(now);
        var queue = Queues.Find(destination);
        if (leased.Count < max && (queue is null || queue.ReadyWithoutPages < max - leased.Count) && MixedPage(destination, now, isFresh) is { } page)
        {
            return page;
        }

        return queue is null ? null : Queues.Lease(queue, max, now, until, leased, inOrder: true);
    }

    /// <summary>Leases of a destination what is ready in memory; in order, up to the first page that would have to be loaded before.</summary>
    public void LeaseLoaded(string destination, int max, DateTimeOffset now, DateTimeOffset until, List<SpoolEntry> leased, bool inOrder)
    {
        Queues.Advance(now);
        if (Queues.Find(destination) is { } queue)
        {
            Queues.Lease(queue, max, now, until, leased, inOrder);
        }
    }

    /// <summary>Prolongs a lease; of an entry that is not in memory the lease is remembered for when it is, as it was given before this activation.</summary>
    public void Renew(string key, DateTimeOffset until)
    {
        if (entries.TryGetValue(key, out var entry))
        {
            Queues.Lease(entry, until);
        }
        else if (reserved.ContainsKey(key) || reserved.Count < MaxReserved)
        {
            reserved[key] = until;
        }
    }

    /// <summary>The leases that run, of entries in memory or not.</summary>
    public Dictionary<string, DateTimeOffset> Leases(DateTimeOffset now)
    {
        var leases = reserved.Where(lease => lease.Value > now).ToDictionary();
        foreach (var entry in entries.Values.Where(entry => entry.LeasedUntil > now))
        {
            leases[entry.Key] = entry.LeasedUntil!.Value;
        }

        return leases;
    }

    /// <summary>Brings the entries of a page into memory as they are now.</summary>
    public void Load(SpoolPage page, SpoolEntry[] content, DateTimeOffset now)
    {
        // Another call, or a seal, may have been faster.
        if (page.Loaded || !pages.ContainsKey(page.Manifest.Number))
        {
            return;
        }

        Unlist(page);
        page.Loaded = true;
        foreach (var stored in content)
        {
            var key = stored.Key;
            if (page.Amended(key, stored) is { } entry)
            {
                Add(key, entry, page.Manifest.Number);
                if (reserved.Remove(key, out var until) && until > now)
                {
                    Queues.Lease(entries[key], until);
                }
            }
        }
    }

    /// <summary>A page that is not loaded and may hold one of the keys; null: none but those passed over.</summary>
    public SpoolPage? PageOf(IReadOnlyCollection<string> keys, HashSet<SpoolPage> passedOver) =>
        keys.Count == 0 ? null : Unloaded.FirstOrDefault(page => !passedOver.Contains(page) && keys.Any(page.MayHoldKey));

    /// <summary>A page with something due whose destinations are not known; null: none.</summary>
    public SpoolPage? DuePageToRead(DateTimeOffset now) => mixed.FirstOrDefault(page => page.MinDue <= now && page.Destinations is null);

    /// <summary>The destinations of other hosts that have something due, as far as they are known.</summary>
    public HashSet<string> DueDestinations(DateTimeOffset now)
    {
        Queues.Advance(now);
        var due = Queues.ReadyDestinations.ToHashSet(StringComparer.Ordinal);
        foreach (var page in Unloaded.Where(page => page.MinDue <= now))
        {
            due.UnionWith(page.Destinations ?? []);
        }

        due.Remove(SpoolQueues.Local);
        return due;
    }

    /// <summary>The next page with something due of which nobody was told; null: none.</summary>
    public SpoolPage? UntoldPage(DateTimeOffset now) => untold.Min is { } page && page.MinDue <= now ? page : null;

    public void Told(SpoolPage page) => untold.Remove(page);

    /// <summary>Takes entries out of memory: they are in a page now.</summary>
    public SpoolPage MoveToPage(IReadOnlyList<WaitingEntry> moved, string blob)
    {
        foreach (var entry in moved)
        {
            Remove(entry);
        }

        var page = SpoolPages.Create(++LastPage, blob, moved);
        pages.Add(LastPage, page);
        List(page);
        return page;
    }

    /// <summary>Ends a page: what is left of it, in memory, stands for itself from now on.</summary>
    public void Dissolve(SpoolPage page, IEnumerable<WaitingEntry> left)
    {
        foreach (var entry in left)
        {
            entry.Page = 0;
        }

        Unlist(page);
        pages.Remove(page.Manifest.Number);
    }

    /// <summary>Takes a page's entries out of memory; those that are leased stay, and leave the page.</summary>
    public void Unload(SpoolPage page, IReadOnlyCollection<WaitingEntry> left, DateTimeOffset now)
    {
        page.MinDue = DateTimeOffset.MaxValue;
        page.Know(left.Where(entry => !(entry.LeasedUntil > now)).Select(entry => entry.Entry));
        foreach (var entry in left)
        {
            if (entry.LeasedUntil > now)
            {
                page.Amend(new() { Key = entry.Key, Page = entry.Page, Final = true, Kind = entry.Entry.Kind });
                entry.Page = 0;
            }
            else
            {
                page.MinDue = entry.Entry.DueAt < page.MinDue ? entry.Entry.DueAt : page.MinDue;
                Remove(entry);
            }
        }

        page.Loaded = false;
        List(page);
    }

    public void DropEndedLeases(DateTimeOffset now)
    {
        foreach (var (key, until) in reserved)
        {
            if (until <= now)
            {
                reserved.Remove(key);
            }
        }
    }

    public SpoolState ToState(TakenOverDay[] taken) => new()
    {
        Inline = [.. entries.Values.Where(entry => entry.Page == 0).Select(entry => entry.Entry)],
        Pages = [.. pages.Values.Select(page => page.Manifest with { MinDue = page.MinDue })],
        Amendments = [.. pages.Values.SelectMany(page => page.Amendments)],
        TakenOver = taken,
        LastPage = LastPage,
    };

    private void Add(string key, SpoolEntry entry, int page)
    {
        var added = new WaitingEntry(key, entry, page);
        if (entries.TryAdd(key, added))
        {
            Queues.Add(added);
            local += entry.Kind == SpoolKind.Local ? 1 : 0;
        }
    }

    private void Remove(WaitingEntry entry)
    {
        entries.Remove(entry.Key);
        Queues.Remove(entry);
        local -= entry.Entry.Kind == SpoolKind.Local ? 1 : 0;
    }

    private void Apply(EntryChange change)
    {
        if (pages.TryGetValue(change.Page, out var page))
        {
            Unlist(page);
            page.Amend(change);
            List(page);
        }

        if (entries.TryGetValue(change.Key, out var entry))
        {
            if (change.Final)
            {
                Remove(entry);
            }
            else
            {
                Queues.Change(entry, change.ApplyTo(entry.Entry));
            }
        }
    }

    private SpoolPage? MixedPage(string destination, DateTimeOffset now, Func<SpoolPage, bool> isFresh) =>
        mixed.FirstOrDefault(page => page.MinDue <= now && page.MayHoldDestination(destination) && isFresh(page));

    private void List(SpoolPage page)
    {
        if (page.Loaded || page.IsEmpty)
        {
            return;
        }

        untold.Add(page);
        if (SpoolPages.QueueOf(page) is var (destination, tenant))
        {
            Queues.QueueOf(destination, tenant).AddPage(page);
        }
        else
        {
            mixed.Add(page);
        }
    }

    private void Unlist(SpoolPage page)
    {
        if (page.Loaded)
        {
            return;
        }

        untold.Remove(page);
        if (SpoolPages.QueueOf(page) is var (destination, tenant))
        {
            var queue = Queues.QueueOf(destination, tenant);
            queue.RemovePage(page);
            Queues.DropEmpty(queue);
        }
        else
        {
            mixed.Remove(page);
        }
    }
}
