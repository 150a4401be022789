using System.Collections.Concurrent;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;

namespace MailCloud.OutboundRelay.Spool;

/// <summary>
/// What this relay has leased from the spool, kept from returning there while it is worked on. A silo's death takes the leases it remembered with it; the next renewal makes them anew.
/// </summary>
internal sealed class Leases(IGrainFactory grains, GrainCalls calls, TimeProvider time, ILogger<Leases> logger) : BackgroundService
{
    /// <summary>Five renewals fit in. A shard made anew after the loss of a silo gives nothing out for 15 s, in which two or three of them tell it what is in hand.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(5);

    /// <summary>Keys of one renewal: a message of some ten kilobytes.</summary>
    private const int KeysAtATime = 500;

    private readonly ConcurrentDictionary<LeasedEntries, bool> inWork = new();

    /// <summary>For one piece of work on a shard's entries. What it still has when it is disposed returns to the spool when the lease ends.</summary>
    public LeasedEntries Begin(int shard)
    {
        var entries = new LeasedEntries(shard, ended => inWork.TryRemove(ended, out _));
        inWork[entries] = true;
        return entries;
    }

    /// <summary>Entries of a destination that are due.</summary>
    public async Task<IReadOnlyList<SpoolEntry>> TakeAsync(LeasedEntries leased, string destination, int max, CancellationToken cancellationToken)
    {
        var entries = await calls.CallAsync(() => Spool(leased.Shard).LeaseOutboundAsync(destination, max, Duration), cancellationToken);
        leased.Add(entries);
        return entries;
    }

    /// <summary>Gives back at once what was not tried.</summary>
    public async Task GiveBackAsync(LeasedEntries leased, IReadOnlyList<SpoolEntry> entries, CancellationToken cancellationToken)
    {
        leased.Remove(entries);
        if (entries.Count > 0)
        {
            await calls.CallAsync(() => Spool(leased.Shard).RenewAsync([.. entries.Select(e => e.Key)], TimeSpan.Zero), cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Renewal, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await Task.WhenAll(inWork.Keys.GroupBy(leased => leased.Shard).Select(shard => RenewAsync(shard.Key, [.. shard.SelectMany(leased => leased.Keys)], stoppingToken)));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is in hand is finished within one lease, or comes again.
        }
    }

    // A shard that does not answer holds up no other's renewal.
    private async Task RenewAsync(int shard, string[] keys, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var some in keys.Chunk(KeysAtATime))
            {
                await Spool(shard).RenewAsync(some, Duration).WaitAsync(GrainCalls.AttemptLimit, time, cancellationToken);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            RelayLog.NotRenewed(logger, e);
        }
    }

    private ISpoolGrain Spool(int shard) => grains.GetGrain<ISpoolGrain>(shard);
}

/// <summary>Entries of one shard that one piece of work has in hand.</summary>
internal sealed class LeasedEntries(int shard, Action<LeasedEntries> ended) : IDisposable
{
    private readonly ConcurrentDictionary<string, bool> keys = new(StringComparer.Ordinal);

    public int Shard => shard;

    public ICollection<string> Keys => keys.Keys;

    public void Add(IEnumerable<SpoolEntry> entries)
    {
        foreach (var entry in entries)
        {
            keys[entry.Key] = true;
        }
    }

    public void Remove(IEnumerable<SpoolEntry> entries)
    {
        foreach (var entry in entries)
        {
            keys.TryRemove(entry.Key, out _);
        }
    }

    public void Dispose() => ended(this);
}
