using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Sweeps on its own, so that what nothing refers to does not pile up until somebody thinks of it. Several silos may sweep at once: deleting again changes nothing.</summary>
internal sealed class SweepTimer(IGrainFactory grains, MailboxesOptions options, TimeProvider time, ILogger<SweepTimer> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.SweepEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SweepAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left is swept the next time.
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var record in grains.GetGrain<IUpkeepGrain>(0).SweepAsync(grace: null, cancellationToken))
            {
                if (record.Kind == UpkeepKind.Summary)
                {
                    MailboxesLog.Swept(logger, record.Text);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            MailboxesLog.SweepFailed(logger, e);
        }
    }
}
