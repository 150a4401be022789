using System.Text;
using System.Text.RegularExpressions;
using MailCloud.Messages;

namespace MailCloud.MessageView;

/// <summary>
/// The characters of a text part. In this order: a byte order mark, the part's charset, UTF-8 where the octets are that, HTML's own charset, the caller's, and what the octets look like.
/// </summary>
public static partial class TextDecoder
{
    // Octets in which HTML's charset is looked for. Browsers look at 1,024; what Word writes has more before it.
    private const int MetaWithin = 4 * 1024;

    private const int Latin1 = 28591;
    private const int Latin5 = 28599;

    /// <param name="octets">The text, its transfer encoding taken off.</param>
    /// <param name="label">The part's charset, or null.</param>
    /// <param name="fallback">The caller's, or null.</param>
    /// <param name="isHtml">Then it may name a charset itself.</param>
    /// <param name="isCut">The text goes on: the last character may be cut.</param>
    public static string Decode(ReadOnlySpan<byte> octets, string? label, string? fallback, bool isHtml, bool isCut)
    {
        var (marked, length) = ByteOrderMark(octets);
        return length > 0 ? marked.GetString(octets[length..]) : Charset(octets, label, fallback, isHtml, isCut).GetString(octets);
    }

    /// <summary>The charset of a text that goes on, by its first octets. A byte order mark is not taken off.</summary>
    public static Encoding CharsetOf(ReadOnlySpan<byte> octets, string? label, string? fallback, bool isHtml, bool isCut)
    {
        var (marked, length) = ByteOrderMark(octets);
        return length > 0 ? marked : Charset(octets, label, fallback, isHtml, isCut);
    }

    private static (Encoding Charset, int Length) ByteOrderMark(ReadOnlySpan<byte> octets) => octets switch
    {
        [0xef, 0xbb, 0xbf, ..] => (Encoding.UTF8, 3),
        [0xff, 0xfe, ..] => (Encoding.Unicode, 2),
        [0xfe, 0xff, ..] => (Encoding.BigEndianUnicode, 2),
        _ => (Encoding.UTF8, 0),
    };

    private static Encoding Charset(ReadOnlySpan<byte> octets, string? label, string? fallback, bool isHtml, bool isCut)
    {
        // US-ASCII is also what a part without a charset is said to have (RFC 2045 §5.2); it says nothing of octets beyond it.
        if (label is not null && Charsets.TryFind(label, out var declared) && declared.CodePage != Encoding.ASCII.CodePage)
        {
            return AsBrowsersDo(declared);
        }

        var hasEscape = octets.IndexOf("\u001b$"u8) >= 0;
        if (!hasEscape && Charsets.Guess(octets, isCut) is { CodePage: 65001 } utf8)
        {
            return utf8;
        }

        // What is not UTF-8 and says that it is UTF-8 or UTF-16 in ASCII letters is neither (WHATWG HTML §13.2.3.2).
        if (isHtml && MetaCharset(octets) is { } meta && Charsets.TryFind(meta, out var named) && named.CodePage is not (65001 or 1200 or 1201 or 12000 or 12001 or 20127))
        {
            return AsBrowsersDo(named);
        }

        return fallback is not null && Charsets.TryFind(fallback, out var chosen) ? AsBrowsersDo(chosen) : CharsetGuess.Of(octets, isCut);
    }

    // WHATWG Encoding §4.2: these names are used for the Windows charsets, which have letters where ISO's have controls.
    private static Encoding AsBrowsersDo(Encoding charset) => charset.CodePage switch
    {
        Latin1 => Encoding.GetEncoding(1252),
        Latin5 => Encoding.GetEncoding(1254),
        _ => charset,
    };

    private static string? MetaCharset(ReadOnlySpan<byte> octets)
    {
        var beginning = Encoding.Latin1.GetString(octets[..Math.Min(octets.Length, MetaWithin)]);
        return Meta().Match(beginning) is { Success: true } found ? found.Groups[1].Value : null;
    }

    [GeneratedRegex("""<meta\s[^>]*charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Meta();
}
