using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace MailCloud.Wire;

/// <summary>
/// The sending half of a connection. Writing never waits; flushing waits at most <paramref name="limit"/> for the peer to take what was written.
/// Who writes much calls <see cref="FlushIfFullAsync"/> between writes, so that what is pending stays bounded.
/// </summary>
/// <param name="pipe">Where the octets go.</param>
/// <param name="time">The clock of the limit.</param>
/// <param name="limit">How long a flush may take.</param>
/// <param name="full">Octets from which <see cref="FlushIfFullAsync"/> flushes.</param>
public sealed class ReplyWriter(PipeWriter pipe, TimeProvider time, TimeSpan limit, int full) : IBufferWriter<byte>
{
    private PipeWriter pipe = pipe;
    private bool peerIsGone;

    /// <summary>Octets written and not flushed.</summary>
    public long Pending => pipe.UnflushedBytes;

    public void Write(ReadOnlySpan<byte> octets) => pipe.Write(octets);

    /// <summary>Writes text as UTF-8.</summary>
    public void Write(string text) => Encoding.UTF8.GetBytes(text, pipe);

    public void Advance(int count) => pipe.Advance(count);

    public Memory<byte> GetMemory(int sizeHint = 0) => pipe.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => pipe.GetSpan(sizeHint);

    public ValueTask FlushIfFullAsync(CancellationToken cancellationToken) =>
        Pending < full ? ValueTask.CompletedTask : FlushAsync(cancellationToken);

    /// <exception cref="PeerTimeoutException">The peer did not take it in time.</exception>
    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        // Who let one limit pass is not waited for again, not even with the goodbye.
        if (peerIsGone)
        {
            throw new PeerTimeoutException("the peer takes nothing any more");
        }

        if (Pending == 0)
        {
            return ValueTask.CompletedTask;
        }

        var flush = pipe.FlushAsync(cancellationToken);
        if (!flush.IsCompletedSuccessfully)
        {
            return WaitAsync(flush.AsTask());
        }

        Check(flush.Result);
        return ValueTask.CompletedTask;
    }

    /// <summary>Goes on writing to another pipe: the encrypting side after a TLS handshake.</summary>
    public void Replace(PipeWriter next) => pipe = next;

    private async ValueTask WaitAsync(Task<FlushResult> flush)
    {
        var waited = pipe;
        using var timer = time.CreateTimer(_ => waited.CancelPendingFlush(), null, limit, Timeout.InfiniteTimeSpan);
        Check(await flush.ConfigureAwait(false));
    }

    private void Check(FlushResult result)
    {
        if (result.IsCanceled)
        {
            peerIsGone = true;
            throw new PeerTimeoutException("the peer did not take the reply in time");
        }
    }
}
