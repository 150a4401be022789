using System.Buffers;
using System.IO.Pipelines;

namespace MailCloud.Wire;

/// <summary>
/// The receiving half of a connection, where every wait has a deadline. A wait that is not needed (the octets are there already) arms no timer.
/// One reader at a time: <see cref="LineReader"/>, <see cref="LiteralReader"/> and <see cref="DotReader"/> take turns on the same instance.
/// </summary>
public sealed class TimedReader : IDisposable
{
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private PipeReader pipe;

    public TimedReader(PipeReader pipe, TimeProvider time)
    {
        this.pipe = pipe;
        this.time = time;
        timer = time.CreateTimer(static state => ((TimedReader)state!).pipe.CancelPendingRead(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A moment on this reader's clock, for <see cref="ReadAsync"/>.</summary>
    public long DeadlineAfter(TimeSpan limit) => time.GetTimestamp() + Ticks(limit);

    /// <summary>How long it is until a deadline; negative when it has passed.</summary>
    public TimeSpan Until(long deadline) => time.GetElapsedTime(time.GetTimestamp(), deadline);

    /// <summary>A time span in the unit of <see cref="DeadlineAfter"/>.</summary>
    internal long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <summary>What is there already, without waiting. False when nothing new is.</summary>
    public bool TryRead(out ReadResult result)
    {
        // A cancelled read is a timer that fired just as its wait ended: nothing for the one who reads now.
        return pipe.TryRead(out result) && (!result.IsCanceled || !result.Buffer.IsEmpty || Discard(result));
    }

    /// <summary>Waits for octets beyond those examined.</summary>
    /// <exception cref="PeerTimeoutException">The deadline passed.</exception>
    public async ValueTask<ReadResult> ReadAsync(long deadline, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryRead(out var ready))
            {
                return ready;
            }

            var left = Until(deadline);
            if (left <= TimeSpan.Zero)
            {
                throw new PeerTimeoutException("the peer sent nothing in time");
            }

            // A timer of the runtime rounds down to milliseconds and must not fire before the deadline.
            timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            var result = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
            timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (!result.IsCanceled || !result.Buffer.IsEmpty)
            {
                return result;
            }

            Discard(result);
        }
    }

    public void AdvanceTo(SequencePosition consumed) => pipe.AdvanceTo(consumed);

    public void AdvanceTo(SequencePosition consumed, SequencePosition examined) => pipe.AdvanceTo(consumed, examined);

    /// <summary>Throws away all that has arrived and was not consumed. Returns how many octets these were.</summary>
    public long DropBuffered()
    {
        if (!pipe.TryRead(out var result))
        {
            return 0;
        }

        var dropped = result.Buffer.Length;
        pipe.AdvanceTo(result.Buffer.End);
        return dropped;
    }

    /// <summary>Whether octets have arrived that nobody took.</summary>
    public bool HasBuffered()
    {
        if (!pipe.TryRead(out var result))
        {
            return false;
        }

        pipe.AdvanceTo(result.Buffer.Start);
        return !result.Buffer.IsEmpty;
    }

    /// <summary>Goes on reading from another pipe: the decrypted side after a TLS handshake.</summary>
    public void Replace(PipeReader next) => pipe = next;

    public void Dispose() => timer.Dispose();

    private bool Discard(ReadResult cancelled)
    {
        pipe.AdvanceTo(cancelled.Buffer.Start, cancelled.Buffer.End);
        return false;
    }
}

/// <summary>The peer neither sent nor took anything within its time.</summary>
public sealed class PeerTimeoutException(string message) : IOException(message);
