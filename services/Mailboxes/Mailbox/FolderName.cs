using System.Text;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Names of folders: levels separated by <c>/</c>. INBOX means the same in any case (RFC 3501 §5.1), also as the first of several levels.</summary>
internal static class FolderName
{
    public const string Inbox = "INBOX";

    /// <summary>Octets of UTF-8: what fits into one line of any client after modified UTF-7 has tripled it.</summary>
    private const int MaxLength = 1000;

    private const int MaxLevels = 32;

    private const char Separator = '/';

    public static string Canonical(string name) =>
        name.StartsWith(Inbox, StringComparison.OrdinalIgnoreCase) && (name.Length == Inbox.Length || name[Inbox.Length] == Separator)
            ? Inbox + name[Inbox.Length..]
            : name;

    /// <summary>The name of a folder that is to be made; null when there can be none of this name.</summary>
    public static string? ForNew(string name)
    {
        // RFC 3501 §6.3.3: a separator at the end announces that names below will follow, and is not part of the name.
        var trimmed = Canonical(name.EndsWith(Separator) ? name[..^1] : name);
        var levels = trimmed.Split(Separator);
        return levels.Length <= MaxLevels && levels.All(IsLevel) && Encoding.UTF8.GetByteCount(trimmed) <= MaxLength ? trimmed : null;
    }

    /// <summary>One level of a name as JMAP gives it, in NFC (RFC 8621 §2 wants Net-Unicode); null when it cannot be one.</summary>
    public static string? Level(string text)
    {
        try
        {
            return IsLevel(text) && !text.Contains(Separator) ? text.Normalize(NormalizationForm.FormC) : null;
        }
        catch (ArgumentException)
        {
            // U+FFFE, which is no character.
            return null;
        }
    }

    /// <summary>The names above a name, from the top.</summary>
    public static IEnumerable<string> Above(string name)
    {
        for (var end = name.IndexOf(Separator); end > 0; end = name.IndexOf(Separator, end + 1))
        {
            yield return name[..end];
        }
    }

    public static bool IsBelow(string name, string parent) =>
        name.Length > parent.Length && name[parent.Length] == Separator && name.StartsWith(parent, StringComparison.Ordinal);

    // A wildcard in a name could not be told from a pattern (RFC 3501 §5.1).
    private static bool IsLevel(string level) =>
        level.Length > 0 && !level.Any(c => char.IsControl(c) || c is '*' or '%') && level.EnumerateRunes().All(r => r != Rune.ReplacementChar);
}
