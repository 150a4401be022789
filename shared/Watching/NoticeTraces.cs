using System.Diagnostics;

namespace MailCloud.Watching;

/// <summary>The traces of the messages that the last notices of a mailbox were about: telling a client of them is part of these.</summary>
public sealed class NoticeTraces
{
    /// <summary>A session that is this many notices behind waits for its client's socket.</summary>
    private const int Kept = 16;

    private readonly Lock gate = new();
    private readonly ActivityContext[] last = new ActivityContext[Kept];
    private long count;

    public void Add(ActivityContext context)
    {
        lock (gate)
        {
            last[count++ % Kept] = context;
        }
    }

    /// <summary>For one session: what comes from now on.</summary>
    public Follower Follow()
    {
        lock (gate)
        {
            return new(this, count);
        }
    }

    private ActivityContext[] TakeAfter(ref long told)
    {
        lock (gate)
        {
            var untold = new ActivityContext[Math.Min(count - told, Kept)];
            for (var i = 0; i < untold.Length; i++)
            {
                untold[i] = last[(count - untold.Length + i) % Kept];
            }

            told = count;
            return untold;
        }
    }

    /// <summary>What one session was told of.</summary>
    public sealed class Follower
    {
        private readonly NoticeTraces traces;
        private long told;

        internal Follower(NoticeTraces traces, long told) => (this.traces, this.told) = (traces, told);

        /// <summary>A span of telling a client what is new: of the first trace that it was not told of, and linked to the others. Null when there is none.</summary>
        /// <param name="source">Of the edge's own spans.</param>
        /// <param name="name">Of the span.</param>
        public Activity? StartTelling(ActivitySource source, string name)
        {
            var untold = traces.TakeAfter(ref told);
            return untold.Length == 0
                ? null
                : source.StartActivity(name, ActivityKind.Server, untold[0], links: untold.Skip(1).Select(context => new ActivityLink(context)));
        }
    }
}
