using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>Instruments of the meter <c>MailCloud.Pop3</c>.</summary>
internal sealed class Pop3Telemetry : IDisposable
{
    public const string MeterName = "MailCloud.Pop3";

    private readonly Meter meter;
    private readonly UpDownCounter<int> connections;
    private readonly Histogram<double> commands;
    private readonly Counter<long> logins;
    private readonly Counter<long> turnedAway;
    private readonly Counter<long> read;
    private readonly Counter<long> removed;

    public Pop3Telemetry(IMeterFactory meters)
    {
        meter = meters.Create(MeterName);
        connections = meter.CreateUpDownCounter<int>("mailcloud.pop3.connections", "{connection}", "Open POP3 connections");
        commands = meter.CreateHistogram<double>("mailcloud.pop3.command.duration", "s", "Time from a command to the end of its reply");
        logins = meter.CreateCounter<long>("mailcloud.pop3.logins", "{login}", "Attempts to log in, by result");
        turnedAway = meter.CreateCounter<long>("mailcloud.pop3.refused", "{connection}", "Connections that found no place");
        read = meter.CreateCounter<long>("mailcloud.pop3.read", "By", "Octets of bodies that RETR and TOP have read from storage");
        removed = meter.CreateCounter<long>("mailcloud.pop3.removed", "{message}", "Messages that QUIT has removed");
    }

    public void Read(long octets) => read.Add(octets);

    public void Removed(int messages) => removed.Add(messages);

    public void TurnedAway() => turnedAway.Add(1);

    public void Opened() => connections.Add(1);

    public void Closed() => connections.Add(-1);

    public void Command(string verb, bool isOk, TimeSpan elapsed) =>
        commands.Record(elapsed.TotalSeconds, new TagList { { "verb", verb }, { "status", isOk ? "ok" : "err" } });

    /// <param name="result"><c>ok</c>, <c>failed</c>, <c>unavailable</c> (not checked, too many wait), or <c>in-use</c>: the credentials were right and another session has the maildrop.</param>
    public void Login(string result) => logins.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Dispose() => meter.Dispose();
}
