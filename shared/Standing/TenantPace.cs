using System.Collections.Concurrent;
using MailCloud.Messages;

namespace MailCloud.Standing;

/// <summary>
/// When the next command of a tenant's clients has its turn, on this edge: as many a second as the tenant may have done, after a burst of ten seconds' worth. Turns are given in the order in which
/// they are asked for (the generic cell rate algorithm: one time per tenant, and no timer).
/// </summary>
internal sealed class TenantPace(TimeProvider time)
{
    /// <summary>A client that synchronises its folders sends some hundred commands at once, and then none.</summary>
    private const int BurstSeconds = 10;

    /// <summary>About 2 MB when full; it is emptied then, which gives each tenant a burst anew.</summary>
    private const int Capacity = 20_000;

    private readonly ConcurrentDictionary<TenantId, Turns> tenants = [];

    /// <summary>Takes the next turn, and tells how long it is until then; null, and none is taken, when that is longer than <paramref name="most"/>.</summary>
    public TimeSpan? Take(TenantId tenant, int perSecond, TimeSpan most)
    {
        if (!tenants.TryGetValue(tenant, out var turns))
        {
            if (tenants.Count >= Capacity)
            {
                tenants.Clear();
            }

            turns = tenants.GetOrAdd(tenant, _ => new());
        }

        lock (turns)
        {
            var now = time.GetTimestamp();
            var turn = Math.Max(turns.Next, now - (BurstSeconds * time.TimestampFrequency));
            var wait = turn <= now ? TimeSpan.Zero : time.GetElapsedTime(now, turn);
            if (wait > most)
            {
                return null;
            }

            turns.Next = turn + (time.TimestampFrequency / perSecond);
            return wait;
        }
    }

    private sealed class Turns
    {
        /// <summary>A timestamp: before it nobody else has a turn.</summary>
        public long Next { get; set; } = long.MinValue;
    }
}
