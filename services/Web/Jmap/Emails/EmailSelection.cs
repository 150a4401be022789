namespace MailCloud.Web.Jmap.Emails;

/// <summary>Which properties of Emails, of their parts, and which texts are asked for (RFC 8621 §4.2, §4.9).</summary>
internal sealed record EmailSelection
{
    private static readonly string[] Metadata = ["id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt"];

    private static readonly string[] Content =
    [
        .. HeaderProperty.ShortNames, "headers", "hasAttachment", "preview", "bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments",
    ];

    private static readonly string[] PartProperties =
    [
        "partId", "blobId", "size", "headers", "name", "type", "charset", "disposition", "cid", "language", "location", "subParts",
    ];

    private static readonly string[] DefaultPartProperties = ["partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language", "location"];

    /// <summary>What Email/parse gives unless it is asked for other properties (§4.9).</summary>
    public static readonly string[] OfParse =
    [
        "messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo", "subject", "sentAt",
        "hasAttachment", "preview", "bodyValues", "textBody", "htmlBody", "attachments",
    ];

    /// <summary>What Email/get gives unless it is asked for other properties (§4.2).</summary>
    public static readonly string[] OfGet = [.. Metadata, .. OfParse];

    public required IReadOnlyList<string> Properties { get; init; }

    public required IReadOnlyList<string> BodyProperties { get; init; }

    public bool FetchTextBodyValues { get; init; }

    public bool FetchHtmlBodyValues { get; init; }

    public bool FetchAllBodyValues { get; init; }

    /// <summary>Octets of UTF-8; 0 is no limit.</summary>
    public long MaxBodyValueBytes { get; init; }

    /// <summary>False when the rows of the mailbox answer it.</summary>
    public bool NeedsContent => Properties.Any(property => !IsMetadata(property));

    public static bool IsMetadata(string property) => Metadata.Contains(property);

    public static bool IsProperty(string property) => IsMetadata(property) || Content.Contains(property) || HeaderProperty.Find(property) is not null;

    /// <summary>Reads the arguments that say what of the content is given.</summary>
    /// <param name="call">The call.</param>
    /// <param name="properties">Known ones.</param>
    /// <exception cref="MethodException">invalidArguments.</exception>
    public static EmailSelection Read(JmapCall call, IReadOnlyList<string> properties) => new()
    {
        Properties = properties,
        BodyProperties = StandardGet.ReadProperties(call, "bodyProperties", IsPartProperty) ?? DefaultPartProperties,
        FetchTextBodyValues = call.Arguments.FindBool("fetchTextBodyValues", false),
        FetchHtmlBodyValues = call.Arguments.FindBool("fetchHTMLBodyValues", false),
        FetchAllBodyValues = call.Arguments.FindBool("fetchAllBodyValues", false),
        MaxBodyValueBytes = call.Arguments.FindUnsigned("maxBodyValueBytes") ?? 0,
    };

    private static bool IsPartProperty(string property) =>
        PartProperties.Contains(property) || (property.StartsWith(HeaderProperty.Prefix, StringComparison.Ordinal) && HeaderProperty.Find(property) is not null);
}
