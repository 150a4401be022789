using System.Buffers;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>Makes of a message's octets, in pieces of any size, what goes behind DATA (RFC 5321 §4.5.2).</summary>
internal struct DotStuffing
{
    private At at;

    private enum At
    {
        LineStart = 0,
        Line,
        Cr,
    }

    /// <summary>Writes a piece: a dot that begins a line is doubled. Only CRLF ends a line.</summary>
    public void Write(ReadOnlySpan<byte> piece, IBufferWriter<byte> output)
    {
        if (piece.IsEmpty)
        {
            return;
        }

        var endsInCrlf = piece.EndsWith("\r\n"u8) || (at == At.Cr && piece.Length == 1 && piece[0] == '\n');
        if (at == At.LineStart && piece[0] == '.')
        {
            output.Write("."u8);
        }
        else if (at == At.Cr && piece.StartsWith("\n."u8))
        {
            output.Write("\n."u8);
            piece = piece[1..];
        }

        at = endsInCrlf ? At.LineStart : piece[^1] == '\r' ? At.Cr : At.Line;
        for (var dot = piece.IndexOf("\r\n."u8); dot >= 0; dot = piece.IndexOf("\r\n."u8))
        {
            output.Write(piece[..(dot + 3)]);
            piece = piece[(dot + 2)..];
        }

        output.Write(piece);
    }

    /// <summary>Writes the end: a dot on a line of its own. A message whose last line does not end gets its CRLF.</summary>
    public readonly void End(IBufferWriter<byte> output) => output.Write(at == At.LineStart ? ".\r\n"u8 : "\r\n.\r\n"u8);
}
