using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>Instruments of the meter <c>MailCloud.Imap</c>.</summary>
internal sealed class ImapTelemetry : SessionTelemetry
{
    public const string MeterName = "MailCloud.Imap";

    public static readonly ActivitySource Activities = new(MeterName);

    private readonly Counter<long> fetchRead;

    public ImapTelemetry(IMeterFactory meters)
        : base(meters, MeterName, "imap") =>
        fetchRead = Meter.CreateCounter<long>("mailcloud.imap.fetch.read", "By", "Octets of bodies that FETCH has read from storage");

    /// <summary>Octets of bodies that FETCH has read from the blob store.</summary>
    public void FetchRead(long octets) => fetchRead.Add(octets);
}
