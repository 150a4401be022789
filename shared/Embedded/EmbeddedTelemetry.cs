using System.Diagnostics.Metrics;

namespace MailCloud.Embedded;

/// <summary>The instruments of meter <c>MailCloud.Embedded</c>; README.md lists them.</summary>
internal sealed class EmbeddedTelemetry
{
    public const string MeterName = "MailCloud.Embedded";

    private readonly Counter<long> commits;
    private readonly Histogram<int> requests;
    private readonly Histogram<double> duration;
    private readonly Counter<long> read;
    private readonly Counter<long> written;

    public EmbeddedTelemetry(IMeterFactory meters, EmbeddedOptions options)
    {
        var meter = meters.Create(MeterName);
        commits = meter.CreateCounter<long>("mailcloud.embedded.commits", "{commit}", "Transactions committed.");
        requests = meter.CreateHistogram<int>("mailcloud.embedded.commit.requests", "{request}", "Writes that shared one commit.");
        duration = meter.CreateHistogram<double>("mailcloud.embedded.commit.duration", "s", "From the first statement of a group to its durable end.");
        read = meter.CreateCounter<long>("mailcloud.embedded.blob.read", "By", "Octets read from blobs.");
        written = meter.CreateCounter<long>("mailcloud.embedded.blob.written", "By", "Octets of committed blobs.");
        var disk = new DriveInfo(Path.GetFullPath(options.Directory));
        meter.CreateObservableGauge("mailcloud.embedded.disk.free", () => disk.AvailableFreeSpace, "By", "Room on the folder's file system.");
        meter.CreateObservableGauge("mailcloud.embedded.disk.size", () => disk.TotalSize, "By", "Size of that file system.");
    }

    public void Committed(int count, TimeSpan took)
    {
        commits.Add(1);
        requests.Record(count);
        duration.Record(took.TotalSeconds);
    }

    public void BlobRead(long octets) => read.Add(octets);

    public void BlobWritten(long octets) => written.Add(octets);
}
