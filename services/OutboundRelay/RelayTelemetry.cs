using System.Diagnostics;
using System.Diagnostics.Metrics;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay;

/// <summary>Metrics and spans of this service; README.md has the table.</summary>
internal sealed class RelayTelemetry
{
    public const string Name = "MailCloud.OutboundRelay";

    private static readonly ActivitySource activities = new(Name);

    private readonly Counter<long> attempts;
    private readonly Counter<long> inDoubt;
    private readonly Counter<long> suppressed;
    private readonly Histogram<double> duration;
    private readonly UpDownCounter<int> connections;
    private readonly Counter<long> unroutable;

    public RelayTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        attempts = meter.CreateCounter<long>("mailcloud.relay.attempts", "{recipient}", "Recipients tried, by outcome.");
        inDoubt = meter.CreateCounter<long>("mailcloud.relay.in_doubt", "{recipient}", "Recipients of messages whose end was not answered: they are sent again and may arrive twice.");
        suppressed = meter.CreateCounter<long>("mailcloud.relay.suppressed", "{address}", "Addresses put on a tenant's suppression list because their host refused them for good.");
        duration = meter.CreateHistogram<double>("mailcloud.relay.duration", "s", "From acceptance here, or the end of a hold, to the next host's reply after the message.");
        connections = meter.CreateUpDownCounter<int>("mailcloud.relay.connections", "{connection}", "Open connections to other hosts.");
        unroutable = meter.CreateCounter<long>("mailcloud.relay.unroutable", "{lookup}", "Look-ups of a next host that found none, by status.");
    }

    /// <summary>The span of a message's transaction with a host.</summary>
    public static Activity? StartTransaction(QueuedMessage message, string host) => Start("relay", message, ActivityKind.Client)?.SetTag("server.address", host);

    /// <summary>The span of ending an attempt at a recipient: the spool and the sender hear of it.</summary>
    public static Activity? StartEnd(QueuedMessage message, RelayOutcome outcome) => Start("relay.end", message)?.SetTag("mailcloud.outcome", NameOf(outcome));

    /// <summary>A span that continues the trace of what handed the message to the spool; null when nobody listens.</summary>
    public static Activity? Start(string name, QueuedMessage message, ActivityKind kind = ActivityKind.Internal) =>
        activities.StartActivity(name, kind, message.TraceParent)?.SetTag("mailcloud.delivery", message.Id.ToString()).SetTag("mailcloud.tenant", message.Tenant.Value);

    public void Tried(QueuedMessage message, RelayOutcome outcome, DateTimeOffset now)
    {
        var tenant = new KeyValuePair<string, object?>("mailcloud.tenant", message.Tenant.Value);
        attempts.Add(1, tenant, new("outcome", NameOf(outcome)));
        if (outcome is RelayOutcome.Delivered)
        {
            duration.Record((now - message.ReleasedAt).TotalSeconds, tenant);
        }
    }

    public void InDoubt(QueuedMessage message, int recipients) => inDoubt.Add(recipients, new KeyValuePair<string, object?>("mailcloud.tenant", message.Tenant.Value));

    public void Suppressed(TenantId tenant) => suppressed.Add(1, new KeyValuePair<string, object?>("mailcloud.tenant", tenant.Value));

    /// <param name="status">Of RFC 3463, as this host finds it; none is a remote host's.</param>
    public void Unroutable(string status) => unroutable.Add(1, new KeyValuePair<string, object?>("status", status));

    public void Connected() => connections.Add(1);

    public void Disconnected() => connections.Add(-1);

    private static string NameOf(RelayOutcome outcome) => outcome switch
    {
        RelayOutcome.Delivered => "delivered",
        RelayOutcome.Deferred => "deferred",
        _ => "failed",
    };
}
