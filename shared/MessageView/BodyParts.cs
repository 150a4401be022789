using MailCloud.Messages;

namespace MailCloud.MessageView;

/// <summary>A part and its numbers in IMAP.</summary>
internal sealed record NumberedPart(string Id, BodyPart Part)
{
    /// <summary>The parts of a multipart.</summary>
    public IReadOnlyList<NumberedPart> Children(bool isRoot) =>
        [.. Part.Parts.Select((child, i) => new NumberedPart(isRoot ? $"{i + 1}" : $"{Id}.{i + 1}", child))];
}

/// <summary>What is asked of a part's header.</summary>
public static class BodyParts
{
    public static bool Is(this BodyPart part, string type, string subtype) =>
        part.Type.Equals(type, StringComparison.OrdinalIgnoreCase) && part.Subtype.Equals(subtype, StringComparison.OrdinalIgnoreCase);

    public static bool IsMultipart(this BodyPart part) => part.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase) && part.Parts.Count > 0;

    public static bool IsAttachment(this BodyPart part) => part.Disposition is not null && part.Disposition.Equals("attachment", StringComparison.OrdinalIgnoreCase);

    public static bool IsText(this BodyPart part) => part.Is("text", "plain") || part.Is("text", "html") || part.Is("text", "markdown");

    /// <summary>One char per octet.</summary>
    public static string? Parameter(this BodyPart part, string name)
    {
        for (var i = 0; i + 1 < part.Parameters.Count; i += 2)
        {
            if (part.Parameters[i].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return part.Parameters[i + 1];
            }
        }

        return null;
    }

    /// <summary>An id without its brackets; null when there is none.</summary>
    public static string? WithoutBrackets(string? id) => id?.Trim().TrimStart('<').TrimEnd('>') is { Length: > 0 } bare ? bare : null;
}
