namespace MailCloud.MessageView;

/// <summary>How a message is rendered.</summary>
public sealed record RenderOptions
{
    /// <summary>The URL of a part by its id, for images that the message brings itself. Who serves it sees to its headers: nothing but an image may be shown from there.</summary>
    public required Func<string, string> PartUrl { get; init; }

    /// <summary>Images that stand on other hosts are loaded. Without it their addresses stand in <c>data-remote-src</c>, where no browser looks.</summary>
    public bool AllowRemote { get; init; }

    /// <summary>The charset of text that names none and is not UTF-8: the reader's, say. Null: what the octets look like.</summary>
    public string? FallbackCharset { get; init; }

    /// <summary>Octets of decoded text that are rendered, of all bodies together. Gmail shows 102 kB before it cuts; twenty times that leaves room for tables from spreadsheets.</summary>
    public int MaxOctets { get; init; } = 2 * 1024 * 1024;
}

/// <summary>Opens a range of the message's octets.</summary>
public delegate ValueTask<Stream> PartSource(long offset, long length, CancellationToken cancellationToken);
