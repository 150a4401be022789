using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

public static class PutAddressRefusals
{
    /// <summary>Why the tenant's limits, or a deletion, do not allow a change of an address, in a sentence for the administrator; null when they do.</summary>
    public static string? LimitOf(PutAddressResult result, TenantId tenant) => result switch
    {
        PutAddressResult.TooManyAccounts => $"tenant {tenant} has as many accounts as it may: raise its limit first",
        PutAddressResult.TooMuchStorage => $"the quotas of tenant {tenant} would come to more than it may have: give less, or raise its limit first",
        PutAddressResult.Deleted => "the address was deleted: restore it, or wait until it is gone",
        PutAddressResult.QuotaNeeded => $"the storage of tenant {tenant} is limited: give the account a quota, or the tenant one for new accounts (accountBytes)",
        _ => null,
    };
}
