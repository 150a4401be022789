using System.Diagnostics;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MailCloud.Messages;

namespace MailCloud.Blobs.Azure;

/// <summary>
/// One request's answer, read as the reader takes it. The SDK goes on after a broken connection, but only while the blob's ETag is the same, and a release by another owner
/// changes that; and only for the seconds of its own repeats, while the reader may be within a literal or within DATA, where it can do nothing but hang up. The content never changes, so the stream
/// asks anew from where it is, for as long as <see cref="Patience"/>.
/// </summary>
internal sealed class BlobReadStream : ForwardStream
{
    /// <summary>For how long a store may be away in the middle of a body: a restart takes it seconds, and clients wait a minute and more for the next octets.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(2);

    private readonly TimeSpan firstPause;
    private readonly BlockBlobClient blob;
    private readonly string name;
    private readonly long start;
    private readonly BlobsTelemetry telemetry;
    private BlobDownloadStreamingResult answer;
    private long position;

    public BlobReadStream(BlockBlobClient blob, string name, long offset, long? length, BlobDownloadStreamingResult answer, TimeSpan firstPause, BlobsTelemetry telemetry)
    {
        (this.blob, this.name, start, this.answer, this.firstPause, this.telemetry) = (blob, name, offset, answer, firstPause, telemetry);

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
        catch (Exception e) when (Passes(e, cancellationToken))
        {
            return await GoOnAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<int> GoOnAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var broken = Stopwatch.GetTimestamp();
        for (var pause = firstPause; ; pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, MaxPause.Ticks)))
        {
            try
            {
                var anew = await AzureBlobs.DownloadAsync(blob, name, start + position, Length - position, cancellationToken).ConfigureAwait(false);
                answer.Dispose();
                answer = anew ?? throw new EndOfStreamException($"blob {name} ended {Length - position} octets early");
                return await answer.Content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (Passes(e, cancellationToken) && Stopwatch.GetElapsedTime(broken) < Patience)
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The ETag moved, or the service was not there for any of the SDK's attempts, whose end is an <see cref="AggregateException"/>.</summary>
    private static bool Passes(Exception e, CancellationToken cancellationToken) => e switch
    {
        RequestFailedException failed => failed.Status is 0 or 412 or 429 or >= 500,
        AggregateException => true,
        EndOfStreamException => false,
        IOException => true,
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // The SDK's own limit of an attempt.
        _ => false,
    };
}
