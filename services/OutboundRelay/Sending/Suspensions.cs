using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;
using Microsoft.Extensions.Caching.Memory;

namespace MailCloud.OutboundRelay.Sending;

/// <summary>
/// Whose mail may not leave now: that of tenants and accounts that are suspended, which a deleted tenant is too, and that of accounts that are deleted or whose domain is. It is
/// held, as what suspends may end; what the directory says is remembered for a few seconds. A directory that does not answer stops no mail.
/// </summary>
internal sealed class Suspensions(IGrainFactory grains, GrainCalls calls, LocalDomains domains, TimeProvider time, ILogger<Suspensions> logger) : IDisposable
{
    /// <summary>
    /// What is held is looked at again after this time: mail goes on so soon after its account may send again, and 100,000 messages of a tenant that may not cost 55 leases a
    /// second.
    /// </summary>
    public static readonly TimeSpan LookAgainAfter = TimeSpan.FromMinutes(30);

    /// <summary>RFC 3463 §3.8: X.7.13, user account disabled (RFC 5248's registry).</summary>
    public static readonly RelayOutcome.Deferred Held = new("4.7.13", "450 4.7.13 the sender's account is suspended");

    /// <summary>As long as Smtp:DirectoryCache.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    /// <summary>About 3 MB when full.</summary>
    private const int Capacity = 20_000;

    private readonly MemoryCache known = RoutingCache.Create(Capacity, time);

    public void Dispose() => known.Dispose();

    /// <summary>Of these entries the ones that are to be held.</summary>
    public async Task<IReadOnlyList<SpoolEntry>> FindAsync(IReadOnlyList<SpoolEntry> entries, CancellationToken cancellationToken)
    {
        var held = new List<SpoolEntry>();
        foreach (var sent in entries.GroupBy(e => (e.Message.Tenant, e.Message.Submitter, e.Message.SubmitterAddress)))
        {
            try
            {
                if (await IsSuspendedAsync(sent.Key.Tenant, cancellationToken).ConfigureAwait(false)
                    || (sent.Key is { Submitter: { } account, SubmitterAddress: { } address } && await IsSuspendedAsync(account, address, cancellationToken).ConfigureAwait(false)))
                {
                    held.AddRange(sent);
                }
            }
            catch (GrainUnavailableException e)
            {
                RelayLog.StatesAway(logger, sent.Key.Tenant, e);
            }
        }

        return held;
    }

    private Task<bool> IsSuspendedAsync(TenantId tenant, CancellationToken cancellationToken) => RecallAsync(tenant, async () =>
        (await calls.CallAsync(() => grains.GetGrain<ITenantGrain>(tenant.Value).GetTermsAsync(), cancellationToken).ConfigureAwait(false)).State == AccountState.Suspended);

    private Task<bool> IsSuspendedAsync(AccountId account, EmailAddress address, CancellationToken cancellationToken) => RecallAsync(account, async () =>
        !await domains.ContainAsync(address.AsciiDomain, cancellationToken).ConfigureAwait(false)
        || await calls.CallAsync(() => grains.GetGrain<IAddressGrain>(address.Key).GetAsync(), cancellationToken).ConfigureAwait(false) is not { State: not AccountState.Suspended } record
        || record.Account != account);

    private async Task<bool> RecallAsync(object whose, Func<Task<bool>> ask)
    {
        if (known.TryGetValue(whose, out bool isSuspended))
        {
            return isSuspended;
        }

        isSuspended = await ask().ConfigureAwait(false);
        known.Set(whose, isSuspended, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Remembered, Size = 1 });
        return isSuspended;
    }
}
