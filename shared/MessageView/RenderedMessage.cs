namespace MailCloud.MessageView;

/// <summary>A message as a browser may show it.</summary>
public sealed record RenderedMessage
{
    /// <summary>A fragment for the inside of one element: balanced, and only of what the table in README.md names. Empty when the message has nothing to show.</summary>
    public required string Html { get; init; }

    /// <summary>The plain text that the message offers, as its body or as an alternative to it; null when it has none.</summary>
    public string? Text { get; init; }

    /// <summary>References to images on other hosts.</summary>
    public int RemoteCount { get; init; }

    /// <summary>The hosts of these, each once, at most <see cref="RemoteContent.MaxHosts"/>.</summary>
    public IReadOnlyList<string> RemoteHosts { get; init; } = [];

    public bool HasRemoteContent => RemoteCount > 0;

    /// <summary>The message's own parts that <see cref="Html"/> shows: Content-ID (or Content-Location) → part id.</summary>
    public IReadOnlyDictionary<string, string> Inline { get; init; } = new Dictionary<string, string>();

    /// <summary>All that is neither shown as a body nor within one.</summary>
    public IReadOnlyList<AttachedPart> Attachments { get; init; } = [];

    /// <summary>What the reader should be told, in words of the reader's language.</summary>
    public IReadOnlyList<ViewNote> Notes { get; init; } = [];
}

/// <summary>A part to be saved or opened by itself.</summary>
/// <param name="Part">Its id: the part numbers of IMAP (RFC 3501 §6.4.5).</param>
/// <param name="Name">Decoded, without folders and control characters; null when it has none.</param>
/// <param name="Type">Type and subtype in lower case. What the sender says: nothing to rely on.</param>
/// <param name="Size">Octets, of base64 what its length decodes to, about.</param>
/// <param name="ContentId">Without brackets.</param>
public sealed record AttachedPart(string Part, string? Name, string Type, long Size, string? ContentId);

public enum ViewNote
{
    /// <summary>A text went on beyond <see cref="RenderOptions.MaxOctets"/>.</summary>
    TextCut = 0,

    /// <summary>More parts than are looked at.</summary>
    PartsLeftOut = 1,

    /// <summary>More elements, or deeper ones, than are rendered; their text is there.</summary>
    MarkupLeftOut = 2,

    /// <summary>The message, or a part of it, can be read only with the recipient's key.</summary>
    Encrypted = 3,
}
