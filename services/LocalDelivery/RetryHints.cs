using System.Collections.Concurrent;

namespace MailCloud.LocalDelivery;

/// <summary>Which spool shards got local entries of late and so are worth asking before the next round over all of them. Bounded by the number of shards.</summary>
internal sealed class RetryHints(TimeProvider time)
{
    /// <summary>The schedule's first two retries fall into it.</summary>
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(7);

    private readonly ConcurrentDictionary<int, DateTimeOffset> until = new();

    public void Waiting(int shard) => until[shard] = time.GetUtcNow() + Lasts;

    public IReadOnlyList<int> Current()
    {
        var now = time.GetUtcNow();
        foreach (var (shard, end) in until)
        {
            if (end < now)
            {
                until.TryRemove(new(shard, end));
            }
        }

        return [.. until.Keys];
    }
}
