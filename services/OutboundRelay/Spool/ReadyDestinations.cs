namespace MailCloud.OutboundRelay.Spool;

/// <summary>A destination that has mail due, in one shard of the spool.</summary>
internal readonly record struct ReadyDestination(int Shard, string Domain);

/// <summary>
/// The destinations that wait for a connection of this relay, each at most once, first come, first served; and how many connections work on each. What does not fit is dropped: a hint is repeated with the
/// next round over the shards.
/// </summary>
/// <param name="connectionsPerDestination">At most so many work on one destination.</param>
internal sealed class ReadyDestinations(int connectionsPerDestination) : IDisposable
{
    /// <summary>A hundred bytes each: a megabyte.</summary>
    internal const int Capacity = 10_000;

    private readonly Lock guard = new();
    private readonly Queue<ReadyDestination> waiting = new();
    private readonly Dictionary<ReadyDestination, Work> works = [];
    private readonly SemaphoreSlim available = new(0);

    /// <summary>Something is due there. Who works on it already finds it with his next lease, or else looks once more.</summary>
    public void Hint(ReadyDestination destination)
    {
        lock (guard)
        {
            if (works.TryGetValue(destination, out var work) && (work.Running > 0 || work.IsPutOff))
            {
                work.Again = true;
                return;
            }

            Enqueue(destination);
        }
    }

    /// <summary>More is due there than one connection carries. Nobody asks while it is put off.</summary>
    public void HintMore(ReadyDestination destination)
    {
        lock (guard)
        {
            if (works.TryGetValue(destination, out var work) && work.Running < connectionsPerDestination && !work.IsPutOff)
            {
                Enqueue(destination);
            }
        }
    }

    /// <summary>There is no connection to be had now. It comes again after a pause, whoever works on it, and before only for one who has had a connection there.</summary>
    public void PutOff(ReadyDestination destination, TimeSpan pause, TimeProvider time)
    {
        lock (guard)
        {
            if (WorkOn(destination) is { IsPutOff: false } work)
            {
                work.IsPutOff = true;
                _ = EndPauseAsync(destination, pause, time);
            }
        }
    }

    /// <summary>The next destination to work on; <see cref="Done"/> follows.</summary>
    public async Task<ReadyDestination> TakeAsync(CancellationToken cancellationToken)
    {
        await available.WaitAsync(cancellationToken);
        lock (guard)
        {
            var destination = waiting.Dequeue();
            var work = works[destination];
            work.Waiting = false;
            work.Running++;
            return destination;
        }
    }

    /// <param name="destination">What was taken.</param>
    /// <param name="more">True when something is due there still.</param>
    public void Done(ReadyDestination destination, bool more)
    {
        lock (guard)
        {
            var work = works[destination];
            work.Running--;
            if (more || (work is { Again: true, Running: 0, IsPutOff: false }))
            {
                work.Again = false;
                Enqueue(destination);
            }

            if (work is { Running: 0, Waiting: false, IsPutOff: false })
            {
                works.Remove(destination);
            }
        }
    }

    public void Dispose() => available.Dispose();

    private async Task EndPauseAsync(ReadyDestination destination, TimeSpan pause, TimeProvider time)
    {
        await Task.Delay(pause, time);
        lock (guard)
        {
            var work = works[destination];
            work.IsPutOff = false;
            if (work.Running < connectionsPerDestination)
            {
                Enqueue(destination);
            }
        }
    }

    /// <summary>Null: there is no room for it.</summary>
    private Work? WorkOn(ReadyDestination destination)
    {
        if (!works.TryGetValue(destination, out var work) && works.Count < Capacity)
        {
            works[destination] = work = new();
        }

        return work;
    }

    private void Enqueue(ReadyDestination destination)
    {
        if (WorkOn(destination) is { Waiting: false } work)
        {
            work.Waiting = true;
            waiting.Enqueue(destination);
            available.Release();
        }
    }

    private sealed class Work
    {
        public bool Waiting { get; set; }

        public int Running { get; set; }

        /// <summary>No connection was to be had: a pause is under way.</summary>
        public bool IsPutOff { get; set; }

        /// <summary>A hint came while somebody worked on it.</summary>
        public bool Again { get; set; }
    }
}
