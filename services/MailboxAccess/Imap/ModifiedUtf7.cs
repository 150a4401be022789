using System.Text;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>Folder names on the wire: modified UTF-7 (RFC 3501 §5.1.3).</summary>
internal static class ModifiedUtf7
{
    public static string Encode(string name)
    {
        var text = new StringBuilder(name.Length);
        for (var i = 0; i < name.Length;)
        {
            if (IsDirect(name[i]))
            {
                text.Append(name[i]);
                if (name[i++] == '&')
                {
                    text.Append('-');
                }

                continue;
            }

            var start = i;
            while (i < name.Length && !IsDirect(name[i]))
            {
                i++;
            }

            text.Append('&').Append(EncodeShifted(name.AsSpan(start, i - start))).Append('-');
        }

        return text.ToString();
    }

    /// <summary>False for what no encoder makes: 8-bit octets, a shift that is not ended, characters encoded without need.</summary>
    public static bool TryDecode(string wire, out string name)
    {
        name = "";
        var text = new StringBuilder(wire.Length);
        for (var i = 0; i < wire.Length; i++)
        {
            if (!IsDirect(wire[i]))
            {
                return false;
            }

            if (wire[i] != '&')
            {
                text.Append(wire[i]);
                continue;
            }

            var end = wire.IndexOf('-', i);
            if (end < 0)
            {
                return false;
            }

            if (end == i + 1)
            {
                text.Append('&');
            }
            else if (!TryDecodeShifted(wire.AsSpan(i + 1, end - i - 1), text))
            {
                return false;
            }

            i = end;
        }

        name = text.ToString();

        // RFC 3501 §5.1.3: "&" only where it is needed, and no shift right after a shift: one name, one form.
        return Encode(name) == wire;
    }

    private static bool IsDirect(char c) => c is >= ' ' and <= '~';

    private static string EncodeShifted(ReadOnlySpan<char> run) =>
        Convert.ToBase64String(Encoding.BigEndianUnicode.GetBytes(run.ToArray())).TrimEnd('=').Replace('/', ',');

    private static bool TryDecodeShifted(ReadOnlySpan<char> run, StringBuilder text)
    {
        Span<byte> octets = stackalloc byte[256];
        if (run.Length > 300 || run.Contains('/') || run.Contains('='))
        {
            return false;
        }

        var base64 = run.ToString().Replace(',', '/') + new string('=', (4 - (run.Length % 4)) % 4);
        if (!Convert.TryFromBase64String(base64, octets, out var length) || length % 2 != 0)
        {
            return false;
        }

        text.Append(Encoding.BigEndianUnicode.GetString(octets[..length]));
        return true;
    }
}
