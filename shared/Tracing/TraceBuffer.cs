using System.Threading.Channels;
using MailCloud.MailboxContracts;

namespace MailCloud.Tracing;

/// <summary>Events on their way to their shards. Whoever adds one never waits: when it is full the event is dropped and counted.</summary>
internal sealed class TraceBuffer(TracingTelemetry telemetry)
{
    /// <summary>Two seconds' worth of 3,000 messages a second with three events each, about 10 MB.</summary>
    public const int Capacity = 20_000;

    private readonly Channel<TraceEvent> events = Channel.CreateBounded<TraceEvent>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private long dropped;

    public void Add(TraceEvent happened)
    {
        if (!events.Writer.TryWrite(happened))
        {
            Interlocked.Increment(ref dropped);
            telemetry.Dropped(1);
        }
    }

    /// <summary>All that is there now, in the order in which it came.</summary>
    public List<TraceEvent> Take()
    {
        var taken = new List<TraceEvent>();
        while (taken.Count < Capacity && events.Reader.TryRead(out var happened))
        {
            taken.Add(happened);
        }

        return taken;
    }

    /// <summary>How many were dropped since the last call.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref dropped, 0);
}
