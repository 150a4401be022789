using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>What a change that names keywords makes of a mailbox's list of them.</summary>
internal static class MailboxKeywords
{
    /// <summary>Those that the mailbox does not have yet, each once.</summary>
    public static IReadOnlyList<string> Missing(IReadOnlyList<string> keywords, IEnumerable<string> wanted) =>
        [.. wanted.Distinct(StringComparer.OrdinalIgnoreCase).Where(k => KeywordBits.Find(keywords, k) == MessageFlags.None)];

    /// <summary>The bits of those that the mailbox has.</summary>
    public static MessageFlags Bits(IReadOnlyList<string> keywords, IEnumerable<string> wanted) =>
        wanted.Aggregate(MessageFlags.None, (set, keyword) => set | KeywordBits.Find(keywords, keyword));
}
