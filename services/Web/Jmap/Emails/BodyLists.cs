using MailCloud.MessageView;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>A part and its number in IMAP; the number is null for a multipart.</summary>
internal sealed record EmailPart(string? Id, BodyPart Part)
{
    public string Type { get; } = $"{Part.Type}/{Part.Subtype}".ToLowerInvariant();

    public bool IsMultipart => Id is null;

    public bool IsText => Type.StartsWith("text/", StringComparison.Ordinal);

    public IReadOnlyList<EmailPart> Parts { get; private init; } = [];

    public static EmailPart Of(BodyPart root) => Of(root, "", isRoot: true);

    /// <summary>All that are no multiparts, in their order.</summary>
    public IEnumerable<EmailPart> Leaves() => IsMultipart ? Parts.SelectMany(part => part.Leaves()) : [this];

    // RFC 3501 §6.4.5: the parts of the message's own multipart are 1, 2 …; what is no multipart is 1.
    private static EmailPart Of(BodyPart part, string number, bool isRoot) => part.IsMultipart()
        ? new EmailPart(null, part) { Parts = [.. part.Parts.Select((child, i) => Of(child, isRoot ? $"{i + 1}" : $"{number}.{i + 1}", false))] }
        : new EmailPart(isRoot ? "1" : number, part);
}

/// <summary>textBody, htmlBody and attachments: the algorithm of RFC 8621 §4.1.4.</summary>
internal sealed class BodyLists
{
    private readonly List<EmailPart> text = [];
    private readonly List<EmailPart> html = [];
    private readonly List<EmailPart> attachments = [];

    private BodyLists()
    {
    }

    public IReadOnlyList<EmailPart> TextBody => text;

    public IReadOnlyList<EmailPart> HtmlBody => html;

    public IReadOnlyList<EmailPart> Attachments => attachments;

    /// <summary>Something to save or open by itself: an attachment that is not meant to stand in the text (§4.1.4).</summary>
    public bool HasAttachment => attachments.Exists(part => !"inline".Equals(part.Part.Disposition, StringComparison.OrdinalIgnoreCase));

    public static BodyLists Of(EmailPart root)
    {
        var lists = new BodyLists();
        lists.Add([root], "mixed", inAlternative: false, lists.html, lists.text);
        return lists;
    }

    /// <param name="parts">Of one multipart.</param>
    /// <param name="multipart">Its subtype.</param>
    /// <param name="inAlternative">It is, or stands in, an alternative.</param>
    /// <param name="htmlBody">Null within an alternative that is plain text.</param>
    /// <param name="textBody">Null within one that is HTML.</param>
    private void Add(IReadOnlyList<EmailPart> parts, string multipart, bool inAlternative, List<EmailPart>? htmlBody, List<EmailPart>? textBody)
    {
        var (texts, htmls) = (textBody?.Count ?? -1, htmlBody?.Count ?? -1);
        for (var i = 0; i < parts.Count; i++)
        {
            var part = parts[i];
            if (part.IsMultipart)
            {
                var subtype = part.Part.Subtype.ToLowerInvariant();
                Add(part.Parts, subtype, inAlternative || subtype == "alternative", htmlBody, textBody);
            }
            else if (!IsInline(part, isFirst: i == 0, multipart))
            {
                attachments.Add(part);
            }
            else if (multipart == "alternative")
            {
                AddAlternative(part, htmlBody, textBody);
            }
            else
            {
                htmlBody = inAlternative && part.Type == "text/plain" ? null : htmlBody;
                textBody = inAlternative && part.Type == "text/html" ? null : textBody;
                textBody?.Add(part);
                htmlBody?.Add(part);
                if ((textBody is null || htmlBody is null) && IsMedia(part.Type))
                {
                    attachments.Add(part);
                }
            }
        }

        if (multipart == "alternative" && textBody is not null && htmlBody is not null)
        {
            AddMissing(textBody, texts, htmlBody, htmls);
        }
    }

    private void AddAlternative(EmailPart part, List<EmailPart>? htmlBody, List<EmailPart>? textBody)
    {
        // Where the list is closed the part is of no use to whoever reads the other one.
        switch (part.Type)
        {
            case "text/plain":
                textBody?.Add(part);
                break;
            case "text/html":
                htmlBody?.Add(part);
                break;
            default:
                attachments.Add(part);
                break;
        }
    }

    // Only HTML, or only plain text, was found: it is for both.
    private static void AddMissing(List<EmailPart> textBody, int texts, List<EmailPart> htmlBody, int htmls)
    {
        var (newTexts, newHtmls) = (textBody.Count - texts, htmlBody.Count - htmls);
        if (newTexts == 0 && newHtmls > 0)
        {
            textBody.AddRange(htmlBody.Skip(htmls));
        }

        if (newHtmls == 0 && newTexts > 0)
        {
            htmlBody.AddRange(textBody.Skip(texts));
        }
    }

    // Of related parts only the first is the text; elsewhere a text with a file's name is an attachment, unless it comes first.
    private static bool IsInline(EmailPart part, bool isFirst, string multipart) =>
        !part.Part.IsAttachment()
        && (part.Type is "text/plain" or "text/html" || IsMedia(part.Type))
        && (isFirst || (multipart != "related" && (IsMedia(part.Type) || PartNames.Find(part.Part) is null)));

    private static bool IsMedia(string type) =>
        type.StartsWith("image/", StringComparison.Ordinal) || type.StartsWith("audio/", StringComparison.Ordinal) || type.StartsWith("video/", StringComparison.Ordinal);
}
