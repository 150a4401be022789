using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using MimeKit.Encodings;

namespace MailCloud.Messages;

/// <summary>The first readable text of a message: its first text/plain, or when it has none its first text/html without tags.</summary>
internal sealed partial class PreviewText
{
    /// <summary>Octets kept of the text's encoded form: 200 chars with room for encoding and quoted lines, and for HTML's style sheets.</summary>
    public const int MaxPlain = 4 * 1024;
    private const int MaxHtml = 32 * 1024;

    private (MimeNode Node, OctetBuffer Octets)? plain;
    private (MimeNode Node, OctetBuffer Octets)? html;

    /// <summary>A buffer for the part's body, when it may become the preview.</summary>
    public OctetBuffer? Offer(MimeNode node)
    {
        if (!node.IsText || node.IsAttachment || plain is not null)
        {
            return null;
        }

        if (node.Subtype.Equals("plain", StringComparison.OrdinalIgnoreCase))
        {
            plain = (node, new(MaxPlain));
            return plain.Value.Octets;
        }

        if (html is null && node.Subtype.Equals("html", StringComparison.OrdinalIgnoreCase))
        {
            html = (node, new(MaxHtml));
            return html.Value.Octets;
        }

        return null;
    }

    public override string ToString()
    {
        var text = plain is { Octets.Length: > 0 } p ? Decode(p.Node, p.Octets)
            : html is { } h ? WebUtility.HtmlDecode(Tags().Replace(Decode(h.Node, h.Octets), " "))
            : "";
        return Shorten(text);
    }

    private static string Decode(MimeNode node, OctetBuffer kept)
    {
        var octets = kept.Octets;
        var isCut = kept.Total > kept.Length;
        IMimeDecoder? decoder = node.Encoding.ToUpperInvariant() switch
        {
            "BASE64" => new Base64Decoder(),
            "QUOTED-PRINTABLE" => new QuotedPrintableDecoder(),
            _ => null,
        };
        if (decoder is null)
        {
            return Charsets.Of(node.Charset, octets, isCut).GetString(octets);
        }

        var decoded = new byte[decoder.EstimateOutputLength(octets.Length)];
        var length = decoder.Decode(octets.ToArray(), 0, octets.Length, decoded);
        return Charsets.Of(node.Charset, decoded.AsSpan(0, length), isCut).GetString(decoded, 0, length);
    }

    private static string Shorten(string text)
    {
        var preview = new StringBuilder(MessageSummary.MaxPreview);
        foreach (var c in text)
        {
            if (preview.Length == MessageSummary.MaxPreview)
            {
                break;
            }

            if (char.IsWhiteSpace(c) || char.IsControl(c))
            {
                if (preview.Length > 0 && preview[^1] != ' ')
                {
                    preview.Append(' ');
                }
            }
            else
            {
                preview.Append(c);
            }
        }

        if (preview.Length > 0 && char.IsHighSurrogate(preview[^1]))
        {
            preview.Length--;
        }

        return preview.ToString().TrimEnd();
    }

    [GeneratedRegex("""<(style|script|head|title)\b.*?(</\1\s*>|\z)|<!--.*?(-->|\z)|<[^>]*(>|\z)""", RegexOptions.Singleline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Tags();
}
