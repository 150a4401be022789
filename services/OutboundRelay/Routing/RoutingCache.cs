using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Internal;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>What routing remembers: bounded, and by the clock that it is given. A full cache drops what was not used for longest.</summary>
internal static class RoutingCache
{
    /// <param name="size">The sum of the sizes of its entries.</param>
    /// <param name="time">Their lifetimes' clock.</param>
    public static MemoryCache Create(long size, TimeProvider time) => new(new MemoryCacheOptions { SizeLimit = size, Clock = new Clock(time) });

    private sealed class Clock(TimeProvider time) : ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
}
