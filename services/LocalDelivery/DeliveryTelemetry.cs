using System.Diagnostics;
using System.Diagnostics.Metrics;
using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.LocalDelivery;

/// <summary>Metrics and spans of this service; README.md has the table.</summary>
internal sealed class DeliveryTelemetry
{
    public const string Name = "MailCloud.LocalDelivery";

    private static readonly ActivitySource activities = new(Name);

    private readonly Counter<long> filings;
    private readonly Histogram<double> duration;
    private readonly Counter<long> entries;
    private readonly UpDownCounter<int> inHand;
    private readonly ObservableGauge<long> depth;

    public DeliveryTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        filings = meter.CreateCounter<long>("mailcloud.delivery.filings", "{copy}", "Copies offered to mailboxes, or shown instead, by outcome.");
        duration = meter.CreateHistogram<double>("mailcloud.delivery.duration", "s", "From acceptance, or the end of a hold, to the copy being durably filed.");
        entries = meter.CreateCounter<long>("mailcloud.delivery.entries", "{entry}", "Queue entries settled, by result.");
        inHand = meter.CreateUpDownCounter<int>("mailcloud.delivery.in_hand", "{entry}", "Queue entries being worked on.");
        depth = meter.CreateObservableGauge("mailcloud.delivery.queue", MeasureDepth, "{entry}", "Entries of the delivery queue, by state.");
    }

    /// <summary>False while nobody would see it.</summary>
    public bool IsDepthWanted => depth.Enabled;

    /// <summary>What stood in the queue when it was asked last; null: it did not say.</summary>
    public QueueDepth? Depth { get; set; }

    /// <summary>A span that continues the trace of who published the entry; null when nobody listens.</summary>
    public static Activity? StartDelivery(QueueDelivery entry) => Tag(activities.StartActivity("deliver", ActivityKind.Consumer, entry.Trace), entry.Message)?
        .SetTag("messaging.system", entry.System).SetTag("messaging.operation.type", "process").SetTag("messaging.operation.name", "deliver")
        .SetTag("messaging.message.id", entry.Message.Id.ToString());

    /// <summary>A span of another attempt at what waited in the spool; null when nobody listens.</summary>
    public static Activity? StartRetry(QueuedMessage message) => Tag(activities.StartActivity("retry", ActivityKind.Consumer, message.TraceParent), message);

    public void Filed(QueuedMessage message, DeliveryOutcome outcome, DateTimeOffset now)
    {
        var tenant = new KeyValuePair<string, object?>("mailcloud.tenant", message.Tenant.Value);
        filings.Add(1, tenant, new("outcome", NameOf(outcome)));
        if (outcome is DeliveryOutcome.Delivered)
        {
            duration.Record((now - message.ReleasedAt).TotalSeconds, tenant);
        }
    }

    public void EntryTaken() => inHand.Add(1);

    public void EntryLeft() => inHand.Add(-1);

    /// <param name="result"><c>acked</c>, <c>failed</c> or <c>parked</c>.</param>
    public void EntrySettled(QueuedMessage message, string result) =>
        entries.Add(1, new("mailcloud.tenant", message.Tenant.Value), new("result", result));

    private static Activity? Tag(Activity? activity, QueuedMessage message) =>
        activity?.SetTag("mailcloud.delivery", message.Id.ToString()).SetTag("mailcloud.tenant", message.Tenant.Value);

    private IEnumerable<Measurement<long>> MeasureDepth() => Depth is { } known
        ? [new(known.Waiting, new KeyValuePair<string, object?>("state", "waiting")), new(known.Parked, new KeyValuePair<string, object?>("state", "parked"))] : [];

    private static string NameOf(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered => "filed",
        DeliveryOutcome.Shown => "shown",
        DeliveryOutcome.Deferred => "deferred",
        DeliveryOutcome.Rejected => "rejected",
        _ => "too_old",
    };
}
