using System.Text;

namespace MailCloud.OutboundRelay.Content;

/// <summary>The octets of one header field: its name, a colon, its value in one or more lines, each with CRLF.</summary>
internal static class HeaderField
{
    public static ReadOnlySpan<byte> ContentType => "Content-Type"u8;

    public static ReadOnlySpan<byte> TransferEncoding => "Content-Transfer-Encoding"u8;

    public static ReadOnlySpan<byte> MimeVersion => "MIME-Version"u8;

    /// <summary>Empty when it is no field: no colon, or a name that is none (RFC 5322 §3.6.8).</summary>
    public static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> field)
    {
        var colon = field.IndexOf((byte)':');
        var name = colon < 0 ? [] : field[..colon].TrimEnd(" \t"u8);
        return name.ContainsAnyExceptInRange((byte)33, (byte)126) ? [] : name;
    }

    /// <summary>What stands after the colon, with its line ends.</summary>
    public static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> field) => field[(field.IndexOf((byte)':') + 1)..];

    /// <summary>Its value in one line (RFC 5322 §2.2.3), one char per octet, trimmed.</summary>
    public static string Unfolded(ReadOnlySpan<byte> field) =>
        Encoding.Latin1.GetString(Value(field)).Replace("\r\n", "", StringComparison.Ordinal).Trim(' ', '\t', '\r', '\n');

    /// <summary>The same as octets, and not trimmed.</summary>
    public static byte[] UnfoldedOctets(ReadOnlySpan<byte> value)
    {
        var octets = new byte[value.Length];
        var length = 0;
        foreach (var octet in value)
        {
            if (octet is not ((byte)'\r' or (byte)'\n'))
            {
                octets[length++] = octet;
            }
        }

        return octets[..length];
    }
}
