using MailCloud.Cluster;
using MailCloud.MailboxContracts;

namespace MailCloud.OutboundRelay.Spool;

/// <summary>
/// Keeps this relay told of what becomes due: it watches every shard, and asks all of them again on a timer and at once after the loss of a silo, so that nothing depends on a hint.
/// </summary>
internal sealed class SpoolWatcher(IGrainFactory grains, GatewayCount gateways, ReadyDestinations ready, TimeProvider time, ILogger<SpoolWatcher> logger) : BackgroundService, ISpoolWatcher
{
    /// <summary>DESIGN.md §4: every shard is asked every 30 s.</summary>
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(30);

    /// <summary>After a round in which a shard did not answer.</summary>
    private static readonly TimeSpan RoundAfterError = TimeSpan.FromSeconds(5);

    private const int ShardsAtATime = 16;

    public Task DueAsync(int shard, string destination)
    {
        ready.Hint(new(shard, destination));
        return Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var self = grains.CreateObjectReference<ISpoolWatcher>(this);
            while (true)
            {
                var loss = gateways.NextLoss;
                var pause = await WatchAllAsync(self, stoppingToken) ? Round : RoundAfterError;
                using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                await Task.WhenAny(Task.Delay(pause, time, end.Token), loss);
                await end.CancelAsync();
                stoppingToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The shards forget a watcher that does not come back.
        }
    }

    private async Task<bool> WatchAllAsync(ISpoolWatcher self, CancellationToken cancellationToken)
    {
        var complete = true;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ShardsAtATime, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, SpoolShards.Count), parallel, async (shard, _) =>
        {
            try
            {
                foreach (var destination in await grains.GetGrain<ISpoolGrain>(shard).WatchAsync(self).WaitAsync(GrainCalls.AttemptLimit, time, cancellationToken))
                {
                    ready.Hint(new(shard, destination));
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                complete = false;
                RelayLog.ShardNotWatched(logger, shard, e);
            }
        });
        return complete;
    }
}
