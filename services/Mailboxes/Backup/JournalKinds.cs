using System.Collections.Frozen;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Backup;

/// <summary>Which kinds of journals there are, by the first part of their names: a tenant that comes back comes with all of those that are a tenant's. A new kind belongs in one of the two lists.</summary>
internal static class JournalKinds
{
    /// <summary>Of one tenant: gone with it, and back with it. By kind the grain whose journal it is, which may be in memory as one that has nothing.</summary>
    public static readonly FrozenDictionary<string, Func<IGrainFactory, string, IGrain>> OfTenants = new Dictionary<string, Func<IGrainFactory, string, IGrain>>
    {
        ["address"] = (grains, key) => grains.GetGrain<IAddressGrain>(key),
        ["app-passwords"] = (grains, key) => grains.GetGrain<IAppPasswordsGrain>(key),
        ["dkim"] = (grains, key) => grains.GetGrain<IDkimGrain>(key),
        ["domain"] = (grains, key) => grains.GetGrain<IDomainGrain>(key),
        ["group"] = (grains, key) => grains.GetGrain<IGroupGrain>(key),
        ["group-page"] = (grains, key) => grains.GetGrain<IGroupPageGrain>(key),
        ["index"] = (grains, key) => grains.GetGrain<IAddressIndexGrain>(key),
        ["logins"] = (grains, key) => grains.GetGrain<ILoginsGrain>(key),
        ["mailbox"] = (grains, key) => grains.GetGrain<IMailboxGrain>(key),
        ["oidc"] = (grains, key) => grains.GetGrain<ITenantOidcGrain>(key),
        ["sending"] = (grains, key) => grains.GetGrain<ISendingGrain>(key),
        ["submissions"] = (grains, key) => grains.GetGrain<ISubmissionsGrain>(key),
        ["suppression-index"] = (grains, key) => grains.GetGrain<ISuppressionIndexGrain>(key),
        ["suppressions"] = (grains, key) => grains.GetGrain<ISuppressionGrain>(key),
        ["tenant"] = (grains, key) => grains.GetGrain<ITenantGrain>(key),
        ["token"] = (grains, key) => grains.GetGrain<IApiTokenGrain>(key),
        ["tokens"] = (grains, key) => grains.GetGrain<IApiTokenListGrain>(key),
        ["totp"] = (grains, key) => grains.GetGrain<ITotpGrain>(key),
        ["usage"] = (grains, key) => grains.GetGrain<ITenantUsageGrain>(key),
        ["vacation"] = (grains, key) => grains.GetGrain<IVacationGrain>(key),
    }.ToFrozenDictionary();

    /// <summary>Of all tenants together, or of one and not restored with it: its audit log stays when it goes, and its jobs and push subscriptions do not come back.</summary>
    public static readonly FrozenSet<string> Others = ["audit", "deletions", "expansion", "job", "job-queue", "jobs", "push", "push-shard", "spool", "standing", "trace", "upkeep-turns"];
}
