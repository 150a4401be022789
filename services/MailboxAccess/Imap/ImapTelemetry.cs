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
    private readonly Counter<long> fetchRead;

    public ImapTelemetry(IMeterFactory meters)
    {
        meter = meters.Create(MeterName);
        connections = meter.CreateUpDownCounter<int>("mailcloud.imap.connections", "{connection}", "Open IMAP connections");
        commands = meter.CreateHistogram<double>("mailcloud.imap.command.duration", "s", "Time from a command to its tagged response");
        logins = meter.CreateCounter<long>("mailcloud.imap.logins", "{login}", "Attempts to log in, by result");
        fetchRead = meter.CreateCounter<long>("mailcloud.imap.fetch.read", "By", "Octets of bodies that FETCH has read from storage");
    }

    /// <summary>Octets of bodies that FETCH has read from the blob store.</summary>
    public void FetchRead(long octets) => fetchRead.Add(octets);

    public void Opened() => connections.Add(1);

    public void Closed() => connections.Add(-1);

    public void Command(string verb, string status, TimeSpan elapsed) =>
        commands.Record(elapsed.TotalSeconds, new TagList { { "verb", verb }, { "status", status } });

    public void Login(bool succeeded) => logins.Add(1, new KeyValuePair<string, object?>("result", succeeded ? "ok" : "failed"));

    public void Dispose() => meter.Dispose();
}
