using System.Collections.Frozen;

namespace MailCloud.OutboundRelay.Sending;

/// <summary>Which failures say that an address is not there, and will not be: the first such one is enough, as for SES, Postmark and Mailgun.</summary>
internal static class HardBounce
{
    /// <summary>
    /// RFC 3463 §3.2, §3.3: no such mailbox, no such domain, no address, moved without a new address; RFC 7505 §4.1: null MX; mailbox disabled. Not 5.1.7 and 5.1.8, which are about the sender, 5.1.0, which may be,
    /// 5.2.2 (full), 5.2.3 (length), 5.7.x (policy), or a 550 without a status, which may be any of them.
    /// </summary>
    private static readonly FrozenSet<string> statuses = FrozenSet.ToFrozenSet(["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"], StringComparer.Ordinal);

    public static bool Is(RelayOutcome.Failed failed) => failed.OfAddress && statuses.Contains(failed.Status);
}
