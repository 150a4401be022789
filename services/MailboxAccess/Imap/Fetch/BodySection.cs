using MailCloud.MailboxAccess.Bodies;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>What part of a message a section names (RFC 3501 §6.4.5, section-spec).</summary>
internal enum SectionText
{
    /// <summary>The whole message, or a part's body.</summary>
    All = 0,
    Header = 1,
    HeaderFields = 2,
    HeaderFieldsNot = 3,
    Text = 4,
    Mime = 5,
}

/// <summary>A section as the client wrote it: part numbers, what of the part, and for HEADER.FIELDS the names.</summary>
internal sealed record BodySection(IReadOnlyList<int> Path, SectionText Text, IReadOnlyList<string> Fields)
{
    public static readonly BodySection Whole = new([], SectionText.All, []);
    public static readonly BodySection WholeHeader = new([], SectionText.Header, []);
    public static readonly BodySection WholeText = new([], SectionText.Text, []);

    public bool SelectsFields => Text is SectionText.HeaderFields or SectionText.HeaderFieldsNot;

    /// <summary>Whether HEADER.FIELDS or HEADER.FIELDS.NOT takes the fields of this name; a line that is no field has none.</summary>
    public bool Chooses(string field) => Fields.Contains(field, StringComparer.OrdinalIgnoreCase) == (Text == SectionText.HeaderFields);

    /// <summary>The part that the numbers name; null when the message has none.</summary>
    public BodyPart? PartIn(BodyPart root) => FindPart(root)?.Part;

    /// <summary>True: it is of the message itself, and its structure need not be known.</summary>
    public bool IsOfMessage => Path.Count == 0;

    /// <summary>
    /// Where a section of the message itself stands: prefix and body blob in one. For HEADER.FIELDS that is the header to choose from.
    /// </summary>
    /// <param name="textStart">Octets of prefix and header.</param>
    /// <param name="total">Octets of prefix and body.</param>
    public OctetRange LocateOfMessage(long textStart, long total) => Text switch
    {
        SectionText.All => new(0, total),
        SectionText.Text => OctetRange.Between(textStart, total),

        // MIME without a part number does not parse; here it can only be a header.
        _ => new(0, textStart),
    };

    /// <summary>The same of any section. Null when the message has no such part.</summary>
    public OctetRange? Locate(BodyPart root, long prefix, long bodyLength)
    {
        if (IsOfMessage)
        {
            return LocateOfMessage(prefix + root.BodyOffset, prefix + bodyLength);
        }

        return FindPart(root) is { } found ? LocateIn(found.Part, found.IsMessageBody, prefix) : null;
    }

    private OctetRange? LocateIn(BodyPart part, bool isMessageBody, long prefix) => Text switch
    {
        SectionText.All => new(prefix + part.BodyOffset, part.BodyLength),

        // A message that is no multipart is its own part 1 (RFC 3501 §6.4.5): its MIME header is the message's header.
        SectionText.Mime when isMessageBody && part.HeaderOffset == 0 => new(0, prefix + part.BodyOffset),
        SectionText.Mime => OctetRange.Between(prefix + part.HeaderOffset, prefix + part.BodyOffset),

        // HEADER and TEXT of a part are those of the message in a message/rfc822 part.
        _ when !IsMessage(part) => null,
        SectionText.Text => OctetRange.Between(prefix + part.Parts[0].BodyOffset, prefix + part.BodyOffset + part.BodyLength),
        _ => OctetRange.Between(prefix + part.Parts[0].HeaderOffset, prefix + part.Parts[0].BodyOffset),
    };

    private (BodyPart Part, bool IsMessageBody)? FindPart(BodyPart root)
    {
        var part = root;
        var isMessageBody = true;
        for (var i = 0; i < Path.Count; i++)
        {
            if (!isMessageBody && IsMessage(part))
            {
                part = part.Parts[0];
                isMessageBody = true;
            }

            if (IsMultipart(part))
            {
                if (Path[i] > part.Parts.Count)
                {
                    return null;
                }

                part = part.Parts[Path[i] - 1];
                isMessageBody = false;
            }
            else if (isMessageBody && Path[i] == 1)
            {
                // The last number leaves it a message's body; one more number goes into it, if it is a message.
                isMessageBody = i == Path.Count - 1;
            }
            else
            {
                return null;
            }
        }

        return (part, isMessageBody);
    }

    public static bool IsMultipart(BodyPart part) => part.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase);

    public static bool IsMessage(BodyPart part) => part.Parts.Count == 1 && part.Envelope is not null && !IsMultipart(part);
}

/// <summary>&lt;offset.count&gt; of a section.</summary>
internal readonly record struct PartialRange(uint Offset, uint Count);
