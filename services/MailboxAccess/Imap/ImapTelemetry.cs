using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>Instruments of the meter <c>MailCloud.Imap</c>.</summary>
internal sealed class ImapTelemetry : IDisposable
{
    public const string MeterName = "MailCloud.Imap";

    private readonly Meter meter;
    private readonly UpDownCounter<int> connections;
    private readonly Histogram<double> commands;
    private readonly Counter<long> logins;
    private readonly Counter<long> turnedAway;
    private readonly Counter<long> fetchRead;

    public ImapTelemetry(IMeterFactory meters)
    {
        meter = meters.Create(MeterName);
        connections = meter.CreateUpDownCounter<int>("mailcloud.imap.connections", "{connection}", "Open IMAP connections");
        commands = meter.CreateHistogram<double>("mailcloud.imap.command.duration", "s", "Time from a command to its tagged response");
        logins = meter.CreateCounter<long>("mailcloud.imap.logins", "{login}", "Attempts to log in, by result");
        turnedAway = meter.CreateCounter<long>("mailcloud.imap.refused", "{connection}", "Connections that found no place");
        fetchRead = meter.CreateCounter<long>("mailcloud.imap.fetch.read", "By", "Octets of bodies that FETCH has read from storage");
    }

    /// <summary>Octets of bodies that FETCH has read from the blob store.</summary>
    public void FetchRead(long octets) => fetchRead.Add(octets);

    public void Opened() => connections.Add(1);

    public void Closed() => connections.Add(-1);

    public void Command(string verb, string status, TimeSpan elapsed) =>
        commands.Record(elapsed.TotalSeconds, new TagList { { "verb", verb }, { "status", status } });

    /// <param name="result"><c>ok</c>, <c>failed</c>, <c>unavailable</c> (not checked) or <c>limited</c> (right, and too many sessions).</param>
    public void Login(string result) => logins.Add(1, new KeyValuePair<string, object?>("result", result));

    public void TurnedAway() => turnedAway.Add(1);

    public void Dispose() => meter.Dispose();
}
