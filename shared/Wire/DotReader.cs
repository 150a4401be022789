using System.Buffers;

namespace MailCloud.Wire;

public enum DotStatus
{
    /// <summary>The whole message went to the sink.</summary>
    Complete = 0,

    /// <summary>The message has a CR or LF that is no part of a CRLF.</summary>
    BareLineEnd = 1,

    /// <summary>The message is longer than allowed.</summary>
    TooLarge = 2,
}

/// <summary>How the message ended, and its length in octets after the dots were taken out (of a refused one too).</summary>
public readonly record struct DotResult(DotStatus Status, long Octets);

/// <summary>
/// Reads a message as SMTP's DATA sends it (RFC 5321 §4.1.1.4, §4.5.2). Only CRLF "." CRLF ends it, and a bare CR or LF anywhere makes it refused:
/// a server that took other line ends than its neighbours could be made to see a second message where they see one. What is refused is still
/// read to its end, so that the reply comes where the client waits for it.
/// </summary>
public static class DotReader
{
    // Large enough that the sink is called once for most messages, small enough for thousands of sessions.
    private const int PieceSize = 16 * 1024;

    /// <exception cref="EndOfStreamException">The peer closed its side within the message.</exception>
    /// <exception cref="PeerTimeoutException">It was too slow.</exception>
    public static async ValueTask<DotResult> ReadAsync(TimedReader input, long maximum, ReadPace pace, PieceSink sink, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            var scan = new DotScan(maximum);
            var started = input.DeadlineAfter(TimeSpan.Zero);
            while (true)
            {
                if (!input.TryRead(out var result))
                {
                    result = await input.ReadAsync(pace.Deadline(input, started, scan.Octets), cancellationToken).ConfigureAwait(false);
                }

                // Segment by segment: one of them may be empty, the first too.
                var used = 0L;
                foreach (var segment in result.Buffer)
                {
                    for (var left = segment; !left.IsEmpty && !scan.Ended;)
                    {
                        var taken = scan.Take(left.Span, piece);
                        used += taken;
                        left = left[taken..];
                        if (scan.PieceLength == piece.Length)
                        {
                            await sink(piece.AsMemory(), cancellationToken).ConfigureAwait(false);
                            scan.PieceLength = 0;
                        }
                    }
                }

                if (scan.PieceLength > 0)
                {
                    await sink(piece.AsMemory(0, scan.PieceLength), cancellationToken).ConfigureAwait(false);
                    scan.PieceLength = 0;
                }

                input.AdvanceTo(result.Buffer.GetPosition(used));
                if (scan.Ended)
                {
                    return new(scan.Status, scan.Octets);
                }

                if (result.IsCompleted)
                {
                    throw new EndOfStreamException("the peer closed the connection within a message");
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Where the scan stands between two octets.</summary>
    private enum At
    {
        LineStart,
        Line,
        Cr,
        Dot,
        DotCr,
    }

    private struct DotScan(long maximum)
    {
        private At at = At.LineStart;

        public DotStatus Status { get; private set; }

        public long Octets { get; private set; }

        public bool Ended { get; private set; }

        public int PieceLength { get; set; }

        /// <summary>Takes octets until the input ends, the piece is full or the message ends. Returns how many it took.</summary>
        public int Take(ReadOnlySpan<byte> input, Span<byte> piece)
        {
            var used = 0;
            while (used < input.Length && PieceLength < piece.Length && !Ended)
            {
                used += at == At.Line ? TakeLine(input[used..], piece) : TakeOctet(input[used], piece);
            }

            return used;
        }

        private int TakeLine(ReadOnlySpan<byte> input, Span<byte> piece)
        {
            input = input[..Math.Min(input.Length, piece.Length - PieceLength)];
            var end = input.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                Emit(input, piece);
                return input.Length;
            }

            Emit(input[..(end + 1)], piece);
            if (input[end] == '\r')
            {
                at = At.Cr;
            }
            else
            {
                Refuse(DotStatus.BareLineEnd);
            }

            return end + 1;
        }

        private int TakeOctet(byte octet, Span<byte> piece)
        {
            switch (at, octet)
            {
                case (At.Cr, (byte)'\n'):
                    at = At.LineStart;
                    break;
                case (At.LineStart, (byte)'.'):
                    // RFC 5321 §4.5.2: the first dot of a line is taken out.
                    at = At.Dot;
                    return 1;
                case (At.Dot, (byte)'\r'):
                    at = At.DotCr;
                    return 1;
                case (At.DotCr, (byte)'\n'):
                    Ended = true;
                    return 1;
                case (At.Cr or At.DotCr, _):
                    // The CR after a dot was held back.
                    Octets += at == At.DotCr ? 1 : 0;
                    Refuse(DotStatus.BareLineEnd);
                    at = octet == '\r' ? At.Cr : At.Line;
                    break;
                case (_, (byte)'\n'):
                    Refuse(DotStatus.BareLineEnd);
                    at = At.Line;
                    break;
                default:
                    at = octet == '\r' ? At.Cr : At.Line;
                    break;
            }

            Span<byte> one = [octet];
            Emit(one, piece);
            return 1;
        }

        private void Emit(scoped ReadOnlySpan<byte> octets, Span<byte> piece)
        {
            Octets += octets.Length;
            if (Octets > maximum)
            {
                Refuse(DotStatus.TooLarge);
            }

            if (Status == DotStatus.Complete)
            {
                octets.CopyTo(piece[PieceLength..]);
                PieceLength += octets.Length;
            }
        }

        private void Refuse(DotStatus why)
        {
            Status = Status == DotStatus.Complete ? why : Status;
            PieceLength = 0;
        }
    }
}
