using System.Buffers;
using System.Collections.Frozen;
using System.Text;

namespace MailCloud.Messages;

/// <summary>
/// Charsets by their MIME names, those of .NET and its code pages, and the rule for text that names none: UTF-8 where the octets are that; else GB18030 where
/// they are that and at least half of the characters are GB2312's, as in raw GBK headers of older Chinese clients; else windows-1252.
/// Raw text in another two-octet charset of the same range (EUC-KR, KOI8-R) is thus read as Chinese: nothing tells them apart.
/// </summary>
public static class Charsets
{
    private static readonly Encoding Chinese;
    private static readonly Encoding Western;

    // Names of the charsets that .NET has without its code pages, by the IANA registry.
    private static readonly FrozenDictionary<string, Encoding> BuiltIn = new[]
    {
        "us-ascii", "ascii", "ansi_x3.4-1968", "ansi_x3.4-1986", "cp367", "csascii", "ibm367", "iso-ir-6", "iso646-us", "iso_646.irv:1991", "us",
        "iso-8859-1", "iso8859-1", "iso_8859-1", "iso_8859-1:1987", "cp819", "csisolatin1", "ibm819", "iso-ir-100", "l1", "latin1",
        "utf-8", "unicode-1-1-utf-8", "unicode-2-0-utf-8", "x-unicode-1-1-utf-8", "x-unicode-2-0-utf-8",
        "utf-16", "utf-16le", "utf-16be", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefffe", "utf-32", "utf-32le", "utf-32be",
    }.ToFrozenDictionary(name => name, Encoding.GetEncoding);

    static Charsets()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        Chinese = Encoding.GetEncoding("gb18030");
        Western = Encoding.GetEncoding(1252);
    }

    /// <summary>False when the name is unknown here. UTF-7 is: it hides text from filters, and .NET has dropped it. So is ISO-2022-CN, which .NET cannot read.</summary>
    public static bool TryFind(string name, out Encoding charset)
    {
        var known = name.Trim().ToLowerInvariant() switch
        {
            // What is labelled GB2312 or GBK is often the wider one; GB18030 reads all three.
            "gb2312" or "gbk" or "x-gbk" or "cp936" or "ms936" or "windows-936" or "gb_2312-80" => "gb18030",
            "hz" => "hz-gb-2312",
            "big5-hkscs" or "x-x-big5" or "cp950" or "ms950" or "cn-big5" => "big5",
            "cp949" or "ms949" or "x-windows-949" or "windows-949" or "ksc5601" or "ks_c_5601" or "uhc" => "ks_c_5601-1987",
            "cp932" or "ms932" or "windows-31j" or "x-ms-cp932" => "shift_jis",
            "utf8" => "utf-8",
            var other => other,
        };

        // Encoding.GetEncoding throws at what it does not know, which costs too much for a header full of such names.
        charset = BuiltIn.GetValueOrDefault(known) ?? CodePagesEncodingProvider.Instance.GetEncoding(known)!;
        var found = charset is not null;
        charset ??= Encoding.UTF8;
        return found;
    }

    /// <summary>The charset of a text: its label's, or where that is missing, US-ASCII or unknown, what the octets look like.</summary>
    /// <param name="label">The charset parameter, or null.</param>
    /// <param name="sample">The first octets of the text.</param>
    /// <param name="mayBeCut">The text goes on: the last character may be cut.</param>
    public static Encoding Of(string? label, ReadOnlySpan<byte> sample, bool mayBeCut = false) =>
        label is null || label.Equals("us-ascii", StringComparison.OrdinalIgnoreCase) || label.Equals("ascii", StringComparison.OrdinalIgnoreCase) || !TryFind(label, out var charset)
            ? Guess(sample, mayBeCut)
            : charset;

    /// <summary>The charset of text that names none.</summary>
    public static Encoding Guess(ReadOnlySpan<byte> sample, bool mayBeCut = false) =>
        IsUtf8(sample, mayBeCut) ? Encoding.UTF8 : IsChinese(sample, mayBeCut) ? Chinese : Western;

    private static bool IsUtf8(ReadOnlySpan<byte> octets, bool mayBeCut)
    {
        while (true)
        {
            var at = octets.IndexOfAnyInRange((byte)0x80, (byte)0xff);
            if (at < 0)
            {
                return true;
            }

            octets = octets[at..];
            switch (Rune.DecodeFromUtf8(octets, out _, out var length))
            {
                case OperationStatus.NeedMoreData: return mayBeCut;
                case OperationStatus.InvalidData: return false;
            }

            octets = octets[length..];
        }
    }

    private static bool IsChinese(ReadOnlySpan<byte> octets, bool mayBeCut)
    {
        int characters = 0, common = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            var lead = octets[i];
            if (lead < 0x80)
            {
                continue;
            }

            if (++i == octets.Length)
            {
                return mayBeCut && common * 2 >= characters;
            }

            var trail = octets[i];
            switch (lead, trail)
            {
                case (0x80 or 0xff, _) or (_, < 0x30 or (> 0x39 and < 0x40) or 0x7f or 0xff):
                    return false;
                case (_, >= 0x30 and <= 0x39):
                    // Four octets: two more, of the same form.
                    i += 2;
                    characters++;
                    break;
                case ( >= 0xa1 and <= 0xa9, >= 0xa1):
                    // GB2312's punctuation and letters say nothing either way.
                    break;
                default:
                    characters++;
                    common += lead is >= 0xb0 and <= 0xf7 && trail >= 0xa1 ? 1 : 0;
                    break;
            }
        }

        return common * 2 >= characters;
    }
}
