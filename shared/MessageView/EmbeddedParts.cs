using MailCloud.Messages;

namespace MailCloud.MessageView;

/// <summary>The images that a message brings itself, by the names that its HTML has for them; and those of them that it shows.</summary>
internal sealed class EmbeddedParts
{
    private readonly Func<string, string> partUrl;
    private readonly Dictionary<string, NumberedPart> byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NumberedPart> byLocation = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> shown = new(StringComparer.Ordinal);
    private readonly HashSet<string> shownParts = new(StringComparer.Ordinal);

    public EmbeddedParts(IEnumerable<NumberedPart> parts, Func<string, string> partUrl)
    {
        this.partUrl = partUrl;
        foreach (var part in parts.Where(part => ShownImages.MayBeShown(part.Part)))
        {
            // The first of a name: what is given twice must not change what was meant.
            if (BodyParts.WithoutBrackets(part.Part.ContentId) is { } id)
            {
                byId.TryAdd(id, part);
            }

            if (part.Part.Location?.Trim() is { Length: > 0 } location)
            {
                byLocation.TryAdd(location, part);
            }
        }
    }

    public IReadOnlyDictionary<string, string> Shown => shown;

    public bool IsShown(NumberedPart part) => shownParts.Contains(part.Id);

    /// <summary>The URL of the part that an address of the message names: by <c>cid:</c> (RFC 2392 §2) or by its Content-Location (RFC 2557 §8.2). Null when it names none.</summary>
    public string? Find(string address)
    {
        var trimmed = address.Trim();
        var isId = trimmed.StartsWith("cid:", StringComparison.OrdinalIgnoreCase);
        var name = isId ? Uri.UnescapeDataString(trimmed[4..]) : trimmed;
        if (!(isId ? byId : byLocation).TryGetValue(name, out var part))
        {
            return null;
        }

        shown[name] = part.Id;
        shownParts.Add(part.Id);
        return partUrl(part.Id);
    }
}
