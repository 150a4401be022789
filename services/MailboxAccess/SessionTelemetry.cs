using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MailCloud.MailboxAccess;

/// <summary>The instruments that every protocol of this edge has, in a meter of its own.</summary>
internal abstract class SessionTelemetry : IDisposable
{
    private readonly UpDownCounter<int> connections;
    private readonly Gauge<int> places;
    private readonly Histogram<double> commands;
    private readonly Counter<long> logins;
    private readonly Counter<long> turnedAway;

    /// <param name="meters">Makes the meter.</param>
    /// <param name="meterName">Its name.</param>
    /// <param name="protocol">As instruments' names have it: <c>imap</c>.</param>
    protected SessionTelemetry(IMeterFactory meters, string meterName, string protocol)
    {
        Meter = meters.Create(meterName);
        connections = Meter.CreateUpDownCounter<int>($"mailcloud.{protocol}.connections", "{connection}", "Open connections");
        places = Meter.CreateGauge<int>($"mailcloud.{protocol}.connections.limit", "{connection}", "Connections that there is room for");
        commands = Meter.CreateHistogram<double>($"mailcloud.{protocol}.command.duration", "s", "Time from a command to the end of its reply");
        logins = Meter.CreateCounter<long>($"mailcloud.{protocol}.logins", "{login}", "Attempts to log in, by result");
        turnedAway = Meter.CreateCounter<long>($"mailcloud.{protocol}.refused", "{connection}", "Connections that found no place");
        turnedAway.Add(0);
    }

    protected Meter Meter { get; }

    /// <param name="limit">As many there may be.</param>
    public void Opened(int limit)
    {
        connections.Add(1);
        places.Record(limit);
    }

    public void Closed() => connections.Add(-1);

    public void TurnedAway() => turnedAway.Add(1);

    public void Command(string verb, string status, TimeSpan elapsed) =>
        commands.Record(elapsed.TotalSeconds, new TagList { { "verb", verb }, { "status", status } });

    /// <param name="result">
    /// <c>ok</c>, <c>failed</c>, <c>unavailable</c> (not checked, too many wait); right and refused all the same: <c>limited</c> (IMAP, too many sessions), <c>in-use</c> (POP3, another session has the maildrop).
    /// </param>
    public void Login(string result) => logins.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Dispose() => Meter.Dispose();
}
