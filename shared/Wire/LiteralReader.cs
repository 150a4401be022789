using System.Buffers;

namespace MailCloud.Wire;

/// <summary>Reads an exact number of octets, whatever they are: IMAP literals (RFC 3501 §4.3) and BDAT chunks (RFC 3030 §2).</summary>
public static class LiteralReader
{
    /// <summary>Hands the next <paramref name="count"/> octets to the sink, in the pieces in which they came.</summary>
    /// <exception cref="EndOfStreamException">The peer closed its side before.</exception>
    /// <exception cref="PeerTimeoutException">It was too slow.</exception>
    public static async ValueTask ReadAsync(TimedReader input, long count, ReadPace pace, PieceSink sink, CancellationToken cancellationToken)
    {
        var started = input.DeadlineAfter(TimeSpan.Zero);
        var left = count;
        while (left > 0)
        {
            if (!input.TryRead(out var result))
            {
                result = await input.ReadAsync(pace.Deadline(input, started, count - left), cancellationToken).ConfigureAwait(false);
            }

            var piece = result.Buffer.Length > left ? result.Buffer.Slice(0, left) : result.Buffer;
            foreach (var segment in piece)
            {
                await sink(segment, cancellationToken).ConfigureAwait(false);
            }

            left -= piece.Length;
            input.AdvanceTo(piece.End);
            if (left > 0 && result.IsCompleted)
            {
                throw new EndOfStreamException("the peer closed the connection within a literal");
            }
        }
    }

    /// <summary>The same into a stream.</summary>
    public static ValueTask ReadAsync(TimedReader input, long count, ReadPace pace, Stream destination, CancellationToken cancellationToken) =>
        ReadAsync(input, count, pace, destination.WriteAsync, cancellationToken);

    /// <summary>Reads so many octets and throws them away: the rest of what was refused.</summary>
    public static ValueTask SkipAsync(TimedReader input, long count, ReadPace pace, CancellationToken cancellationToken) =>
        ReadAsync(input, count, pace, static (_, _) => ValueTask.CompletedTask, cancellationToken);
}
