using System.IO.Compression;
using System.IO.Pipelines;

namespace MailCloud.Wire;

/// <summary>
/// A connection both of whose directions are deflated, over the pipes of the plain or the encrypted one. Each flush ends the octets written so far
/// at a boundary (RFC 4978 §3: Z_SYNC_FLUSH), so that the peer can read them. What the peer sends is inflated as it is read and no further: however much
/// a few octets stand for, no more than a buffer of it is in memory. What is no deflated data ends the reading with <see cref="InvalidDataException"/>.
/// The owner disposes it before the pipes below.
/// </summary>
public sealed class DeflateConnection : IDuplexPipe, IAsyncDisposable
{
    // A peer that takes nothing must not keep the connection by not taking the last block.
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(5);

    private readonly DeflateStream inflating;
    private readonly DeflateStream deflating;
    private readonly TimeProvider time;

    public DeflateConnection(IDuplexPipe transport, TimeProvider time)
    {
        this.time = time;
        inflating = new(transport.Input.AsStream(leaveOpen: true), CompressionMode.Decompress, leaveOpen: true);
        deflating = new(transport.Output.AsStream(leaveOpen: true), CompressionLevel.Fastest, leaveOpen: true);

        // No zero-byte reads: they wait for octets of the peer even when some that came are not inflated yet.
        Input = PipeReader.Create(inflating, new StreamPipeReaderOptions(bufferSize: 4096, minimumReadSize: 1024, leaveOpen: true, useZeroByteReads: false));
        Output = PipeWriter.Create(deflating, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Ends the deflated stream where the peer still takes it, and frees the state of both directions (about 300 kB).</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await EndAsync().WaitAsync(Goodbye, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException or TimeoutException)
        {
            // It is gone already.
        }

        await Input.CompleteAsync().ConfigureAwait(false);
        await inflating.DisposeAsync().ConfigureAwait(false);
    }

    // What was written and not flushed goes out with the completion, and that too waits for the peer.
    private async Task EndAsync()
    {
        await Output.CompleteAsync().ConfigureAwait(false);
        await deflating.DisposeAsync().ConfigureAwait(false);
    }
}
