using System.Security.Cryptography;

namespace MailCloud.OutboundRelay.Content;

/// <summary>
/// The SHA-256 hash of a body in relaxed canonical form (RFC 6376 §3.4.4): white space within a line is one space, at its end nothing, empty lines at the end of the body nothing. Only CRLF ends a
/// line, as all that leaves has it.
/// </summary>
internal sealed class RelaxedBodyHash : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] ready = new byte[4096];
    private int length;
    private long emptyLines;
    private bool hasSpace;
    private bool hasCr;
    private bool lineHasText;

    public void Add(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            if (hasCr)
            {
                hasCr = false;
                if (octets[0] == '\n')
                {
                    EndLine();
                    octets = octets[1..];
                    continue;
                }

                Text("\r"u8);
            }

            var special = octets.IndexOfAny((byte)' ', (byte)'\t', (byte)'\r');
            var text = special < 0 ? octets : octets[..special];
            if (!text.IsEmpty)
            {
                Text(text);
            }

            if (special < 0)
            {
                return;
            }

            hasCr = octets[special] == '\r';
            hasSpace |= !hasCr;
            octets = octets[(special + 1)..];
        }
    }

    /// <summary>The body has ended: its hash.</summary>
    public byte[] End()
    {
        if (hasCr)
        {
            Text("\r"u8);
        }

        if (lineHasText)
        {
            Put("\r\n"u8);
        }

        hash.AppendData(ready, 0, length);
        return hash.GetHashAndReset();
    }

    public void Dispose() => hash.Dispose();

    private void Text(ReadOnlySpan<byte> text)
    {
        for (; emptyLines > 0; emptyLines--)
        {
            Put("\r\n"u8);
        }

        if (hasSpace)
        {
            Put(" "u8);
            hasSpace = false;
        }

        Put(text);
        lineHasText = true;
    }

    private void EndLine()
    {
        hasSpace = false;
        if (lineHasText)
        {
            Put("\r\n"u8);
            lineHasText = false;
        }
        else
        {
            emptyLines++;
        }
    }

    private void Put(ReadOnlySpan<byte> octets)
    {
        if (length + octets.Length > ready.Length)
        {
            hash.AppendData(ready, 0, length);
            length = 0;
        }

        if (octets.Length > ready.Length)
        {
            hash.AppendData(octets);
            return;
        }

        octets.CopyTo(ready.AsSpan(length));
        length += octets.Length;
    }
}
