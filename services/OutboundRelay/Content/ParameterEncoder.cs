using System.Globalization;
using System.Text;

namespace MailCloud.OutboundRelay.Content;

/// <summary>Content-Type and Content-Disposition in ASCII: parameters whose values have other octets get the form of RFC 2231 §3 and §4, the others stay as they are.</summary>
internal static class ParameterEncoder
{
    /// <summary>Octets of a value in one line, percent signs counted.</summary>
    private const int MaxPiece = 60;

    /// <summary>Null when something else than a parameter's value has such octets, or a boundary, or a value that is in pieces already.</summary>
    public static byte[]? Encode(ReadOnlySpan<byte> value)
    {
        var text = new List<byte>(value.Length * 2);
        for (var isFirst = true; ; isFirst = false)
        {
            var length = LengthOfSegment(value, isFirst);
            var segment = value[..length];
            if (!EncodedWords.MustEncode(segment))
            {
                text.AddRange(segment);
            }
            else if (isFirst || !TryEncode(segment, text))
            {
                return null;
            }

            if (length == value.Length)
            {
                return [.. text];
            }

            text.Add((byte)';');
            value = value[(length + 1)..];
        }
    }

    // To the next semicolon that HeaderParameters takes for one: not in a quoted value, where a quote elsewhere quotes nothing, and not in a comment beside a type, a name or an equals sign.
    private static int LengthOfSegment(ReadOnlySpan<byte> value, bool isFirst)
    {
        var at = SkipSpace(value, 0);
        at = SkipSpace(value, End(value, at, isFirst ? "/; \t("u8 : "=; \t("u8));
        if (at < value.Length && value[at] == (isFirst ? '/' : '='))
        {
            at = SkipSpace(value, at + 1);
            if (!isFirst && at < value.Length && value[at] == '"')
            {
                for (at++; at < value.Length && value[at] != '"'; at++)
                {
                    at += value[at] == '\\' ? 1 : 0;
                }
            }
        }

        return End(value, at, ";"u8);
    }

    /// <summary>Where one of the octets stands, or the value ends.</summary>
    private static int End(ReadOnlySpan<byte> value, int from, ReadOnlySpan<byte> stops)
    {
        from = Math.Min(from, value.Length);
        var length = value[from..].IndexOfAny(stops);
        return length < 0 ? value.Length : from + length;
    }

    /// <summary>What stands behind white space and comments, which nest.</summary>
    private static int SkipSpace(ReadOnlySpan<byte> value, int at)
    {
        for (var depth = 0; at < value.Length; at++)
        {
            if (value[at] is (byte)'(' || (depth > 0 && value[at] == ')'))
            {
                depth += value[at] == '(' ? 1 : -1;
            }
            else if (depth > 0)
            {
                at += value[at] == '\\' ? 1 : 0;
            }
            else if (value[at] is not ((byte)' ' or (byte)'\t'))
            {
                break;
            }
        }

        return Math.Min(at, value.Length);
    }

    private static bool TryEncode(ReadOnlySpan<byte> segment, List<byte> text)
    {
        var equals = segment.IndexOf((byte)'=');
        var name = equals < 0 ? [] : segment[..equals].Trim(" \t"u8);
        if (name.IsEmpty || EncodedWords.MustEncode(name) || name.ContainsAny(" \t(\""u8) || Ascii.EqualsIgnoreCase(name, "boundary"u8))
        {
            return false;
        }

        var octets = Unquoted(segment[(equals + 1)..].Trim(" \t"u8));
        if (name[^1] == '*')
        {
            // In that form already, but for octets that should have been written in it.
            text.AddRange([(byte)' ', .. name, (byte)'=', .. Percent(octets, all: false)]);
            return true;
        }

        if (name.Contains((byte)'*'))
        {
            return false;
        }

        AddExtended(Encoding.ASCII.GetString(name), octets, text);
        return true;
    }

    private static void AddExtended(string name, ReadOnlySpan<byte> octets, List<byte> text)
    {
        var charset = $"{EncodedWords.CharsetOf(octets)}''";
        var encoded = Percent(octets, all: true);
        var piece = 0;
        var isWhole = encoded.Length <= MaxPiece;
        for (var rest = encoded.AsSpan(); !rest.IsEmpty || piece == 0; piece++)
        {
            var length = Math.Min(rest.Length, MaxPiece);

            // %XX is not cut.
            length -= length < rest.Length && rest[length - 1] == '%' ? 1 : length < rest.Length && rest[length - 2] == '%' ? 2 : 0;
            var label = isWhole ? $"{name}*=" : string.Create(CultureInfo.InvariantCulture, $"{name}*{piece}*=");
            text.AddRange(Encoding.ASCII.GetBytes($"{(piece == 0 ? "" : ";")}\r\n {label}{(piece == 0 ? charset : "")}"));
            text.AddRange(rest[..length]);
            rest = rest[length..];
        }
    }

    private static byte[] Percent(ReadOnlySpan<byte> octets, bool all)
    {
        var text = new StringBuilder();
        foreach (var octet in octets)
        {
            var isAttribute = char.IsAsciiLetterOrDigit((char)octet) || "!#$&+-.^_`{|}~"u8.Contains(octet);
            text.Append(isAttribute || (!all && octet is > 32 and < 127) ? ((char)octet).ToString() : string.Create(CultureInfo.InvariantCulture, $"%{octet:X2}"));
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static byte[] Unquoted(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value[0] != '"')
        {
            return value.ToArray();
        }

        var text = new List<byte>(value.Length);
        for (var i = 1; i < value.Length && value[i] != '"'; i++)
        {
            i += value[i] == '\\' && i + 1 < value.Length ? 1 : 0;
            text.Add(value[i]);
        }

        return [.. text];
    }
}
