using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>The keywords of a mailbox: the i-th is bit 8 + i of a set of flags. They are compared without regard to case (RFC 5788 §2 names them so).</summary>
internal static class MailboxKeywords
{
    /// <summary>Bits 8 to 63 of <see cref="MessageFlags"/>.</summary>
    public const int Max = 56;

    private const int FirstBit = 8;

    /// <summary>Those that the mailbox does not have yet, each once.</summary>
    public static IReadOnlyList<string> Missing(IReadOnlyList<string> keywords, IEnumerable<string> wanted) =>
        [.. wanted.Distinct(StringComparer.OrdinalIgnoreCase).Where(k => !keywords.Contains(k, StringComparer.OrdinalIgnoreCase))];

    /// <summary>The bits of those that the mailbox has.</summary>
    public static MessageFlags Bits(List<string> keywords, IEnumerable<string> wanted) => wanted.Aggregate(MessageFlags.None, (set, keyword) => set | Bit(keywords, keyword));

    private static MessageFlags Bit(List<string> keywords, string keyword)
    {
        var index = keywords.FindIndex(k => k.Equals(keyword, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? MessageFlags.None : (MessageFlags)(1UL << (FirstBit + index));
    }
}
