using System.Buffers;
using System.Text;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>What octets the body of an entity has: what decides whether it can go as it is, and how it is best encoded.</summary>
internal sealed class PartFacts
{
    /// <summary>Octets of a line without its CRLF (RFC 5321 §4.5.3.1.6).</summary>
    public const int MaxLine = 998;

    private readonly byte[] character = new byte[4];
    private int characterLength;
    private long line;
    private long quotedLine;

    public bool Has8Bit { get; private set; }

    public bool HasNul { get; private set; }

    /// <summary>CR or LF alone.</summary>
    public bool HasBareEnds { get; private set; }

    public bool HasLongLine { get; private set; }

    /// <summary>All that is not ASCII is UTF-8.</summary>
    public bool IsUtf8 { get; private set; } = true;

    /// <summary>About as many octets as quoted-printable would have.</summary>
    public long QuotedLength { get; private set; }

    /// <summary>As many octets as base64 would have.</summary>
    public long Base64Length => (Octets + 2) / 3 * 4 * 78 / 76;

    /// <summary>What it needs of a transport as it stands, once its line ends are mended.</summary>
    public BodyType Level => HasNul || HasLongLine ? BodyType.BinaryMime : Has8Bit ? BodyType.EightBitMime : BodyType.SevenBit;

    private long Octets { get; set; }

    public void Add(ReadOnlySpan<byte> text)
    {
        var escaped = text.Count((byte)'=');
        if (!Ascii.IsValid(text))
        {
            Has8Bit = true;
            escaped += Count8Bit(text);
            CheckUtf8(text);
        }

        HasNul |= text.Contains((byte)0);

        // Of a part that says it is binary, where CR ends no line.
        HasBareEnds |= text.Contains((byte)'\r');
        Octets += text.Length;
        line += text.Length;
        HasLongLine |= line > MaxLine;
        quotedLine += text.Length + (2 * escaped);
    }

    public void AddLineEnd(LineEnd end)
    {
        HasBareEnds |= end is LineEnd.Cr or LineEnd.Lf;
        IsUtf8 &= characterLength == 0;
        characterLength = 0;
        Octets += 2;
        line = 0;
        EndQuotedLine();
    }

    public void End()
    {
        IsUtf8 &= characterLength == 0;
        EndQuotedLine();
    }

    private static int Count8Bit(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var octet in text)
        {
            count += octet >> 7;
        }

        return count;
    }

    // Each 75 octets a soft line break of three.
    private void EndQuotedLine()
    {
        QuotedLength += quotedLine + 2 + (quotedLine / QuotedPrintableWriter.MaxText * 3);
        quotedLine = 0;
    }

    private void CheckUtf8(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && IsUtf8)
        {
            if (characterLength == 0)
            {
                var at = text.IndexOfAnyInRange((byte)0x80, (byte)0xff);
                if (at < 0)
                {
                    return;
                }

                text = text[at..];
            }

            character[characterLength++] = text[0];
            text = text[1..];
            var status = Rune.DecodeFromUtf8(character.AsSpan(0, characterLength), out _, out _);
            IsUtf8 = status != OperationStatus.InvalidData;
            characterLength = status == OperationStatus.NeedMoreData ? characterLength : 0;
        }
    }
}
