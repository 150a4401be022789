using System.Diagnostics.Metrics;

namespace MailCloud.Queue.RabbitMq;

/// <summary>The instruments of meter <c>MailCloud.Queue</c>; README.md lists them.</summary>
internal sealed class RabbitMqTelemetry
{
    public const string MeterName = "MailCloud.Queue";

    private readonly Counter<long> published;
    private readonly Histogram<double> confirm;
    private readonly Counter<long> connected;

    public RabbitMqTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        published = meter.CreateCounter<long>("mailcloud.queue.published", "{entry}", "Entries offered to the broker, by result.");
        confirm = meter.CreateHistogram<double>("mailcloud.queue.confirm.duration", "s", "From the call to the broker's confirm.");
        connected = meter.CreateCounter<long>("mailcloud.queue.connections", "{connection}", "Connections made, by purpose.");
    }

    /// <param name="result"><c>confirmed</c>, <c>refused</c> or <c>failed</c>.</param>
    /// <param name="took">From the call to the result.</param>
    public void Published(string result, TimeSpan took)
    {
        published.Add(1, new KeyValuePair<string, object?>("result", result));
        if (result == "confirmed")
        {
            confirm.Record(took.TotalSeconds);
        }
    }

    public void Connected(string purpose) => connected.Add(1, new KeyValuePair<string, object?>("purpose", purpose));
}
