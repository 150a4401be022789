using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>A set of flags as a client names them: system flags as bits, keywords by name.</summary>
internal readonly record struct FlagSet(MessageFlags System, IReadOnlyList<string> Keywords)
{
    public static FlagSet Empty => new(MessageFlags.None, []);

    public FlagSet WithKeyword(string keyword) =>
        Keywords.Contains(keyword, StringComparer.OrdinalIgnoreCase) ? this : this with { Keywords = [.. Keywords, keyword] };
}

/// <summary>Names of system flags (RFC 3501 §2.3.2).</summary>
internal static class FlagNames
{
    /// <summary>The system flags in the order that we list them in.</summary>
    public static readonly IReadOnlyList<(MessageFlags Flag, string Name)> System =
    [
        (MessageFlags.Answered, "\\Answered"),
        (MessageFlags.Flagged, "\\Flagged"),
        (MessageFlags.Deleted, "\\Deleted"),
        (MessageFlags.Seen, "\\Seen"),
        (MessageFlags.Draft, "\\Draft"),
    ];

    /// <summary>A system flag by its name without the backslash. \Recent is none: clients cannot set it.</summary>
    public static bool TryParseSystem(string name, out MessageFlags flag)
    {
        foreach (var (known, text) in System)
        {
            if (name.Equals(text[1..], StringComparison.OrdinalIgnoreCase))
            {
                flag = known;
                return true;
            }
        }

        flag = MessageFlags.None;
        return false;
    }
}
