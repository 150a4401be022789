using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Caching.Memory;

namespace MailCloud.OutboundRelay.Content;

/// <summary>The keys with which a domain signs now. The one place outside of the silos that holds private keys, for a minute.</summary>
internal sealed class SigningKeys(IGrainFactory grains, GrainCalls calls) : IDisposable
{
    /// <summary>A key that was retired signs no longer than this; its record stays published for days.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);

    /// <summary>Domains; 20 MB with two keys each.</summary>
    private const int MaxKept = 10_000;

    private readonly MemoryCache cache = new(new MemoryCacheOptions { SizeLimit = MaxKept });

    /// <summary>At most one of each algorithm; none when the domain has none, or is not this tenant's.</summary>
    public async ValueTask<IReadOnlyList<DkimSigningKey>> FindAsync(string domain, TenantId tenant, CancellationToken cancellationToken)
    {
        if (cache.TryGetValue((domain, tenant), out IReadOnlyList<DkimSigningKey>? known))
        {
            return known!;
        }

        var found = await calls.CallAsync(() => grains.GetGrain<IDkimGrain>(domain).GetSigningKeysAsync(tenant), cancellationToken);
        cache.Set((domain, tenant), found, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = KeptFor });
        return found;
    }

    public void Dispose() => cache.Dispose();
}
