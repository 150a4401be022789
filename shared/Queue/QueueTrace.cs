using System.Diagnostics;

namespace MailCloud.Queue;

/// <summary>The trace of a message on its way through the queue, by OpenTelemetry's conventions for messaging.</summary>
internal static class QueueTrace
{
    public const string Name = "MailCloud.Queue";

    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";

    private static readonly ActivitySource activities = new(Name);

    /// <summary>A W3C trace context; none when it is none.</summary>
    public static ActivityContext Parse(string? traceParent, string? traceState = null) =>
        ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var context) ? context : default;

    /// <summary>The span of one publishing, up to the broker's confirm; null when nobody listens.</summary>
    public static Activity? StartPublish(string system, string queue, string? id, ActivityContext parent) => activities
        .StartActivity("publish", ActivityKind.Producer, Activity.Current?.Context ?? parent)?
        .SetTag("messaging.system", system).SetTag("messaging.operation.type", "send").SetTag("messaging.operation.name", "publish")
        .SetTag("messaging.destination.name", queue).SetTag("messaging.message.id", id);

    /// <summary>Puts a span's context into headers, for who consumes.</summary>
    public static void Inject(Activity span, IDictionary<string, object?> headers)
    {
        headers[TraceParent] = span.Id;
        if (span.TraceStateString is { Length: > 0 } state)
        {
            headers[TraceState] = state;
        }
    }

    /// <param name="header">The text of a header, null when there is none.</param>
    public static ActivityContext Extract(Func<string, string?> header) => Parse(header(TraceParent), header(TraceState));
}
