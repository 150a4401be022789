using System.Diagnostics.Metrics;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>Instruments of the meter <c>MailCloud.Pop3</c>.</summary>
internal sealed class Pop3Telemetry : SessionTelemetry
{
    public const string MeterName = "MailCloud.Pop3";

    private readonly Counter<long> read;
    private readonly Counter<long> removed;

    public Pop3Telemetry(IMeterFactory meters)
        : base(meters, MeterName, "pop3")
    {
        read = Meter.CreateCounter<long>("mailcloud.pop3.read", "By", "Octets of bodies that RETR and TOP have read from storage");
        removed = Meter.CreateCounter<long>("mailcloud.pop3.removed", "{message}", "Messages that QUIT has removed");
    }

    public void Read(long octets) => read.Add(octets);

    public void Removed(int messages) => removed.Add(messages);
}
