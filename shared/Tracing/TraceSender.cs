using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;

namespace MailCloud.Tracing;

/// <summary>
/// Hands what has gathered to the shards, every second. A shard that does not answer is asked again as long as the loss of a silo takes; an event that it took twice is shown once.
/// </summary>
internal sealed class TraceSender(TraceBuffer buffer, IGrainFactory grains, GrainCalls calls, TracingTelemetry telemetry, TimeProvider time, ILogger<TraceSender> logger) : BackgroundService
{
    /// <summary>What a crash of the service may lose, and how long after something has happened it can be asked for at the latest.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>At the end of the process there is a moment for what has gathered.</summary>
    private static readonly TimeSpan LastRound = TimeSpan.FromSeconds(2);

    /// <summary>Events of one call: about half a megabyte.</summary>
    private const int Batch = 1000;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await RoundAsync().WaitAsync(LastRound, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Sends what is in the buffer now.</summary>
    internal async Task RoundAsync()
    {
        var batches = buffer.Take()
            .GroupBy(ShardOf, StringComparer.Ordinal)
            .SelectMany(shard => shard.Chunk(Batch).Select(events => SendAsync(shard.Key, events)));
        await Task.WhenAll(batches);
        if (buffer.TakeDropped() is > 0 and var dropped)
        {
            TracingLog.Dropped(logger, dropped);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await RoundAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The last round follows.
        }
    }

    private static string ShardOf(TraceEvent happened) => TraceShards.Of(happened.Kind == TraceKind.Named ? happened.MessageId! : happened.Delivery.ToString(), happened.At);

    private async Task SendAsync(string shard, TraceEvent[] events)
    {
        try
        {
            if (await calls.CallAsync(() => grains.GetGrain<ITraceGrain>(shard).RecordAsync(events), CancellationToken.None))
            {
                telemetry.Recorded(events.Length);
                return;
            }

            TracingLog.Dropped(logger, events.Length);
        }
        catch (Exception e)
        {
            TracingLog.NotTaken(logger, shard, events.Length, e);
        }

        telemetry.Dropped(events.Length);
    }
}
