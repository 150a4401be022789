using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MailCloud.Messages;

namespace MailCloud.Blobs.Azure;

/// <summary>
/// One request's answer, read as the reader takes it. The SDK goes on after a broken connection, but only while the blob's ETag is the same, and a release by another owner
/// changes that; the content never changes, so the stream then asks anew from where it is.
/// </summary>
internal sealed class BlobReadStream : ForwardStream
{
    private readonly BlockBlobClient blob;
    private readonly string name;
    private readonly long start;
    private readonly BlobsTelemetry telemetry;
    private BlobDownloadStreamingResult answer;
    private long position;

    public BlobReadStream(BlockBlobClient blob, string name, long offset, long? length, BlobDownloadStreamingResult answer, BlobsTelemetry telemetry)
    {
        (this.blob, this.name, start, this.answer, this.telemetry) = (blob, name, offset, answer, telemetry);

        // What the answer has, but not the list of owners that may follow the content, nor the octet that a question for none asks for.
        var rest = BlobOwners.BodyLength(answer.Details.Metadata, long.MaxValue) - offset;
        Length = Math.Max(0, Math.Min(Math.Min(rest, answer.Details.ContentLength), length ?? long.MaxValue));
    }

    public override long Length { get; }

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = buffer[..(int)Math.Min(buffer.Length, Length - position)];
        if (wanted.Length == 0)
        {
            return 0;
        }

        var count = await ReadSomeAsync(wanted, cancellationToken).ConfigureAwait(false);
        if (count == 0)
        {
            throw new EndOfStreamException($"blob {name} ended {Length - position} octets early");
        }

        position += count;
        telemetry.Read(count);
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            answer.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadSomeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.Content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.Status == 412)
        {
            var anew = await AzureBlobs.DownloadAsync(blob, name, start + position, Length - position, cancellationToken).ConfigureAwait(false);
            answer.Dispose();
            answer = anew ?? throw new EndOfStreamException($"blob {name} ended {Length - position} octets early");
            return await answer.Content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
    }
}
