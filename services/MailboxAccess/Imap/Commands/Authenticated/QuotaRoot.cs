using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>The one quota root of an account, named "" (RFC 9208 §3.2): all its folders together, STORAGE only.</summary>
internal static class QuotaRoot
{
    public static ImapReply Missing => ImapReply.No("There is no such quota root", "NONEXISTENT");

    /// <summary>Null when the account has no limit: then it has no quota root either, because a QUOTA response names at least one resource.</summary>
    public static async ValueTask<MailboxQuota?> FindAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var quota = await session.CallMailboxAsync(mailbox => mailbox.GetQuotaAsync(), cancellationToken).ConfigureAwait(false);
        return quota is { LimitBytes: > 0 } ? quota : null;
    }

    /// <summary>RFC 9208 §5.1: STORAGE counts units of 1,024 octets. A part of one counts as used and not as room.</summary>
    public static void Write(ImapWriter writer, MailboxQuota quota) =>
        writer.Line($"* QUOTA \"\" (STORAGE {(quota.UsedBytes + 1023) / 1024} {quota.LimitBytes / 1024})");
}
