using AngleSharp;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Ganss.Xss;

namespace MailCloud.MessageView.Html;

/// <summary>
/// A message's HTML as a fragment that may stand in another page: normalised (<see cref="HtmlNormaliser"/>), parsed, its addresses and styles taken off and read strictly, what is left put through
/// HtmlSanitizer, and then the addresses and styles that may be there set.
/// </summary>
internal sealed class HtmlBody
{
    // It never sees a style or an image's address: what is taken off is set behind it.
    private static readonly HtmlSanitizer Sanitizer = new(new HtmlSanitizerOptions
    {
        AllowedTags = new HashSet<string>(HtmlElements.Kept, StringComparer.OrdinalIgnoreCase),
        AllowedAttributes = new HashSet<string>([.. HtmlElements.Attributes.Except(HtmlElements.Rewritten), "href"], StringComparer.OrdinalIgnoreCase),
        UriAttributes = new HashSet<string>(["href"], StringComparer.OrdinalIgnoreCase),
        AllowedSchemes = new HashSet<string>(["http", "https", "mailto"], StringComparer.OrdinalIgnoreCase),
    })
    {
        KeepChildNodes = true,
    };

    private readonly EmbeddedParts embedded;
    private readonly RemoteContent remote;
    private readonly List<(IElement Element, string Name, string Value)> afterwards = [];

    private HtmlBody(EmbeddedParts embedded, RemoteContent remote)
    {
        this.embedded = embedded;
        this.remote = remote;
    }

    public static (string Html, bool IsWhole) Render(string html, EmbeddedParts embedded, RemoteContent remote)
    {
        var (normalised, isWhole) = HtmlNormaliser.Normalise(html);
        return (new HtmlBody(embedded, remote).Sanitise(normalised), isWhole);
    }

    private string Sanitise(string normalised)
    {
        using var document = new HtmlParser().ParseDocument("<!DOCTYPE html><html><head></head><body>" + normalised);
        var body = document.Body!;
        foreach (var element in body.QuerySelectorAll("*"))
        {
            TakeOff(element);
        }

        Sanitizer.SanitizeDom(document, body);
        foreach (var (element, name, value) in afterwards)
        {
            element.SetAttribute(name, value);
        }

        return body.ChildNodes.ToHtml(HtmlFormatter.Instance);
    }

    private void TakeOff(IElement element)
    {
        // 1. Styles, and colours and pictures behind things that are attributes for historical reasons.
        var addresses = new ElementAddresses(embedded, remote);
        var style = StyleFilter.Filter(element.GetAttribute("style") ?? "", addresses.InStyle);
        style = Join(style, element.GetAttribute("background") is { } background && addresses.InStyle(background) is { } url ? $"background-image: {url}" : "");
        if (element.GetAttribute("bgcolor") is { } colour && element.LocalName is not ("table" or "tbody" or "td" or "tfoot" or "th" or "thead" or "tr"))
        {
            style = Join(StyleFilter.Filter("background-color: " + colour, static _ => null), style);
            element.RemoveAttribute("bgcolor");
        }

        // 2. What an image shows.
        if (element.LocalName == "img" && element.GetAttribute("src") is { } source && addresses.OfImage(source) is { } shown)
        {
            afterwards.Add((element, "src", shown.Address));
            if (shown.IsRemote)
            {
                afterwards.Add((element, "referrerpolicy", "no-referrer"));
            }
        }

        // 3. Where a link leads.
        var target = element.LocalName == "a" && element.GetAttribute("href") is { } link ? Addresses.Link(link) : null;
        foreach (var name in HtmlElements.Rewritten)
        {
            element.RemoveAttribute(name);
        }

        if (target is not null)
        {
            element.SetAttribute("href", target);
            afterwards.Add((element, "target", "_blank"));
            afterwards.Add((element, "rel", "noopener noreferrer"));
        }

        if (style.Length > 0)
        {
            afterwards.Add((element, "style", style));
        }

        if (addresses.Withheld is { } withheld)
        {
            afterwards.Add((element, "data-remote-src", withheld));
        }
    }

    private static string Join(string style, string more) => style.Length == 0 ? more : more.Length == 0 ? style : $"{style}; {more}";
}

/// <summary>The addresses of pictures at one element.</summary>
internal sealed class ElementAddresses(EmbeddedParts embedded, RemoteContent remote)
{
    /// <summary>The first that may not be loaded.</summary>
    public string? Withheld { get; private set; }

    /// <summary>What an image may show; null when there is nothing.</summary>
    public (string Address, bool IsRemote)? OfImage(string address) =>
        embedded.Find(address) is { } own ? (own, false)
        : Addresses.ImageData(address) is { } data ? (data, false)
        : Load(address) is { } elsewhere ? (elsewhere, true)
        : null;

    /// <summary>The same as a CSS value.</summary>
    public string? InStyle(string address) => embedded.Find(address) is { } own ? $"url(\"{Quote(own)}\")"
        : Load(address) is { } elsewhere ? $"url(\"{Quote(elsewhere)}\"{StyleFilter.WithoutReferrer})"
        : null;

    private static string Quote(string address) =>
        address.Replace("\\", "%5C", StringComparison.Ordinal).Replace("\"", "%22", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);

    private string? Load(string address)
    {
        if (Addresses.Remote(address) is not { } elsewhere)
        {
            return null;
        }

        if (remote.MayLoad(elsewhere))
        {
            return elsewhere.AbsoluteUri;
        }

        Withheld ??= elsewhere.AbsoluteUri;
        return null;
    }
}
