using System.Collections.Frozen;

namespace MailCloud.MessageView.Html;

/// <summary>The elements and attributes that are kept. Whatever is not named here goes: elements leave their text behind, unless <see cref="WithoutContent"/> names them.</summary>
internal static class HtmlElements
{
    public static readonly FrozenSet<string> Kept = Set(
        "a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div",
        "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "ol", "p", "pre", "q",
        "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr");

    /// <summary>Attributes of the message that are looked at. Those of <see cref="Rewritten"/> never reach the output as they stand.</summary>
    public static readonly FrozenSet<string> Attributes = Set(
        "abbr", "align", "alt", "background", "bgcolor", "border", "cellpadding", "cellspacing", "clear", "color", "colspan", "dir", "face", "height", "href", "hspace", "lang", "noshade", "nowrap",
        "reversed", "rowspan", "scope", "size", "span", "src", "start", "style", "title", "type", "valign", "value", "vspace", "width");

    /// <summary>Made anew from their values, which are read strictly.</summary>
    public static readonly FrozenSet<string> Rewritten = Set("background", "href", "src", "style");

    /// <summary>What stands within them is no text to read.</summary>
    public static readonly FrozenSet<string> WithoutContent = Set("iframe", "noembed", "noframes", "noscript", "script", "style", "title");

    public static readonly FrozenSet<string> Void = Set("br", "col", "hr", "img", "wbr");

    /// <summary>They go on where the element around them ends first.</summary>
    public static readonly FrozenSet<string> Formatting = Set("b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u");

    public static readonly FrozenSet<string> TableParts = Set("caption", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr");

    /// <summary>Where one begins, a paragraph ends.</summary>
    public static readonly FrozenSet<string> Blocks = Set(
        "address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol",
        "p", "pre", "section", "table", "ul");

    private static FrozenSet<string> Set(params string[] names) => names.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
