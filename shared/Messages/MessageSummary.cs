namespace MailCloud.Messages;

/// <summary>
/// What is known of a message's content without opening its body again: parsed once, at filing. Text that comes from the message is kept as octets,
/// one per char (Latin-1), so that raw 8-bit headers come out as they went in. All offsets and lengths are octets of the body blob; the
/// trace prefix that a mailbox keeps beside it is not counted here.
/// </summary>
[GenerateSerializer, Immutable, Alias("mc.MessageSummary")]
public sealed record MessageSummary
{
    [Id(0)] public required EnvelopeFields Envelope { get; init; }

    [Id(1)] public required BodyPart Structure { get; init; }

    /// <summary>The header section as it stands in the body, with its empty line; null when it is longer than <see cref="MaxHeader"/> and must be read from the body.</summary>
    [Id(2)] public byte[]? Header { get; init; }

    /// <summary>The first readable text, for lists of messages: at most <see cref="MaxPreview"/> chars on one line, decoded to Unicode.</summary>
    [Id(3)] public string Preview { get; init; } = "";

    /// <summary>References and In-Reply-To ids without brackets, for threading: the newest 20.</summary>
    [Id(4)] public IReadOnlyList<string> References { get; init => field = value as string[] ?? [.. value]; } = [];

    /// <summary>
    /// Octets of the body as it is shown where only lines can go (<see cref="BodyLayout"/>); null when that is as it is stored, as for all mail without
    /// binary parts.
    /// </summary>
    [Id(5)] public long? ShownLength { get; init; }

    /// <summary>True when <see cref="Preview"/> is all that there is to read: the message is one plain text, and it was not cut.</summary>
    public bool IsPreviewWhole =>
        Structure is { Disposition: null, BodyLength: <= PreviewText.MaxPlain }
        && Structure.Type.Equals("text", StringComparison.OrdinalIgnoreCase) && Structure.Subtype.Equals("plain", StringComparison.OrdinalIgnoreCase)

        // A text that was cut may have lost half a character and a space at its end.
        && Preview.Length < MaxPreview - 2;

    /// <summary>Octets of the body as shown, of which the blob has <paramref name="stored"/>.</summary>
    public long LengthShown(long stored) => ShownLength ?? stored;

    /// <summary>Chars.</summary>
    public const int MaxPreview = 200;

    /// <summary>Octets. Nine in ten header sections are below 8 kB; twice that keeps the summary blobs small.</summary>
    public const int MaxHeader = 16 * 1024;
}

/// <summary>The header fields of IMAP's ENVELOPE (RFC 3501 §7.4.2), as octets, encoded words undecoded; null is NIL.</summary>
[GenerateSerializer, Immutable, Alias("mc.EnvelopeFields")]
public sealed record EnvelopeFields
{
    [Id(0)] public string? Date { get; init; }

    [Id(1)] public string? Subject { get; init; }

    [Id(2)] public IReadOnlyList<AddressField> From { get; init => field = value as AddressField[] ?? [.. value]; } = [];

    /// <summary>Empty when the message has no Sender field; ENVELOPE then repeats From.</summary>
    [Id(3)] public IReadOnlyList<AddressField> Sender { get; init => field = value as AddressField[] ?? [.. value]; } = [];

    /// <summary>Empty when the message has no Reply-To field; ENVELOPE then repeats From.</summary>
    [Id(4)] public IReadOnlyList<AddressField> ReplyTo { get; init => field = value as AddressField[] ?? [.. value]; } = [];

    [Id(5)] public IReadOnlyList<AddressField> To { get; init => field = value as AddressField[] ?? [.. value]; } = [];

    [Id(6)] public IReadOnlyList<AddressField> Cc { get; init => field = value as AddressField[] ?? [.. value]; } = [];

    [Id(7)] public IReadOnlyList<AddressField> Bcc { get; init => field = value as AddressField[] ?? [.. value]; } = [];

    [Id(8)] public string? InReplyTo { get; init; }

    [Id(9)] public string? MessageId { get; init; }

    /// <summary>The Date field as a time; null when it is missing or unreadable. SENTBEFORE and SORT use it.</summary>
    [Id(10)] public DateTimeOffset? SentAt { get; init; }
}

/// <summary>One address of ENVELOPE. A group starts as (null, null, name, null) and ends as four nulls (RFC 3501 §7.4.2).</summary>
[GenerateSerializer, Immutable, Alias("mc.AddressField")]
public readonly record struct AddressField(
    [property: Id(0)] string? Name,
    [property: Id(1)] string? Route,
    [property: Id(2)] string? Mailbox,
    [property: Id(3)] string? Host);

/// <summary>One part of BODYSTRUCTURE (RFC 3501 §7.4.2) with where it stands in the body blob.</summary>
[GenerateSerializer, Immutable, Alias("mc.BodyPart")]
public sealed record BodyPart
{
    [Id(0)] public required string Type { get; init; }

    [Id(1)] public required string Subtype { get; init; }

    /// <summary>Name and value in turn.</summary>
    [Id(2)] public IReadOnlyList<string> Parameters { get; init => field = value as string[] ?? [.. value]; } = [];

    [Id(3)] public string? ContentId { get; init; }

    [Id(4)] public string? Description { get; init; }

    [Id(5)] public string Encoding { get; init; } = "7BIT";

    /// <summary>Lines of the part's body; given for text and message/rfc822.</summary>
    [Id(6)] public long Lines { get; init; }

    [Id(7)] public string? Md5 { get; init; }

    [Id(8)] public string? Disposition { get; init; }

    [Id(9)] public IReadOnlyList<string> DispositionParameters { get; init => field = value as string[] ?? [.. value]; } = [];

    [Id(10)] public IReadOnlyList<string> Language { get; init => field = value as string[] ?? [.. value]; } = [];

    [Id(11)] public string? Location { get; init; }

    /// <summary>Where the part's MIME header begins.</summary>
    [Id(12)] public long HeaderOffset { get; init; }

    /// <summary>Where the part's body begins: right after its header's empty line.</summary>
    [Id(13)] public long BodyOffset { get; init; }

    [Id(14)] public long BodyLength { get; init; }

    /// <summary>The parts of a multipart; for message/rfc822 the one part that is the embedded message's body.</summary>
    [Id(15)] public IReadOnlyList<BodyPart> Parts { get; init => field = value as BodyPart[] ?? [.. value]; } = [];

    /// <summary>The embedded message's envelope; only for message/rfc822.</summary>
    [Id(16)] public EnvelopeFields? Envelope { get; init; }

    /// <summary>
    /// Set when the part's transfer encoding is <c>binary</c> and its body has octets that lines cannot carry (NUL, CR or LF alone): where that word stands in
    /// the body blob. Such a part is shown in base64 (<see cref="BodyLayout"/>). Its <see cref="Lines"/> count the LFs of its body, whatever its type.
    /// </summary>
    [Id(17)] public long? BinaryAt { get; init; }
}
