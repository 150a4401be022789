using System.Buffers;

namespace MailCloud.Wire;

public enum LineStatus
{
    /// <summary><see cref="LineReader.Line"/> holds a line without its CRLF.</summary>
    Complete = 0,

    /// <summary>A line longer than the maximum was read to its end and thrown away.</summary>
    TooLong = 1,

    /// <summary>The peer closed its side; an unfinished line is dropped.</summary>
    End = 2,
}

/// <summary>
/// Reads lines that end in CRLF. A bare CR or LF does not end a line and stays in it, for the parser to refuse. Each octet is looked at once,
/// however small the pieces in which it comes; at most <paramref name="maximum"/> octets are held, and those of a long line only until the next read.
/// </summary>
/// <param name="input">Where the octets come from.</param>
/// <param name="maximum">The longest line, in octets, its CRLF included (as RFC 5321 §4.5.3.1.4 counts).</param>
public sealed class LineReader(TimedReader input, int maximum)
{
    // RFC 5321 §4.5.3.1.4: what an ordinary command needs; an idle connection holds no more.
    private const int Kept = 512;

    // A line that is too long is read to its end, so that the reply comes where the client waits for it; who sends this much without CRLF speaks another protocol.
    private const int MaximumSkipped = 1024 * 1024;

    private byte[] buffer = new byte[Math.Min(maximum, Kept)];
    private int length;
    private int skipped;
    private bool tooLong;
    private bool endsInCr;
    private bool finished;

    /// <summary>The line last read, without CRLF. Valid until the next read.</summary>
    public ReadOnlyMemory<byte> Line => buffer.AsMemory(0, length);

    /// <summary>Reads a line that is there already. False when none is complete yet: then is the time to flush and wait.</summary>
    /// <exception cref="EndlessLineException">A line did not end within a mebibyte.</exception>
    public bool TryRead(out LineStatus status)
    {
        Start();
        while (input.TryRead(out var result))
        {
            if (Take(result, out status))
            {
                return true;
            }
        }

        status = default;
        return false;
    }

    /// <summary>Reads the next line, which must be complete within the limit.</summary>
    /// <exception cref="PeerTimeoutException">It was not.</exception>
    /// <exception cref="EndlessLineException">It did not end within a mebibyte.</exception>
    public async ValueTask<LineStatus> ReadAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        Start();
        var deadline = input.DeadlineAfter(limit);
        while (true)
        {
            var result = await input.ReadAsync(deadline, cancellationToken).ConfigureAwait(false);
            if (Take(result, out var status))
            {
                return status;
            }
        }
    }

    private void Start()
    {
        if (!finished)
        {
            return;
        }

        (length, skipped, tooLong, endsInCr, finished) = (0, 0, false, false, false);
        if (buffer.Length > Kept)
        {
            buffer = new byte[Kept];
        }
    }

    private bool Take(System.IO.Pipelines.ReadResult result, out LineStatus status)
    {
        var sequence = result.Buffer;
        foreach (var segment in sequence)
        {
            if (TakeSegment(segment.Span, out var used))
            {
                input.AdvanceTo(sequence.GetPosition(used, sequence.Start));
                finished = true;
                status = tooLong ? LineStatus.TooLong : LineStatus.Complete;
                length = tooLong ? 0 : length - 2;
                return true;
            }

            sequence = sequence.Slice(segment.Length);
        }

        input.AdvanceTo(sequence.End);
        status = LineStatus.End;
        return finished = result.IsCompleted;
    }

    private bool TakeSegment(ReadOnlySpan<byte> span, out int used)
    {
        used = 0;
        while (used < span.Length)
        {
            var lf = span[used..].IndexOf((byte)'\n');
            if (lf < 0)
            {
                Append(span[used..]);
                used = span.Length;
                return false;
            }

            var isCrlf = lf == 0 ? endsInCr : span[used + lf - 1] == '\r';
            Append(span.Slice(used, lf + 1));
            used += lf + 1;
            if (isCrlf)
            {
                return true;
            }
        }

        return false;
    }

    private void Append(ReadOnlySpan<byte> octets)
    {
        endsInCr = octets[^1] == '\r';
        if (tooLong || length + octets.Length > maximum)
        {
            (tooLong, length) = (true, 0);
            skipped += octets.Length;
            if (skipped > MaximumSkipped)
            {
                throw new EndlessLineException("the peer sends a line without end");
            }

            return;
        }

        if (length + octets.Length > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Min(maximum, Math.Max(buffer.Length * 2, length + octets.Length)));
        }

        octets.CopyTo(buffer.AsSpan(length));
        length += octets.Length;
    }
}

/// <summary>The peer sends and sends without ending its line; the connection is of no use.</summary>
public sealed class EndlessLineException(string message) : IOException(message);
