using System.Text;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>Fields of a header section, kept as octets with their folding.</summary>
internal static class HeaderFields
{
    /// <summary>HEADER.FIELDS and HEADER.FIELDS.NOT: the chosen fields in their order and the empty line (RFC 3501 §6.4.5).</summary>
    public static byte[] Choose(ReadOnlySpan<byte> header, BodySection section)
    {
        var chosen = new MemoryStream();
        while (TryTakeField(ref header, out var name, out var field))
        {
            if (section.Chooses(name))
            {
                chosen.Write(field);
            }
        }

        chosen.Write("\r\n"u8);
        return chosen.ToArray();
    }

    /// <summary>Takes the next field with its continuation lines. False at the empty line or the end.</summary>
    public static bool TryTakeField(ref ReadOnlySpan<byte> header, out string name, out ReadOnlySpan<byte> field)
    {
        name = "";
        field = default;
        if (header.IsEmpty || header[0] is (byte)'\r' or (byte)'\n')
        {
            return false;
        }

        var end = LineEnd(header, 0);
        while (end < header.Length && (header[end] is (byte)' ' or (byte)'\t'))
        {
            end = LineEnd(header, end);
        }

        field = header[..end];
        header = header[end..];
        var colon = field.IndexOf((byte)':');
        name = colon < 0 ? "" : Encoding.Latin1.GetString(field[..colon].TrimEnd(" \t"u8));
        return true;
    }

    private static int LineEnd(ReadOnlySpan<byte> header, int start)
    {
        var lf = header[start..].IndexOf((byte)'\n');
        return lf < 0 ? header.Length : start + lf + 1;
    }
}
