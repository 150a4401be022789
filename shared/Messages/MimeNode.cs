using System.Text;

namespace MailCloud.Messages;

/// <summary>A part while it is being read.</summary>
internal sealed class MimeNode
{
    private static readonly HeaderParameters PlainText = new("text", "plain", []);
    private static readonly HeaderParameters Opaque = new("application", "octet-stream", []);

    private HeaderParameters contentType = PlainText;
    private long linesAtBody;
    private long linesOfBody;
    private long end;

    public long HeaderOffset { get; init; }

    public long BodyOffset { get; private set; }

    /// <summary>The root, or what stands in a message/rfc822 part.</summary>
    public bool IsMessage { get; init; }

    /// <summary>RFC 2046 §5.1.5: within a digest the default type is message/rfc822.</summary>
    public bool DefaultsToMessage { get; init; }

    public HeaderFields Fields { get; private set; } = HeaderFields.Empty;

    public byte[]? Boundary { get; set; }

    /// <summary>A delimiter was read: a part begins with the next line.</summary>
    public bool AwaitsPart { get; set; }

    /// <summary>A message/rfc822 part, whose one child is the message in it.</summary>
    public bool IsEmbedding { get; private set; }

    public bool IsLeaf => !IsEmbedding && Boundary is null;

    public bool IsDigest => Is("multipart", "digest");

    public string Subtype => contentType.Subtype;

    public string? Charset => contentType.Find("charset");

    public bool IsText => contentType.Type.Equals("text", StringComparison.OrdinalIgnoreCase);

    public bool IsAttachment => Fields["Content-Disposition"]?.StartsWith("attachment", StringComparison.OrdinalIgnoreCase) ?? false;

    public string Encoding => Fields["Content-Transfer-Encoding"] is { } text && HeaderText.FirstToken(text) is { Length: > 0 } token ? token : "7BIT";

    public List<BodyPart> Children { get; } = [];

    public EnvelopeFields? EmbeddedEnvelope { get; set; }

    /// <summary>Takes the beginning of the body, for the preview.</summary>
    public OctetBuffer? Capture { get; set; }

    /// <summary>Watches the body of a part that says it is binary.</summary>
    public LineOctets? BinaryOctets { get; private set; }

    /// <summary>True when it is shown in base64; known once it is closed.</summary>
    public bool IsBinary => BinaryOctets is { Found: true };

    private long BinaryAt { get; set; }

    /// <summary>The header has been read and no part can begin in the body: looks whether it says that the body is binary.</summary>
    public void BeginLeaf(ReadOnlySpan<byte> header)
    {
        if (Encoding.Equals(BodyLayout.BinaryWord, StringComparison.OrdinalIgnoreCase)
            && HeaderFields.FindToken(header, "Content-Transfer-Encoding"u8) is >= 0 and var at
            && System.Text.Ascii.EqualsIgnoreCase(header[at..Math.Min(header.Length, at + BodyLayout.BinaryWord.Length)], "binary"u8))
        {
            BinaryAt = HeaderOffset + at;
            BinaryOctets = new();
        }
    }

    public void BeginBody(HeaderFields fields, long bodyOffset, long lines, bool canNest)
    {
        Fields = fields;
        BodyOffset = bodyOffset;
        linesAtBody = lines;

        // RFC 2045 §5.2: no Content-Type, or one that makes no sense, is text/plain.
        contentType = HeaderParameters.ParseContentType(fields["Content-Type"]) ?? (DefaultsToMessage ? new("message", "rfc822", []) : PlainText);
        if (contentType.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase))
        {
            var boundary = contentType.Find("boundary")?.TrimEnd(' ');
            Boundary = canNest && boundary is { Length: > 0 and <= 1000 } ? System.Text.Encoding.Latin1.GetBytes(boundary) : null;
            contentType = Boundary is not null ? contentType : canNest ? PlainText : Opaque;
        }
        else if (Is("message", "rfc822") || Is("message", "global"))
        {
            IsEmbedding = canNest;
            contentType = canNest ? contentType : Opaque;
        }
    }

    /// <summary>The body ends here, and no earlier than it began: at what was read so far, or at the line end before it. Returns where it ended.</summary>
    public long Close(long bodyEnd, long position, long lines)
    {
        end = Math.Min(Math.Max(bodyEnd, BodyOffset), Math.Max(position, BodyOffset));

        // The line end of a header that a delimiter interrupts is not the body's.
        linesOfBody = end == BodyOffset ? 0 : lines - (end < position ? 1 : 0) - linesAtBody;

        // A multipart must have a part (RFC 3501 §9, body-type-mpart): without one it is shown as plain text.
        if (Children.Count == 0 && contentType.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase))
        {
            contentType = PlainText;
        }

        Capture = null;
        BinaryOctets?.End(atDelimiter: end < position);
        return end;
    }

    public BodyPart ToBodyPart()
    {
        var disposition = HeaderParameters.ParseDisposition(Fields["Content-Disposition"]);
        return new BodyPart
        {
            Type = contentType.Type,
            Subtype = contentType.Subtype,
            Parameters = IsText && Charset is null ? [.. contentType.Parameters, "charset", "us-ascii"] : contentType.Parameters,
            ContentId = Fields["Content-ID"],
            Description = Fields["Content-Description"],
            Encoding = Encoding,
            Lines = IsText || IsEmbedding || IsBinary ? linesOfBody : 0,
            Md5 = Fields["Content-MD5"],
            Disposition = disposition?.Type,
            DispositionParameters = disposition?.Parameters ?? [],
            Language = Fields["Content-Language"]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
            Location = Fields["Content-Location"],
            HeaderOffset = HeaderOffset,
            BodyOffset = BodyOffset,
            BodyLength = end - BodyOffset,
            Parts = [.. Children],
            Envelope = EmbeddedEnvelope,
            BinaryAt = IsBinary ? BinaryAt : null,
        };
    }

    private bool Is(string type, string subtype) =>
        contentType.Type.Equals(type, StringComparison.OrdinalIgnoreCase) && contentType.Subtype.Equals(subtype, StringComparison.OrdinalIgnoreCase);
}
