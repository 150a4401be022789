using MailCloud.Messages;

namespace MailCloud.MessageView;

/// <summary>Which parts of a message are its bodies, and which come beside them. Pure, of the structure alone.</summary>
internal sealed class MessageContent
{
    /// <summary>Parts that are looked at. The largest digests of mailing lists have a few hundred.</summary>
    public const int MaxParts = 1000;

    /// <summary>Bodies that are shown one after another; further ones are attachments.</summary>
    public const int MaxBodies = 50;

    private int seen;

    /// <summary>What is shown, in this order.</summary>
    public List<NumberedPart> Bodies { get; } = [];

    /// <summary>Attachments, and what bodies may show within them.</summary>
    public List<NumberedPart> Others { get; } = [];

    /// <summary>The first plain text, shown or not.</summary>
    public NumberedPart? Plain { get; private set; }

    public HashSet<ViewNote> Notes { get; } = [];

    public static MessageContent Of(BodyPart root)
    {
        var content = new MessageContent();
        if (root.IsMultipart())
        {
            content.AddMultipart(new("", root), isRoot: true);
        }
        else
        {
            content.Add(new("1", root), isFirst: true);
        }

        return content;
    }

    private void Add(NumberedPart part, bool isFirst)
    {
        if (seen == MaxParts)
        {
            Notes.Add(ViewNote.PartsLeftOut);
        }
        else if (part.Part.IsMultipart())
        {
            seen++;
            AddMultipart(part, isRoot: false);
        }
        else
        {
            seen++;
            AddLeaf(part, isFirst);
        }
    }

    private void AddMultipart(NumberedPart part, bool isRoot)
    {
        var children = part.Children(isRoot);
        switch (part.Part.Subtype.ToLowerInvariant())
        {
            case "alternative":
                AddAlternatives(children);
                break;
            case "related":
                AddRelated(part.Part, children);
                break;
            case "signed":
                // RFC 1847 §2.1: the first is what was signed, the second the signature.
                Add(children[0], isFirst: true);
                AddBeside(children.Skip(1));
                break;
            case "encrypted":
                Notes.Add(ViewNote.Encrypted);
                AddBeside(children);
                break;
            default:
                // RFC 2046 §5.1.7: an unknown subtype is read as mixed.
                for (var i = 0; i < children.Count; i++)
                {
                    Add(children[i], isFirst: i == 0);
                }

                break;
        }
    }

    // RFC 2046 §5.1.4: the last that can be shown. Of the others only what is no text to read is kept: an invitation, say.
    private void AddAlternatives(IReadOnlyList<NumberedPart> children)
    {
        var chosen = children.LastOrDefault(child => CanBeShown(child.Part));
        foreach (var child in children)
        {
            if (child == chosen || chosen is null)
            {
                Add(child, isFirst: true);
            }
            else
            {
                AddUnchosen(child);
            }
        }
    }

    private void AddUnchosen(NumberedPart part)
    {
        if (part.Part.IsMultipart())
        {
            foreach (var child in part.Children(isRoot: false))
            {
                AddUnchosen(child);
            }
        }
        else if (part.Part.Is("text", "plain"))
        {
            Plain ??= part;
        }
        else if (!IsWordsAgain(part.Part))
        {
            AddBeside([part]);
        }
    }

    private static bool IsWordsAgain(BodyPart part) =>
        part.IsText() || (part.Type.Equals("text", StringComparison.OrdinalIgnoreCase)
            && part.Subtype.ToLowerInvariant() is "enriched" or "richtext" or "x-amp-html" or "watch-html" or "rtf" or "xml");

    // RFC 2387 §3.2: the part that "start" names, else the first; the others belong to it.
    private void AddRelated(BodyPart related, IReadOnlyList<NumberedPart> children)
    {
        var start = BodyParts.WithoutBrackets(related.Parameter("start"));
        var root = children.FirstOrDefault(child => start is not null && BodyParts.WithoutBrackets(child.Part.ContentId) == start) ?? children[0];
        Add(root, isFirst: true);
        AddBeside(children.Where(child => child != root));
    }

    private void AddBeside(IEnumerable<NumberedPart> parts)
    {
        foreach (var part in parts)
        {
            if (seen == MaxParts)
            {
                Notes.Add(ViewNote.PartsLeftOut);
                return;
            }

            seen++;
            if (part.Part.IsMultipart())
            {
                AddBeside(part.Children(isRoot: false));
            }
            else
            {
                Others.Add(part);
            }
        }
    }

    private void AddLeaf(NumberedPart part, bool isFirst)
    {
        // A text with a file's name that stands after something else was attached, whatever its disposition says, as JMAP reads it too.
        var isBody = part.Part.IsText() && !part.Part.IsAttachment() && (isFirst || PartNames.Find(part.Part) is null) && Bodies.Count < MaxBodies;
        (isBody ? Bodies : Others).Add(part);
        if (isBody && part.Part.Is("text", "plain"))
        {
            Plain ??= part;
        }

        if (part.Part.Is("application", "pkcs7-mime") || part.Part.Is("application", "x-pkcs7-mime"))
        {
            Notes.Add(ViewNote.Encrypted);
        }
    }

    private static bool CanBeShown(BodyPart part) => !part.IsMultipart()
        ? part.IsText() && !part.IsAttachment()
        : part.Subtype.Equals("signed", StringComparison.OrdinalIgnoreCase) ? CanBeShown(part.Parts[0]) : part.Parts.Any(CanBeShown);
}
