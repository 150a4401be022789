namespace MailCloud.Web.Jmap.Emails;

/// <summary>A message that a client describes by properties (RFC 8621 §4.6), checked and not written yet.</summary>
/// <param name="Folders">It comes into.</param>
/// <param name="Keywords">In lower case.</param>
/// <param name="ReceivedAt">Null is now.</param>
/// <param name="Fields">Of the message's own header, in the order of the properties.</param>
/// <param name="Body">Its only part, or the multipart that holds them.</param>
internal sealed record EmailDraft(int[] Folders, string[] Keywords, DateTimeOffset? ReceivedAt, IReadOnlyList<DraftField> Fields, DraftPart Body)
{
    /// <summary>Octets of what is attached by blob ids: the maxSizeAttachmentsPerEmail of the session resource.</summary>
    public const long MaxAttachments = 50_000_000;
}

/// <summary>A header field as it will stand in the message.</summary>
/// <param name="Value">All that follows the colon: folded, encoded, with the line end.</param>
internal sealed record DraftField(string Name, byte[] Value);

/// <summary>A part of the message: a multipart with its parts, or one with text or a blob.</summary>
internal sealed record DraftPart
{
    /// <summary><c>type/subtype</c> in lower case.</summary>
    public required string Type { get; init; }

    /// <summary>Of Content-Type, without those that the writer chooses.</summary>
    public IReadOnlyList<(string Name, string Value)> Parameters { get; init; } = [];

    public string? Text { get; init; }

    public string? BlobId { get; init; }

    public IReadOnlyList<DraftPart> Parts { get; init; } = [];

    public string? Disposition { get; init; }

    /// <summary>Of a file.</summary>
    public string? Name { get; init; }

    public string? ContentId { get; init; }

    public string? Location { get; init; }

    public IReadOnlyList<string> Language { get; init; } = [];

    public IReadOnlyList<DraftField> Fields { get; init; } = [];

    public bool IsMultipart => Type.StartsWith("multipart/", StringComparison.Ordinal);

    public IEnumerable<DraftPart> Leaves() => IsMultipart ? Parts.SelectMany(part => part.Leaves()) : [this];
}
