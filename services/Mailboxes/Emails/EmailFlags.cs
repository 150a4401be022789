using System.Collections.Frozen;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>Flags by their names in JMAP (RFC 8621 §4.1.1).</summary>
internal static class EmailFlags
{
    private static readonly FrozenDictionary<string, MessageFlags> system = new Dictionary<string, MessageFlags>
    {
        ["$seen"] = MessageFlags.Seen,
        ["$answered"] = MessageFlags.Answered,
        ["$flagged"] = MessageFlags.Flagged,
        ["$draft"] = MessageFlags.Draft,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Of these names the ones that stand in the mailbox's list of keywords.</summary>
    public static IEnumerable<string> KeywordsOf(IEnumerable<string> names) => names.Where(name => !system.ContainsKey(name));

    /// <summary>The bit of one that is a flag of the system or that the mailbox has; none when no message can have it.</summary>
    public static MessageFlags Find(IReadOnlyList<string> keywords, string name) => system.TryGetValue(name, out var flag) ? flag : KeywordBits.Find(keywords, name);

    /// <summary>The bits of several.</summary>
    public static MessageFlags Bits(IReadOnlyList<string> keywords, IEnumerable<string> names) => names.Aggregate(MessageFlags.None, (set, name) => set | Find(keywords, name));
}
