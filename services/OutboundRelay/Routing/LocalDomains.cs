using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.Caching.Memory;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Whether a domain is hosted here, as its grain says, remembered for a few seconds.</summary>
internal sealed class LocalDomains(IGrainFactory grains, GrainCalls calls, TimeSpan lifetime, TimeProvider time) : IDisposable
{
    /// <summary>About 2 MB when full. AddressDirectory of SmtpIngress remembers as many.</summary>
    private const int Capacity = 20_000;

    private readonly MemoryCache cache = RoutingCache.Create(Capacity, time);

    public void Dispose() => cache.Dispose();

    /// <exception cref="GrainUnavailableException">The grain does not answer.</exception>
    public async ValueTask<bool> ContainAsync(string asciiDomain, CancellationToken cancellationToken)
    {
        if (cache.TryGetValue(asciiDomain, out bool known))
        {
            return known;
        }

        var isHosted = await calls.CallAsync(() => grains.GetGrain<IDomainGrain>(asciiDomain).GetTenantAsync(), cancellationToken).ConfigureAwait(false) is not null;
        cache.Set(asciiDomain, isHosted, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = lifetime, Size = 1 });
        return isHosted;
    }
}
