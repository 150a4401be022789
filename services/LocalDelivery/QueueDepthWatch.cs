using MailCloud.Queue;

namespace MailCloud.LocalDelivery;

/// <summary>Asks now and then how much stands in the delivery queue, while anybody measures it. Every instance tells the same of the one queue: whoever looks takes the greatest.</summary>
internal sealed class QueueDepthWatch(IMailQueue queue, DeliveryTelemetry telemetry, TimeProvider time) : BackgroundService
{
    /// <summary>Of Prometheus' usual interval: each time all consumers are asked what they hold.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            do
            {
                if (telemetry.IsDepthWanted)
                {
                    telemetry.Depth = await AskAsync(stoppingToken);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    /// <summary>Null when the queue does not say: no figure is better than an old one.</summary>
    internal async Task<QueueDepth?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await queue.GetDepthAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Its health check and its own log say what is amiss.
            return null;
        }
    }
}
