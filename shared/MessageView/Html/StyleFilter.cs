using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace MailCloud.MessageView.Html;

/// <summary>
/// The declarations of a style attribute that may stand in another page, written anew. A declaration is kept when its property is listed and its value is made only of words, numbers, colours,
/// quoted names of fonts and, for backgrounds, addresses; one with an escape, a comment or another function goes as a whole. So nothing is read here otherwise than browsers read it.
/// </summary>
internal static class StyleFilter
{
    /// <summary>
    /// Behind an address on another host (https://www.w3.org/TR/css-values-5/#request-url-modifiers): Chromium 156 shows what a style asks for the page's origin, whatever the page's Referrer-Policy.
    /// A browser that does not know it drops the declaration, and loads nothing.
    /// </summary>
    public const string WithoutReferrer = " referrer-policy(no-referrer)";

    // Chars of one attribute, and its declarations.
    private const int MaxLength = 8 * 1024;
    private const int MaxDeclarations = 100;

    // None that takes an element out of its place (position, transform, z-index), makes text (content) or looks for something elsewhere.
    private static readonly FrozenSet<string> Properties = new[]
    {
        "background", "background-color", "background-image", "background-position", "background-repeat", "background-size", "border", "border-bottom", "border-bottom-color",
        "border-bottom-left-radius", "border-bottom-right-radius", "border-bottom-style", "border-bottom-width", "border-collapse", "border-color", "border-left", "border-left-color",
        "border-left-style", "border-left-width", "border-radius", "border-right", "border-right-color", "border-right-style", "border-right-width", "border-spacing", "border-style", "border-top",
        "border-top-color", "border-top-left-radius", "border-top-right-radius", "border-top-style", "border-top-width", "border-width", "box-sizing", "caption-side", "clear", "color", "direction",
        "display", "empty-cells", "float", "font", "font-family", "font-size", "font-style", "font-variant", "font-weight", "height", "letter-spacing", "line-height", "list-style-position",
        "list-style-type", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top", "max-height", "max-width", "min-height", "min-width", "opacity", "overflow", "overflow-wrap",
        "padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "table-layout", "text-align", "text-decoration", "text-decoration-color", "text-decoration-line",
        "text-decoration-style", "text-indent", "text-transform", "vertical-align", "visibility", "white-space", "width", "word-break", "word-spacing", "word-wrap",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // A negative margin would lay the message over what is beside it.
    private static readonly FrozenSet<string> MayBeNegative = new[] { "background", "background-position", "letter-spacing", "vertical-align", "word-spacing" }.ToFrozenSet();

    private static readonly FrozenSet<string> Units = new[] { "", "%", "ch", "cm", "em", "ex", "in", "mm", "pc", "pt", "px", "rem" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly SearchValues<char> InColours = SearchValues.Create("0123456789.,%/ +-");

    private static readonly SearchValues<char> NotInAddresses = SearchValues.Create("\"'\\()");

    /// <param name="style">The attribute's value.</param>
    /// <param name="findImage">What stands for an address, as a CSS value; null when nothing does.</param>
    public static string Filter(string style, Func<string, string?> findImage)
    {
        var kept = new StringBuilder();
        if (style.Length > MaxLength)
        {
            return "";
        }

        foreach (var declaration in Split(style).Take(MaxDeclarations))
        {
            var colon = declaration.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0
                && Properties.TryGetValue(declaration[..colon].Trim(), out var property)
                && new Value(property, declaration[(colon + 1)..], findImage).Filter() is { Length: > 0 } value)
            {
                kept.Append(kept.Length > 0 ? "; " : "").Append(property).Append(": ").Append(value);
            }
        }

        return kept.ToString();
    }

    // At semicolons that are neither quoted nor within brackets.
    private static IEnumerable<string> Split(string style)
    {
        var (from, depth, quote) = (0, 0, '\0');
        for (var i = 0; i < style.Length; i++)
        {
            var c = style[i];
            if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '"' or '\'')
            {
                quote = c;
            }
            else if (c is '(' or ')')
            {
                depth = Math.Max(0, depth + (c == '(' ? 1 : -1));
            }
            else if (c == ';' && depth == 0)
            {
                yield return style[from..i];
                from = i + 1;
            }
        }

        yield return style[from..];
    }

    /// <summary>Reads one value from its beginning to its end.</summary>
    private sealed class Value(string property, string text, Func<string, string?> findImage)
    {
        private readonly StringBuilder kept = new();
        private int at;

        private bool IsFont => property is "font" or "font-family";

        private bool IsBackground => property is "background" or "background-image";

