using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>
/// The entries in memory, in the order in which they are leased. Each step costs by what it moves, not by what waits: entries stand in one line by the moment that they wait for, and when it comes
/// they join the ready ones of their destination and tenant.
/// </summary>
internal sealed class SpoolQueues
{
    /// <summary>Stands for the destination of local entries: no domain is empty.</summary>
    public const string Local = "";

    private readonly Dictionary<string, DestinationQueue> destinations = new(StringComparer.Ordinal);
    private readonly SortedSet<WaitingEntry> line = new(Comparer<WaitingEntry>.Create(WaitingEntry.ByMoment));
    private long sequence;

    /// <summary>Destinations of other hosts that have got something ready since they were told of last.</summary>
    public HashSet<string> BecameReady { get; } = new(StringComparer.Ordinal);

    public int Leased { get; private set; }

    /// <summary>The next moment at which something becomes ready; null: none.</summary>
    public DateTimeOffset? NextMoment => line.Min?.At;

    public IEnumerable<string> ReadyDestinations => destinations.Values.Where(destination => destination.Ready > 0 && destination.Name != Local).Select(destination => destination.Name);

    public DestinationQueue? Find(string destination) => destinations.GetValueOrDefault(destination);

    public TenantQueue QueueOf(string destination, TenantId tenant)
    {
        if (!destinations.TryGetValue(destination, out var found))
        {
            destinations[destination] = found = new(destination);
        }

        return found.Tenants.TryGetValue(tenant, out var queue) ? queue : found.Tenants[tenant] = new(found, tenant);
    }

    public void Add(WaitingEntry entry)
    {
        entry.Sequence = ++sequence;
        entry.Queue = QueueOf(WaitingEntry.DestinationOf(entry.Entry), entry.Entry.Message.Tenant);
        entry.Queue.InMemory++;
        WaitUntil(entry, entry.Entry.DueAt);
    }

    public void Remove(WaitingEntry entry)
    {
        Take(entry);
        entry.Queue.InMemory--;
        DropEmpty(entry.Queue);
    }

    /// <summary>Takes an entry's change; whoever had it leased has it no more.</summary>
    public void Change(WaitingEntry entry, SpoolEntry changed)
    {
        Take(entry);
        entry.Entry = changed;
        WaitUntil(entry, changed.DueAt);
    }

    /// <summary>Leases an entry, or prolongs its lease.</summary>
    public void Lease(WaitingEntry entry, DateTimeOffset until)
    {
        Take(entry);
        entry.LeasedUntil = until;
        Leased++;
        WaitUntil(entry, until);
    }

    /// <summary>Makes ready what has become due, and what was leased until now.</summary>
    public void Advance(DateTimeOffset now)
    {
        while (line.Min is { } entry && entry.At <= now)
        {
            Take(entry);
            if (entry.Entry.DueAt > now)
            {
                WaitUntil(entry, entry.Entry.DueAt);
            }
            else if (entry.Queue.Add(entry) && entry.Queue.Destination.Name != Local)
            {
                BecameReady.Add(entry.Queue.Destination.Name);
            }
        }
    }

    /// <summary>Leases what is ready of a destination, its tenants in turn, a message each; when the order counts it stops before a page that is to be loaded first, and returns it.</summary>
    public SpoolPage? Lease(DestinationQueue destination, int max, DateTimeOffset now, DateTimeOffset until, List<SpoolEntry> leased, bool inOrder)
    {
        for (var idle = 0; leased.Count < max && idle < destination.Turn.Count;)
        {
            var queue = destination.Turn.First!.Value;
            if (inOrder && queue.PageBeforeHead(now) is { } page)
            {
                return page;
            }

            queue.EndTurn();
            if (queue.Head is not { } head)
            {
                idle++;
                continue;
            }

            idle = 0;
            for (var count = Math.Min(head.Entries.Count, max - leased.Count); count > 0; count--)
            {
                var entry = head.Entries[^1];
                Lease(entry, until);
                leased.Add(entry.Entry);
            }
        }

        return null;
    }

    public void DropEmpty(TenantQueue queue)
    {
        if (queue.IsEmpty)
        {
            queue.Destination.Tenants.Remove(queue.Tenant);
            if (queue.Destination.Tenants.Count == 0)
            {
                destinations.Remove(queue.Destination.Name);
            }
        }
    }

    private void WaitUntil(WaitingEntry entry, DateTimeOffset moment)
    {
        entry.At = moment;
        line.Add(entry);
    }

    private void Take(WaitingEntry entry)
    {
        if (entry.Group is not null)
        {
            entry.Queue.Remove(entry);
        }
        else
        {
            line.Remove(entry);
        }

        if (entry.LeasedUntil is not null)
        {
            entry.LeasedUntil = null;
            Leased--;
        }
    }
}
