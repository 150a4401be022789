namespace MailCloud.Embedded.Queue;

/// <summary>
/// What consumers take from without going to the disk: entries handed over as they are committed while there is room, and pages read in order
/// of their row once there was none. Pure bookkeeping under one lock.
/// Invariants: every committed entry below <see cref="nextToRead"/> is in memory, held by a consumer, delayed, or settled; those from it on are
/// only on disk; entries are taken in order of their row, apart from those that come again.
/// </summary>
internal sealed class ReadyEntries
{
    /// <summary>Entries and octets of records kept in memory for consumers that are behind; the rest waits on disk.</summary>
    private const int MaxEntries = 1024;
    private const int MaxBytes = 16 << 20;

    private readonly Lock gate = new();
    private readonly Queue<QueueEntry> ready = new();
    private readonly PriorityQueue<QueueEntry, long> again = new();
    private readonly HashSet<long> inMemory = [];
    private readonly HashSet<long> settledMeanwhile = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long bytes;
    private long nextToRead;
    private long lastCommitted;
    private long nextDue;

    public ReadyEntries(long lastCommitted, long nextDue)
    {
        this.lastCommitted = lastCommitted;
        this.nextDue = nextDue;
    }

    /// <summary>Completes when something has changed since it was read; to be read before the look that finds nothing.</summary>
    public Task Changed
    {
        get
        {
            lock (gate)
            {
                return changed.Task;
            }
        }
    }

    /// <summary>The rows that are on disk only, from and through; null when there are none.</summary>
    public (long From, long Through)? Backlog
    {
        get
        {
            lock (gate)
            {
                return lastCommitted >= nextToRead ? (nextToRead, lastCommitted) : null;
            }
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (gate)
            {
                return ready.Count == 0;
            }
        }
    }

    /// <summary>When the next delayed entry comes again, in Unix milliseconds; <see cref="long.MaxValue"/> when none waits.</summary>
    public long NextDue
    {
        get
        {
            lock (gate)
            {
                return Math.Min(nextDue, again.TryPeek(out _, out var due) ? due : long.MaxValue);
            }
        }
    }

    /// <summary>The next entry, or null when memory has none: what comes again first, then in order of rows.</summary>
    public QueueEntry? Take(long now)
    {
        lock (gate)
        {
            while (again.TryPeek(out _, out var due) && due <= now)
            {
                // One that its former consumer settled after all is not given out any more.
                var returned = again.Dequeue();
                if (inMemory.Contains(returned.Id))
                {
                    return returned;
                }
            }

            if (!ready.TryDequeue(out var entry))
            {
                return null;
            }

            bytes -= entry.Size;
            return entry;
        }
    }

    /// <summary>A new entry was committed; called in order of commit. It is kept in memory when every earlier one is and there is room.</summary>
    public void Committed(QueueEntry entry)
    {
        lock (gate)
        {
            var behind = lastCommitted >= nextToRead;
            lastCommitted = entry.Id;

            // Below: a page has brought it already, between its commit and this call.
            if (entry.Id >= nextToRead && !behind && ready.Count < MaxEntries && bytes < MaxBytes)
            {
                Add(entry);
                nextToRead = entry.Id + 1;
            }

            Pulse();
        }
    }

    /// <summary>All entries of the backlog through this row were read; these are the ones that are not delayed.</summary>
    public void Read(List<QueueEntry> page, long through)
    {
        lock (gate)
        {
            page.ForEach(Add);
            nextToRead = through + 1;
            Pulse();
        }
    }

    /// <summary>
    /// Starts a look for delayed entries that are due, when that is worth it: the number of entries here, which the look will meet again on disk.
    /// What is settled until <see cref="ReadDue"/> is noted, for the look may still see it.
    /// </summary>
    public int? BeginReadDue(long now)
    {
        lock (gate)
        {
            if (nextDue > now || ready.Count >= MaxEntries)
            {
                return null;
            }

            nextDue = long.MaxValue;
            settledMeanwhile.Clear();
            return inMemory.Count;
        }
    }

    public bool Holds(long id)
    {
        lock (gate)
        {
            return inMemory.Contains(id);
        }
    }

    /// <summary>The look's entries, and when the next will be due.</summary>
    public void ReadDue(List<QueueEntry> due, long next)
    {
        lock (gate)
        {
            foreach (var entry in due.Where(entry => !inMemory.Contains(entry.Id) && !settledMeanwhile.Contains(entry.Id)))
            {
                Add(entry);
            }

            nextDue = Math.Min(nextDue, next);
            settledMeanwhile.Clear();
            Pulse();
        }
    }

    /// <summary>The entry left the queue.</summary>
    public void Settled(long id)
    {
        lock (gate)
        {
            Forget(id);
        }
    }

    /// <summary>The entry comes again at a time that is recorded on disk.</summary>
    public void Delayed(long id, long due)
    {
        lock (gate)
        {
            Forget(id);
            nextDue = Math.Min(nextDue, due);
            Pulse();
        }
    }

    /// <summary>The entry's consumer is gone, or its settlement failed: it comes again, the same as it was.</summary>
    public void Return(QueueEntry entry, long due)
    {
        lock (gate)
        {
            again.Enqueue(entry, due);
            Pulse();
        }
    }

    private void Add(QueueEntry entry)
    {
        inMemory.Add(entry.Id);
        ready.Enqueue(entry);
        bytes += entry.Size;
    }

    private void Forget(long id)
    {
        if (inMemory.Remove(id))
        {
            settledMeanwhile.Add(id);
        }
    }

    private void Pulse()
    {
        var old = changed;
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        old.SetResult();
    }
}
