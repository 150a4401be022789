using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MailCloud.Web.Jmap.Push;

/// <summary>Instruments of the meter <c>MailCloud.Web.Push</c> and its spans; the README lists them.</summary>
internal static class PushTelemetry
{
    public const string Name = "MailCloud.Web.Push";

    public const string EventSource = "event-source";
    public const string WebSocket = "websocket";
    public const string Subscription = "subscription";

    public static readonly ActivitySource Source = new(Name);

    private static readonly Meter meter = new(Name);

    public static readonly UpDownCounter<long> Connections = meter.CreateUpDownCounter<long>("mailcloud.push.connections", "{connection}", "Open event sources and WebSockets");

    public static readonly Counter<long> Posts = meter.CreateCounter<long>("mailcloud.push.posts", "{request}", "Requests to push services");

    private static readonly Counter<long> events = meter.CreateCounter<long>("mailcloud.push.events", "{event}", "StateChange objects that clients were sent");

    private static readonly Histogram<double> latency = meter.CreateHistogram<double>("mailcloud.push.latency", "s", "From the notice of a change to the client's socket or the push service's answer");

    public static KeyValuePair<string, object?> By(string kind) => new("kind", kind);

    public static void Told(string kind, TimeSpan since)
    {
        events.Add(1, By(kind));
        latency.Record(since.TotalSeconds, By(kind));
    }
}
