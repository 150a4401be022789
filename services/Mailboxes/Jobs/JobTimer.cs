using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>Has jobs go on whose silo died. Every silo pokes: one that is being done is not begun again.</summary>
internal sealed class JobTimer(IGrainFactory grains, TimeProvider time, ILogger<JobTimer> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(JobQueues.PokedEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await Task.WhenAll(JobQueues.Kinds.Select(PokeAsync));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Another silo pokes.
        }
    }

    private async Task PokeAsync(JobKind kind)
    {
        try
        {
            await grains.GetGrain<IJobQueueGrain>((long)kind).PokeAsync();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            MailboxesLog.JobsNotPoked(logger, kind, e);
        }
    }
}
