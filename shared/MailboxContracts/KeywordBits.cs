namespace MailCloud.MailboxContracts;

/// <summary>Which bits of <see cref="MessageFlags"/> stand for a mailbox's keywords: bit 8 + i for the i-th of its list.</summary>
public static class KeywordBits
{
    /// <summary>A set of 64 bits has room for 56 beside the system flags' eight.</summary>
    public const int Max = 56;

    private const int First = 8;

    public static MessageFlags Of(int index) => (MessageFlags)(1UL << (First + index));

    /// <summary>The bit of a keyword, whatever its case (RFC 5788 §2 names them so); none when the list does not have it.</summary>
    public static MessageFlags Find(IReadOnlyList<string> keywords, string keyword)
    {
        for (var i = 0; i < keywords.Count; i++)
        {
            if (keywords[i].Equals(keyword, StringComparison.OrdinalIgnoreCase))
            {
                return Of(i);
            }
        }

        return MessageFlags.None;
    }
}
