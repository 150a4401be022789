namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// What the activations of this process keep of conversations takes a bounded room together: what was asked for least recently goes first, and what nobody asks for goes after a time. At its next question
/// it is made anew; only a few are at once, as each looks at all rows of a mailbox.
/// </summary>
internal sealed class ThreadRoom : IDisposable
{
    /// <summary>Five mailboxes of a million messages with their lists, or hundreds of usual size.</summary>
    public const long MaxOctets = 256 * 1024 * 1024;

    private const int MadeAtOnce = 2;

    /// <summary>A client that is in use asks more often.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(10);

    private readonly Lock access = new();
    private readonly LinkedList<Kept> recent = [];
    private readonly long maxOctets;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly SemaphoreSlim making = new(MadeAtOnce);
    private long octets;

    public ThreadRoom(TimeProvider time, long maxOctets = MaxOctets)
    {
        (this.time, this.maxOctets) = (time, maxOctets);
        timer = time.CreateTimer(_ => DropUnused(), null, KeptFor / 10, KeptFor / 10);
    }

    public long Octets
    {
        get
        {
            lock (access)
            {
                return octets;
            }
        }
    }

    /// <summary>Makes something from a look at a whole mailbox: not in the turn of its grain, which goes on meanwhile.</summary>
    public async Task<T> MakeAsync<T>(Func<Task<T>> make)
    {
        await making.WaitAsync();
        try
        {
            return await Task.Run(make);
        }
        finally
        {
            making.Release();
        }
    }

    public void Dispose()
    {
        timer.Dispose();
        making.Dispose();
    }

    private void Hold(Kept kept, long size)
    {
        lock (access)
        {
            Remove(kept);
            (kept.Octets, kept.Used, kept.Place) = (size, time.GetTimestamp(), recent.AddFirst(kept));
            octets += size;

            // What was made last stays, however large: somebody asks for it now.
            while (octets > maxOctets && recent.Count > 1)
            {
                Drop(recent.Last!.Value);
            }
        }
    }

    private void Use(Kept kept)
    {
        lock (access)
        {
            if (kept.Place is { } place)
            {
                recent.Remove(place);
                recent.AddFirst(place);
                kept.Used = time.GetTimestamp();
            }
        }
    }

    private void Drop(Kept kept)
    {
        lock (access)
        {
            Remove(kept);
            kept.Forget();
        }
    }

    private void Remove(Kept kept)
    {
        if (kept.Place is { } place)
        {
            recent.Remove(place);
            kept.Place = null;
            octets -= kept.Octets;
        }
    }

    private void DropUnused()
    {
        lock (access)
        {
            while (recent.Last is { Value: var last } && time.GetElapsedTime(last.Used) > KeptFor)
            {
                Drop(last);
            }
        }
    }

    internal abstract class Kept
    {
        internal LinkedListNode<Kept>? Place { get; set; }

        internal long Octets { get; set; }

        internal long Used { get; set; }

        internal abstract void Forget();
    }

    /// <summary>Room for one thing. It may become empty at any moment.</summary>
    internal sealed class Kept<T>(ThreadRoom room) : Kept
        where T : class
    {
        private volatile T? value;

        /// <summary>What is there; it does not count as asked for.</summary>
        public T? Seen => value;

        public T? Get()
        {
            var found = value;
            if (found is not null)
            {
                room.Use(this);
            }

            return found;
        }

        public void Set(T made, long size)
        {
            value = made;
            room.Hold(this, size);
        }

        public void Drop() => room.Drop(this);

        internal override void Forget() => value = null;
    }
}
