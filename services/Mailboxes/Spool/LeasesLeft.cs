using System.Collections.Concurrent;

namespace MailCloud.Mailboxes.Spool;

/// <summary>
/// Leases of shards whose activation ended because a write was in doubt: who has them works on. The next activation takes them up; should it be on another silo, relays tell it of theirs before it leases anything.
/// </summary>
internal sealed class LeasesLeft
{
    private readonly ConcurrentDictionary<long, Dictionary<string, DateTimeOffset>> shards = new();

    public void Leave(long shard, Dictionary<string, DateTimeOffset> leases) => shards[shard] = leases;

    public Dictionary<string, DateTimeOffset> Take(long shard) => shards.TryRemove(shard, out var leases) ? leases : [];
}
