using System.Buffers.Text;

namespace MailCloud.OutboundRelay.Content;

/// <summary>Writes a body as base64 in lines of 76 octets (RFC 2045 §6.8), the last without an end: what delimits it brings one.</summary>
internal sealed class Base64Writer(OctetSink sink)
{
    private const int OctetsPerLine = 57;

    private readonly byte[] line = new byte[OctetsPerLine];
    private int length;

    public void Write(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            if (length == OctetsPerLine)
            {
                Encode();
                sink.EndLine();
            }

            var more = octets[..Math.Min(octets.Length, OctetsPerLine - length)];
            more.CopyTo(line.AsSpan(length));
            length += more.Length;
            octets = octets[more.Length..];
        }
    }

    public void End() => Encode();

    private void Encode()
    {
        Span<byte> encoded = stackalloc byte[76];
        Base64.EncodeToUtf8(line.AsSpan(0, length), encoded, out _, out var written);
        sink.Write(encoded[..written]);
        length = 0;
    }
}

/// <summary>Writes what says it is base64 in lines anew, without octets that are not of its alphabet: those mean nothing (RFC 2045 §6.8).</summary>
internal sealed class Base64Mender(OctetSink sink)
{
    private const int MaxLine = 76;

    public void Write(ReadOnlySpan<byte> text)
    {
        foreach (var octet in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'+' or (byte)'/' or (byte)'='))
            {
                continue;
            }

            if (sink.Column == MaxLine)
            {
                sink.EndLine();
            }

            sink.Write(octet);
        }
    }
}
