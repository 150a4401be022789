using System.Collections.Concurrent;
using MailCloud.Messages;

namespace MailCloud.Standing;

/// <summary>
/// When the next command of a tenant's clients has its turn, on this edge: as many a second as the tenant may have done, after a burst of ten seconds' worth at four times that pace. Turns are given in
/// the order in which they are asked for (the generic cell rate algorithm, for the pace and for the burst's: two times per tenant, and no timer).
/// </summary>
internal sealed class TenantPace(TimeProvider time)
{
    /// <summary>A client that synchronises its folders sends some hundred commands at once, and then none.</summary>
    private const int BurstSeconds = 10;

    /// <summary>A burst at once would have the processors until it was done, and others would wait for all of it.</summary>
    private const int BurstPace = 4;

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
            var next = Math.Max(turns.Next, now - (BurstSeconds * time.TimestampFrequency));
            var turn = Math.Max(now, Math.Max(next, turns.NextOfBurst));
            var wait = time.GetElapsedTime(now, turn);
            if (wait > most)
            {
                return null;
            }

            turns.Next = next + (time.TimestampFrequency / perSecond);
            turns.NextOfBurst = turn + (time.TimestampFrequency / (perSecond * BurstPace));
            return wait;
        }
    }

    private sealed class Turns
    {
        /// <summary>A timestamp: at the tenant's pace nobody else has a turn before it.</summary>
        public long Next { get; set; } = long.MinValue;

        /// <summary>The same at a burst's pace.</summary>
        public long NextOfBurst { get; set; } = long.MinValue;
    }
}
