using System.Diagnostics.Metrics;

namespace MailCloud.Blobs.Azure;

/// <summary>The instruments of meter <c>MailCloud.Blobs</c>; README.md lists them.</summary>
internal sealed class BlobsTelemetry
{
    public const string MeterName = "MailCloud.Blobs";

    private readonly Counter<long> read;
    private readonly Counter<long> written;

    public BlobsTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        read = meter.CreateCounter<long>("mailcloud.blobs.read", "By", "Octets read from blobs.");
        written = meter.CreateCounter<long>("mailcloud.blobs.written", "By", "Octets of committed blobs.");
    }

    public void Read(long octets) => read.Add(octets);

    public void Written(long octets) => written.Add(octets);
}
