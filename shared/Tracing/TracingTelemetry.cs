using System.Diagnostics.Metrics;

namespace MailCloud.Tracing;

/// <summary>Metrics of the record of what became of messages; README.md has the table.</summary>
public sealed class TracingTelemetry
{
    public const string Name = "MailCloud.Tracing";

    private readonly Counter<long> recorded;
    private readonly Counter<long> dropped;

    public TracingTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        recorded = meter.CreateCounter<long>("mailcloud.tracing.recorded", "{event}", "Events that a shard has taken.");
        dropped = meter.CreateCounter<long>("mailcloud.tracing.dropped", "{event}", "Events that were dropped, because the buffer was full or no shard took them.");
        dropped.Add(0);
    }

    public void Recorded(int events) => recorded.Add(events);

    public void Dropped(int events) => dropped.Add(events);
}
