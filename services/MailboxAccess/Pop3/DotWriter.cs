using MailCloud.Wire;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>
/// Writes a message as a multi-line reply (RFC 1939 §3): a dot before each line that begins with one, and CRLF "." CRLF at its end. A line begins behind any LF: to many
/// clients a bare LF is a line's end, and mail that has one must not end the reply for them. A last line without its CRLF gets one.
/// </summary>
internal sealed class DotWriter(ReplyWriter output)
{
    // The two octets before the next one: an empty message needs no CRLF.
    private (byte Before, byte Last) tail = ((byte)'\r', (byte)'\n');

    public void Write(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty)
        {
            return;
        }

        if (tail.Last == '\n' && octets[0] == '.')
        {
            output.Write("."u8);
        }

        tail = (octets.Length > 1 ? octets[^2] : tail.Last, octets[^1]);
        int at;
        while ((at = octets.IndexOf("\n."u8)) >= 0)
        {
            output.Write(octets[..(at + 1)]);
            output.Write("."u8);
            octets = octets[(at + 1)..];
        }

        output.Write(octets);
    }

    public void End() => output.Write(tail is ((byte)'\r', (byte)'\n') ? ".\r\n"u8 : "\r\n.\r\n"u8);
}
