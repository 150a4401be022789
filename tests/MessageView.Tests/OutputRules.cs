using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace MailCloud.MessageView.Tests;

/// <summary>What a page may be given, written down a second time: a parser reads the fragment within a page, and every node of it is looked at.</summary>
internal static class OutputRules
{
    private static readonly HashSet<string> Elements =
    [
        .. ("a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr "
            + "i img ins kbd li main mark ol p pre q rp rt ruby s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr").Split(' '),
    ];

    private static readonly HashSet<string> Attributes =
    [
        .. ("abbr align alt bgcolor border cellpadding cellspacing clear color colspan data-remote-src dir face height href hspace lang noshade nowrap referrerpolicy rel reversed rowspan scope size "
            + "span src start style target title type valign value vspace width").Split(' '),
    ];

    private static readonly string[] NeverInStyles = ["\\", "@", "/*", "<", "{", "}", "expression", "javascript", "behavior", "binding", "import", "var(", "attr(", "data:", "!"];

    private static readonly string[] NeverAsProperty = ["position", "z-index", "transform", "content", "cursor", "filter", "top", "left", "right", "bottom", "animation", "clip-path", "mask"];

    public static void Check(string html, bool allowRemote)
    {
        using var page = new HtmlParser(new HtmlParserOptions { IsScripting = true })
            .ParseDocument($"<!DOCTYPE html><html><head></head><body><section id=host>{html}</section><footer id=after></footer></body></html>");
        Assert.Empty(page.Head!.ChildNodes);
        Assert.Equal(["host", "after"], page.Body!.Children.Select(child => child.Id));
        Assert.Equal(2, page.Body.ChildNodes.Length);
        Assert.Empty(page.Body.Attributes);
        foreach (var node in page.GetElementById("host")!.Descendants())
        {
            Assert.True(node is IElement or IText, $"a {node.NodeType}");
            if (node is IElement element)
            {
                CheckElement(element, allowRemote);
            }
        }
    }

    private static void CheckElement(IElement element, bool allowRemote)
    {
        Assert.Contains(element.LocalName, Elements);
        Assert.Equal("http://www.w3.org/1999/xhtml", element.NamespaceUri);
        foreach (var attribute in element.Attributes)
        {
            Assert.Contains(attribute.Name, Attributes);
            switch (attribute.Name)
            {
                case "href":
                    Assert.Equal("a", element.LocalName);
                    Assert.True(HasScheme(attribute.Value, "http", "https", "mailto"), attribute.Value);
                    Assert.Equal("_blank", element.GetAttribute("target"));
                    Assert.Equal("noopener noreferrer", element.GetAttribute("rel"));
                    break;
                case "src":
                    Assert.Equal("img", element.LocalName);
                    Assert.True(IsOwn(attribute.Value) || attribute.Value.StartsWith("data:image/", StringComparison.Ordinal) || IsAllowed(attribute.Value, allowRemote), attribute.Value);
                    break;
                case "data-remote-src":
                    Assert.False(allowRemote);
                    Assert.True(HasScheme(attribute.Value, "http", "https"), attribute.Value);
                    break;
                case "style":
                    CheckStyle(attribute.Value, allowRemote);
                    break;
                case "target":
                    Assert.Equal("a", element.LocalName);
                    break;
            }
        }
    }

    private static void CheckStyle(string style, bool allowRemote)
    {
        for (int at; (at = style.IndexOf("url(\"", StringComparison.Ordinal)) >= 0;)
        {
            var end = style.IndexOf('"', at + 5);
            var (address, behind) = (style[(at + 5)..end], style[(end + 1)..]);
            var isOwn = IsOwn(address);
            Assert.True(isOwn || IsAllowed(address, allowRemote), style);
            var closing = isOwn ? ")" : " referrer-policy(no-referrer))";
            Assert.StartsWith(closing, behind, StringComparison.Ordinal);
            style = style[..at] + behind[closing.Length..];
        }

        Assert.DoesNotContain("url(", style, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(style.Split(';').Select(declaration => declaration.Split(':')[0].Trim()), name => NeverAsProperty.Contains(name));
        Assert.All(NeverInStyles, never => Assert.DoesNotContain(never, style, StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsOwn(string address) => address.StartsWith(Rendering.Parts, StringComparison.Ordinal);

    private static bool IsAllowed(string address, bool allowRemote) => allowRemote && HasScheme(address, "http", "https");

    // No leading space, no case, no reference that a browser could read otherwise.
    private static bool HasScheme(string address, params string[] schemes) => schemes.Any(scheme => address.StartsWith(scheme + ":", StringComparison.Ordinal)) && !address.Any(char.IsControl);
}
