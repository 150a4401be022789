using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Emails;

/// <summary>A keyword as JMAP names it, among a mailbox's flags.</summary>
internal static class EmailKeyword
{
    /// <summary>RFC 8621 §4.1.1: the four system flags that are keywords; none when no message can have it.</summary>
    public static MessageFlags Find(IReadOnlyList<string> keywords, string keyword) => keyword.ToLowerInvariant() switch
    {
        "$seen" => MessageFlags.Seen,
        "$flagged" => MessageFlags.Flagged,
        "$answered" => MessageFlags.Answered,
        "$draft" => MessageFlags.Draft,
        _ => KeywordBits.Find(keywords, keyword),
    };
}
