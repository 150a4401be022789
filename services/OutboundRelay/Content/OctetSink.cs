using System.Buffers;

namespace MailCloud.OutboundRelay.Content;

/// <summary>Octets that are ready to be read, and where in a line the next will stand.</summary>
internal sealed class OctetSink
{
    private readonly ArrayBufferWriter<byte> buffer = new(8 * 1024);
    private int taken;

    /// <summary>Octets since the last line end.</summary>
    public int Column { get; private set; }

    public bool IsEmpty => taken == buffer.WrittenCount;

    /// <summary>Text without a line end.</summary>
    public void Write(ReadOnlySpan<byte> text)
    {
        buffer.Write(text);
        Column += text.Length;
    }

    public void Write(byte octet)
    {
        buffer.GetSpan(1)[0] = octet;
        buffer.Advance(1);
        Column++;
    }

    public void EndLine()
    {
        buffer.Write("\r\n"u8);
        Column = 0;
    }

    /// <summary>Whole lines, or the beginning of one behind them.</summary>
    public void WriteLines(ReadOnlySpan<byte> lines)
    {
        buffer.Write(lines);
        var lastEnd = lines.LastIndexOf("\r\n"u8);
        Column = lastEnd < 0 ? Column + lines.Length : lines.Length - lastEnd - 2;
    }

    /// <summary>Hands out what was written, in its order; how many octets.</summary>
    public int Take(Span<byte> into)
    {
        var ready = buffer.WrittenSpan[taken..];
        ready = ready[..Math.Min(ready.Length, into.Length)];
        ready.CopyTo(into);
        taken += ready.Length;
        if (IsEmpty)
        {
            buffer.ResetWrittenCount();
            taken = 0;
        }

        return ready.Length;
    }
}
