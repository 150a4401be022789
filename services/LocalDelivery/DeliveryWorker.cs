using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.LocalDelivery;

/// <summary>
/// Consumes the queue. Each entry is a task of its own, at most <see cref="DeliveryOptions.Prefetch"/> at a time, so one slow recipient holds one place and
/// not the queue. Tenants share the places first come, first served; <see cref="MailboxLanes"/> keeps slow mailboxes from taking them all.
/// </summary>
internal sealed class DeliveryWorker(
    IMailQueue queue, MessageDelivery delivery, Breaker breaker, DeliveryTrace trace, DeliveryTelemetry telemetry, DeliveryOptions options, TimeProvider time, ILogger<DeliveryWorker> logger)
    : BackgroundService
{
    /// <summary>While the breaker is open: one entry a second is enough to notice that something answers again.</summary>
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(15);

    /// <summary>What is in hand at a shutdown gets this long; a third of the 30 s that Kubernetes grants a pod.</summary>
    private static readonly TimeSpan DrainFor = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(stoppingToken);
                await Task.Delay(ProbeEvery, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>One consumer, until it is stopped, breaks, or an entry cannot be settled. What it leaves unsettled comes again.</summary>
    private async Task ConsumeAsync(CancellationToken stoppingToken)
    {
        using var consumer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        using var work = new CancellationTokenSource();
        using var places = new SemaphoreSlim(options.Prefetch);
        try
        {
            await foreach (var entry in queue.ConsumeAsync(options.Prefetch, consumer.Token))
            {
                await places.WaitAsync(consumer.Token);
                _ = Task.Run(() => WorkAsync(entry, places, consumer, work.Token), CancellationToken.None);
                await breaker.WaitAsync(ProbeEvery, consumer.Token);
            }
        }
        catch (OperationCanceledException) when (consumer.IsCancellationRequested)
        {
            // Stopped, or an entry could not be settled.
        }
        catch (Exception e)
        {
            DeliveryLog.ConsumingBroke(logger, e);
        }

        await consumer.CancelAsync();
        await DrainAsync(places, work);
    }

    /// <summary>Waits for the entries in hand; after a time their work is cancelled and then waited for.</summary>
    private async Task DrainAsync(SemaphoreSlim places, CancellationTokenSource work)
    {
        work.CancelAfter(DrainFor);
        for (var i = 0; i < options.Prefetch; i++)
        {
            await places.WaitAsync(CancellationToken.None);
        }
    }

    private async Task WorkAsync(QueueDelivery entry, SemaphoreSlim places, CancellationTokenSource consumer, CancellationToken cancellationToken)
    {
        telemetry.EntryTaken();
        try
        {
            await WorkAsync(entry, consumer, cancellationToken);
        }
        finally
        {
            telemetry.EntryLeft();
            places.Release();
        }
    }

    private async Task WorkAsync(QueueDelivery entry, CancellationTokenSource consumer, CancellationToken cancellationToken)
    {
        using var activity = DeliveryTelemetry.StartDelivery(entry);
        using var scope = DeliveryScope.Begin(logger, entry.Message);
        try
        {
            await HandleAsync(entry, consumer.Token, cancellationToken);
        }
        catch (OperationCanceledException) when (consumer.IsCancellationRequested)
        {
            // Unsettled: it comes again.
        }
        catch (Exception e)
        {
            DeliveryLog.NotSettled(logger, entry.Message.Id, entry.Message.Tenant, e);
            await consumer.CancelAsync();
        }
    }

    /// <summary>Works until the entry is settled. An exception means that it could not be settled.</summary>
    internal async Task HandleAsync(QueueDelivery entry, CancellationToken stopped, CancellationToken cancellationToken)
    {
        for (var hold = ProbeEvery; ; hold = Min(hold * 2, LongestHold))
        {
            Exception failure;
            try
            {
                var parkReason = await delivery.DeliverAsync(entry.Message, cancellationToken);
                await FinishAsync(entry, parkReason, cancellationToken);
                return;
            }
            catch (Exception e) when (e is not (OperationCanceledException or SettleFailedException))
            {
                failure = e;
            }

            if (!breaker.IsOpen)
            {
                await RecordFailureAsync(entry, failure, cancellationToken);
                return;
            }

            // Nothing answers: that is no fault of this message. It stays in hand and burns no failures.
            DeliveryLog.HeldInHand(logger, entry.Message.Id, entry.Message.Tenant, failure.Message);
            await breaker.WaitAsync(hold, stopped);
        }
    }

    /// <summary>Step 7: only what is dealt with leaves the queue.</summary>
    private async Task FinishAsync(QueueDelivery entry, string? parkReason, CancellationToken cancellationToken)
    {
        if (parkReason is not null)
        {
            await ParkAsync(entry, parkReason, cancellationToken);
            return;
        }

        await SettleAsync(entry.AckAsync(cancellationToken));
        telemetry.EntrySettled(entry.Message, "acked");
    }

    private async Task RecordFailureAsync(QueueDelivery entry, Exception failure, CancellationToken cancellationToken)
    {
        var failures = entry.Failures + 1;
        DeliveryLog.AttemptFailed(logger, entry.Message.Id, entry.Message.Tenant, failures, failure);
        if (failures >= options.FailuresBeforeParking)
        {
            await ParkAsync(entry, $"{failures} attempts failed, the last with: {failure.Message}", cancellationToken);
            return;
        }

        await SettleAsync(entry.FailAsync(DelayAfter(failures), cancellationToken));
        trace.Entry(entry.Message, TraceKind.Retried, failure.Message);
        telemetry.EntrySettled(entry.Message, "failed");
    }

    private async Task ParkAsync(QueueDelivery entry, string reason, CancellationToken cancellationToken)
    {
        await SettleAsync(entry.ParkAsync(reason, cancellationToken));
        trace.Entry(entry.Message, TraceKind.Parked, reason);
        DeliveryLog.Parked(logger, entry.Message.Id, entry.Message.Tenant, reason);
        telemetry.EntrySettled(entry.Message, "parked");
    }

    /// <summary>5 s, doubled with each failure, to 5 minutes: 20 of them take about 80 minutes.</summary>
    internal static TimeSpan DelayAfter(int failures) => Min(TimeSpan.FromSeconds(5) * Math.Pow(2, Math.Min(failures, 10) - 1), TimeSpan.FromMinutes(5));

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static async Task SettleAsync(Task settling)
    {
        try
        {
            await settling;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new SettleFailedException(e);
        }
    }

    /// <summary>The queue did not take the settlement: not a failure of the message, and only a new consumer gets it again.</summary>
    private sealed class SettleFailedException(Exception inner) : Exception("the queue did not take the settlement", inner);
}
