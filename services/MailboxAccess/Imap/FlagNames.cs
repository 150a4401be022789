using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>A set of flags as a client names them: system flags as bits, keywords by name.</summary>
internal readonly record struct FlagSet(MessageFlags System, IReadOnlyList<string> Keywords)
{
    public static FlagSet Empty => new(MessageFlags.None, []);
}

/// <summary>A set of flags while it is read. A keyword counts once, in the case in which it came first; a command has room for ten thousand.</summary>
internal sealed class FlagSetBuilder
{
    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> keywords = [];
    private MessageFlags system;

    public void Add(MessageFlags flag) => system |= flag;

    public void Add(string keyword)
    {
        if (known.Add(keyword))
        {
            keywords.Add(keyword);
        }
    }

    public FlagSet ToSet() => new(system, keywords);
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
