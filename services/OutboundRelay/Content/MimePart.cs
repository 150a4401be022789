using System.Text;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>A Content-Transfer-Encoding (RFC 2045 §6). What names none, or one that nobody knows, is taken as it stands, as <see cref="SevenBit"/>.</summary>
internal enum TransferEncoding
{
    SevenBit = 0,
    EightBit = 1,
    Binary = 2,
    QuotedPrintable = 3,
    Base64 = 4,

    /// <summary>uuencode, or an encoding of the sender's own (<c>x-…</c>): its octets mean something that is not known here.</summary>
    Private = 5,
}

/// <summary>One entity of a message (RFC 2045 §2.4) while it is being walked over: the message itself, a part of a multipart, or a message within a message.</summary>
internal sealed class MimePart
{
    /// <summary>RFC 2046 §5.1.1 allows 70; what MimeScanner takes is taken here.</summary>
    private const int MaxBoundary = 1000;

    private static readonly HeaderParameters PlainText = new("text", "plain", []);
    private static readonly HeaderParameters EmbeddedMessage = new("message", "rfc822", []);

    private string? typeField;
    private string? encodingField;

    /// <summary>Its place in the order in which entities begin; the message is 0.</summary>
    public required int Ordinal { get; init; }

    public MimePart? Parent { get; init; }

    /// <summary>The message, or one within a message/rfc822.</summary>
    public bool IsMessage { get; init; }

    /// <summary>Of this entity's header and body nothing may change: a signature covers them (RFC 1847 §2.1).</summary>
    public bool IsSigned { get; init; }

    public HeaderParameters Type { get; private set; } = PlainText;

    public TransferEncoding Encoding { get; private set; }

    public bool HasType => typeField is not null;

    public bool HasEncoding => encodingField is not null;

    public bool HasMimeVersion { get; private set; }

    /// <summary>What delimits its parts; null when it has none, or when the last has ended.</summary>
    public byte[]? Boundary { get; set; }

    /// <summary>Parts that have begun.</summary>
    public int Children { get; set; }

    /// <summary>A message/rfc822 part, whose one child is the message in it.</summary>
    public bool IsEmbedding { get; private set; }

    /// <summary>A multipart with a boundary: what stands between its header and its parts, and after them, is no part's content.</summary>
    public bool HoldsParts { get; private set; }

    public bool IsLeaf => !IsEmbedding && !HoldsParts;

    /// <summary>In its body only LF ends a line for what looks for delimiters: CR is one of its octets.</summary>
    public bool IsBinary => IsLeaf && Encoding == TransferEncoding.Binary;

    /// <summary>Lines, by its type, and not octets.</summary>
    public bool HasLines => Is("text") || Is("message") || Is("multipart");

    /// <summary>
    /// True when its type may have an encoding that is none (RFC 2045 §6.4, RFC 2046 §5.2). message/global may (RFC 6532 §3.7), and so may types of reports, as Postfix takes it.
    /// </summary>
    public bool MayBeEncoded => !Is("multipart") && !(Is("message") && Type.Subtype.ToLowerInvariant() is "rfc822" or "partial" or "external-body");

    public bool IsMultipartSigned => Is("multipart") && Type.Subtype.Equals("signed", StringComparison.OrdinalIgnoreCase);

    /// <summary>What octets are there, once it has ended.</summary>
    public PartFacts Facts { get; } = new();

    /// <summary>What it needs of a transport as it will leave, its parts included; known once it has ended.</summary>
    public BodyType Level { get; set; }

    /// <summary>What is to change of it; known in the second pass.</summary>
    public PartPlan Plan { get; set; }

    /// <summary>Its Content-Transfer-Encoding has been written anew.</summary>
    public bool EncodingWritten { get; set; }

    /// <summary>Takes what says how to read it. The first field of a name counts.</summary>
    public void Read(ReadOnlySpan<byte> field)
    {
        var name = HeaderField.Name(field);
        if (Ascii.EqualsIgnoreCase(name, HeaderField.ContentType))
        {
            typeField ??= HeaderField.Unfolded(field);
        }
        else if (Ascii.EqualsIgnoreCase(name, HeaderField.TransferEncoding))
        {
            encodingField ??= HeaderField.Unfolded(field);
        }
        else if (Ascii.EqualsIgnoreCase(name, HeaderField.MimeVersion))
        {
            HasMimeVersion = true;
        }
    }

    /// <summary>The header has ended. <paramref name="canNest"/>: parts may begin in the body.</summary>
    public void BeginBody(bool canNest)
    {
        // RFC 2045 §5.2: no Content-Type, or one that makes no sense, is text/plain; RFC 2046 §5.1.5: within a digest message/rfc822.
        var inDigest = Parent is { } parent && parent.Is("multipart") && parent.Type.Subtype.Equals("digest", StringComparison.OrdinalIgnoreCase);
        Type = HeaderParameters.ParseContentType(typeField) ?? (inDigest ? EmbeddedMessage : PlainText);
        Encoding = EncodingOf(encodingField);
        if (Is("multipart"))
        {
            var boundary = Type.Find("boundary")?.TrimEnd(' ');
            Boundary = canNest && boundary is { Length: > 0 and <= MaxBoundary } ? System.Text.Encoding.Latin1.GetBytes(boundary) : null;
            HoldsParts = Boundary is not null;
        }
        else
        {
            // Against RFC 2045 §6.4 some programs encode a message within a message: then it is text to be passed on.
            IsEmbedding = canNest && Is("message") && Type.Subtype.Equals("rfc822", StringComparison.OrdinalIgnoreCase) && Encoding <= TransferEncoding.Binary;
        }
    }

    private bool Is(string type) => Type.Type.Equals(type, StringComparison.OrdinalIgnoreCase);

    private static TransferEncoding EncodingOf(string? value) => value is null ? TransferEncoding.SevenBit : HeaderText.FirstToken(value).ToLowerInvariant() switch
    {
        "8bit" => TransferEncoding.EightBit,
        "binary" => TransferEncoding.Binary,
        "quoted-printable" => TransferEncoding.QuotedPrintable,
        "base64" => TransferEncoding.Base64,
        "uuencode" => TransferEncoding.Private,
        var token => token.StartsWith("x-", StringComparison.Ordinal) ? TransferEncoding.Private : TransferEncoding.SevenBit,
    };
}
