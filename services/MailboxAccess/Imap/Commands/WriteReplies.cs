using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands;

/// <summary>What APPEND, COPY, MOVE, STORE and EXPUNGE have to say alike.</summary>
internal static class WriteReplies
{
    /// <summary>The mailbox was opened by EXAMINE (RFC 3501 §6.3.2).</summary>
    public static ImapReply ReadOnly => ImapReply.No("The mailbox is read-only", "READ-ONLY");

    /// <summary>RFC 3501 §7.1: the client may make the mailbox and try again.</summary>
    public static ImapReply NoTarget => ImapReply.No("There is no such mailbox", "TRYCREATE");

    public static ImapReply KeywordsFull => ImapReply.No($"A mailbox has at most {KeywordBits.Max} keywords", "LIMIT");

    public static ImapReply OverQuota => ImapReply.No("The quota would be exceeded", "OVERQUOTA");

    /// <summary>Why a mailbox took nothing (response codes: RFC 5530 §3); null when it did.</summary>
    public static ImapReply? Refusal(WriteOutcome outcome) => outcome switch
    {
        WriteOutcome.Done => null,
        WriteOutcome.NoSuchFolder => NoTarget,
        WriteOutcome.OverQuota => OverQuota,
        WriteOutcome.KeywordsFull => KeywordsFull,
        WriteOutcome.TooMany => ImapReply.No("Too many messages at once", "LIMIT"),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