        /// <summary>Null when it has something that no value may have.</summary>
        public string? Filter()
        {
            while (true)
            {
                var from = at;
                while (at < text.Length && text[at] is ' ' or '\t' or '\r' or '\n' or '\f')
                {
                    at++;
                }

                if (at == text.Length)
                {
                    return kept.ToString().Trim();
                }

                // The host page's own rules win over the message's: it keeps images within its width, say.
                if (text[at] == '!')
                {
                    return text[(at + 1)..].Trim().Equals("important", StringComparison.OrdinalIgnoreCase) ? kept.ToString().Trim() : null;
                }

                if (from < at && kept.Length > 0 && kept[^1] != ' ')
                {
                    kept.Append(' ');
                }

                if (!TryToken())
                {
                    return null;
                }
            }
        }

        private bool TryToken()
        {
            var c = text[at];
            return c switch
            {
                ',' or '/' => Take(1),
                '#' => TryColour(),
                '"' or '\'' => TryQuoted(c),
                '+' or '.' or (>= '0' and <= '9') => TryNumber(),
                '-' when at + 1 < text.Length && (char.IsAsciiDigit(text[at + 1]) || text[at + 1] == '.') => MayBeNegative.Contains(property) && TryNumber(),
                _ => IsWord(c) && TryWord(),
            };
        }

        private bool Take(int length)
        {
            kept.Append(text, at, length);
            at += length;
            return true;
        }

        private bool TryColour()
        {
            var length = 1;
            while (at + length < text.Length && char.IsAsciiHexDigit(text[at + length]))
            {
                length++;
            }

            return length is 4 or 5 or 7 or 9 && Take(length);
        }

        private bool TryNumber()
        {
            var length = text[at] is '+' or '-' ? 1 : 0;
            while (at + length < text.Length && (char.IsAsciiDigit(text[at + length]) || text[at + length] == '.'))
            {
                length++;
            }

            var unit = 0;
            while (at + length + unit < text.Length && (char.IsAsciiLetter(text[at + length + unit]) || text[at + length + unit] == '%'))
            {
                unit++;
            }

            return double.TryParse(text.AsSpan(at, length), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _)
                && Units.Contains(text.Substring(at + length, unit))
                && Take(length + unit);
        }

        private bool TryQuoted(char quote)
        {
            var end = text.IndexOf(quote, at + 1);
            if (!IsFont || end < 0 || !text.AsSpan(at + 1, end - at - 1).ContainsOnlyNames())
            {
                return false;
            }

            kept.Append('\'').Append(text, at + 1, end - at - 1).Append('\'');
            at = end + 1;
            return true;
        }

        private bool TryWord()
        {
            var length = 1;
            while (at + length < text.Length && IsWord(text[at + length]))
            {
                length++;
            }

            if (at + length == text.Length || text[at + length] != '(')
            {
                return Take(length);
            }

            return text.Substring(at, length).ToLowerInvariant() switch
            {
                "rgb" or "rgba" or "hsl" or "hsla" => TryColourFunction(length),
                "url" => IsBackground && TryAddress(),
                _ => false,
            };
        }

        private bool TryColourFunction(int name)
        {
            var end = text.IndexOf(')', at);
            return end >= 0 && text.AsSpan(at + name + 1, end - at - name - 1).IndexOfAnyExcept(InColours) < 0 && Take(end + 1 - at);
        }

        // An address that may not be loaded leaves the rest of its declaration.
        private bool TryAddress()
        {
            at += "url(".Length;
            var end = text.IndexOf(')', at);
            if (end < 0)
            {
                return false;
            }

            // As it is written here: a bracket is within.
            var address = text[at..end].Trim();
            if (text.AsSpan(end).StartsWith("))") && address.EndsWith(WithoutReferrer[..^1], StringComparison.Ordinal))
            {
                address = address[..^(WithoutReferrer.Length - 1)];
                end++;
            }

            var isQuoted = address.Length >= 2 && address[0] is '"' or '\'' && address[^1] == address[0];
            address = isQuoted ? address[1..^1] : address;
            if (address.AsSpan().IndexOfAny(NotInAddresses) >= 0 || address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            {
                return false;
            }

            at = end + 1;
            kept.Append(findImage(address));
            return true;
        }

        private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' || (c >= 0x80 && char.IsLetterOrDigit(c));
    }

    // Letters, digits, spaces and hyphens: names of fonts.
    private static bool ContainsOnlyNames(this ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsLetterOrDigit(c) && c is not (' ' or '-' or '_' or '.' or ',' or '&'))
            {
                return false;
            }
        }

        return true;
    }
}
