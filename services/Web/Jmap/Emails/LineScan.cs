using MimeKit;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Tells which transfer encoding octets need that are to stay as they are (RFC 2045 §2.7 to §2.9).</summary>
internal sealed class LineScan
{
    private const int MaxLine = 998;

    private bool isEight;
    private bool isBinary;
    private byte last;
    private int length;

    public ContentEncoding Encoding => isBinary || last == '\r' ? ContentEncoding.Binary : isEight ? ContentEncoding.EightBit : ContentEncoding.SevenBit;

    public void Feed(ReadOnlySpan<byte> octets)
    {
        foreach (var octet in octets)
        {
            isEight |= octet > 127;
            isBinary |= octet == 0 || (octet == '\n') != (last == '\r');
            length = octet is (byte)'\n' ? 0 : length + (octet == '\r' ? 0 : 1);
            isBinary |= length > MaxLine;
            last = octet;
        }
    }
}
