using MailCloud.OutboundRelay.Sending;
using MailCloud.OutboundRelay.Spool;

namespace MailCloud.OutboundRelay;

/// <summary>Gives destinations that have mail due a connection, in turn, at most <see cref="RelayOptions.Connections"/> at a time.</summary>
internal sealed class RelayWorker(ReadyDestinations ready, RelayServices services, RelayOptions options, TimeProvider time, ILogger<RelayWorker> logger) : BackgroundService
{
    /// <summary>Transactions in hand at a shutdown get this long; a third of the 30 s that Kubernetes grants a pod. What is cut off before its final dot was never sent.</summary>
    private static readonly TimeSpan DrainFor = TimeSpan.FromSeconds(10);

    /// <summary>
    /// For telling the spool what became of them, after that: what a host has taken must not be sent again. Two attempts at a shard that does not answer, and less than what is left of Hosting:DrainTimeout (25 s).
    /// </summary>
    private static readonly TimeSpan TellFor = TimeSpan.FromSeconds(12);

    /// <summary>After work on a destination broke off.</summary>
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var work = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var telling = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var places = new SemaphoreSlim(options.Connections);
        try
        {
            while (true)
            {
                var destination = await ready.TakeAsync(stoppingToken);
                await places.WaitAsync(stoppingToken);
                _ = Task.Run(() => WorkAsync(destination, places, work.Token, telling.Token), CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Nothing new is begun.
        }

        work.CancelAfter(DrainFor);
        telling.CancelAfter(DrainFor + TellFor);
        await DrainAsync(places);
    }

    private async Task DrainAsync(SemaphoreSlim places)
    {
        for (var i = 0; i < options.Connections; i++)
        {
            await places.WaitAsync(CancellationToken.None);
        }
    }

    private async Task WorkAsync(ReadyDestination destination, SemaphoreSlim places, CancellationToken cancellationToken, CancellationToken telling)
    {
        var more = false;
        try
        {
            using var run = new DestinationRun(destination, services, telling);
            more = await run.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What is leased comes again when its lease ends.
        }
        catch (Exception e)
        {
            RelayLog.DestinationFailed(logger, destination.Domain, e);
            ready.PutOff(destination, PauseAfterError, time);
        }
        finally
        {
            ready.Done(destination, more);
            places.Release();
        }
    }
}
