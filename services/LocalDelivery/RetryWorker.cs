using MailCloud.Blobs;
using MailCloud.LocalDelivery.Vacation;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Reports;

namespace MailCloud.LocalDelivery;

/// <summary>
/// Tries again what waits in the spool for a mailbox here. It asks every shard on a timer, and those that lately got entries more often. An entry that it does not report on comes
/// again when its lease ends; filing, reporting and releasing may each be repeated.
/// </summary>
internal sealed class RetryWorker(
    IGrainFactory grains, FilingRequests requests, MailboxFiler filer, ReportSender reports, VacationResponder vacation, IMessageBlobs blobs, RetryHints hints, DeliveryTrace trace, DeliveryOptions options,
    TimeProvider time, ILogger<RetryWorker> logger) : BackgroundService
{
    /// <summary>A round over all shards, so that no entry depends on a hint.</summary>
    private static readonly TimeSpan FullRound = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan HintedRound = TimeSpan.FromSeconds(5);

    /// <summary>Longer than a batch takes: filing gives up by itself after 30 s.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    private const int Batch = 32;
    private const int ShardsAtATime = 8;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var lastFull = DateTimeOffset.MinValue;
        using var timer = new PeriodicTimer(HintedRound, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var full = time.GetUtcNow() - lastFull >= FullRound;
                lastFull = full ? time.GetUtcNow() : lastFull;
                await RoundAsync(full ? Enumerable.Range(0, SpoolShards.Count) : hints.Current(), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is leased comes again when the lease ends.
        }
    }

    internal Task RoundAsync(IEnumerable<int> shards, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        shards, new ParallelOptions { MaxDegreeOfParallelism = ShardsAtATime, CancellationToken = cancellationToken }, ShardAsync);

    private async ValueTask ShardAsync(int shard, CancellationToken cancellationToken)
    {
        try
        {
            var spool = grains.GetGrain<ISpoolGrain>(shard);
            for (var due = await spool.LeaseLocalAsync(Batch, Lease); due.Count > 0; due = await spool.LeaseLocalAsync(Batch, Lease))
            {
                var ended = await Task.WhenAll(due.Select(entry => TryAsync(entry, cancellationToken)));
                await spool.ReportAsync([.. ended.OfType<SpoolReport>()]);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            DeliveryLog.ShardFailed(logger, shard, e);
        }
    }

    /// <summary>Null when the attempt could not be made: its lease runs out and it comes again.</summary>
    private async Task<SpoolReport?> TryAsync(SpoolEntry entry, CancellationToken cancellationToken)
    {
        var message = entry.Message;
        using var activity = DeliveryTelemetry.StartRetry(message);
        using var scope = DeliveryScope.Begin(logger, message);
        try
        {
            var request = await requests.CreateAsync(message, cancellationToken);
            var outcome = await filer.FileAsync(message, entry.Recipient.Mailboxes[0], request);
            var at = time.GetUtcNow();
            var report = outcome switch
            {
                DeliveryOutcome.Delivered delivered => await DeliveredAsync(entry, delivered, cancellationToken),
                DeliveryOutcome.Rejected rejected => await FailedAsync(entry, rejected.Status, rejected.Reply, cancellationToken),
                DeliveryOutcome.Deferred deferred => await DeferredAsync(entry, deferred, cancellationToken),
                _ => TooOld(entry),
            };
            trace.Tried(at, entry, outcome, isGivenUp: report.Final && outcome is DeliveryOutcome.Deferred);
            return report;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            DeliveryLog.RetryFailed(logger, message.Id, message.Tenant, e);
            return null;
        }
    }

    private async Task<SpoolReport> DeliveredAsync(SpoolEntry entry, DeliveryOutcome.Delivered delivered, CancellationToken cancellationToken)
    {
        await reports.SendAsync(DsnReport.Delivered(entry.Message, entry.Recipient), cancellationToken);
        if (delivered.Filing.Vacation == true)
        {
            await vacation.AnswerAsync(entry.Message, [entry.Recipient.Mailboxes[0]], cancellationToken);
        }

        return new() { Key = entry.Key, Final = true };
    }

    private async Task<SpoolReport> FailedAsync(SpoolEntry entry, string status, string reply, CancellationToken cancellationToken)
    {
        DeliveryLog.Rejected(logger, entry.Message.Id, entry.Message.Tenant, entry.Recipient.Address, reply);
        await reports.SendAsync(DsnReport.Failed(entry.Message, entry.Recipient, status, reply), cancellationToken);
        await blobs.ReleaseAsync(entry.Message.Body.Name, BodyOwner.Mailbox(entry.Recipient.Mailboxes[0]), cancellationToken);
        return new() { Key = entry.Key, Final = true };
    }

    private async Task<SpoolReport> DeferredAsync(SpoolEntry entry, DeliveryOutcome.Deferred deferred, CancellationToken cancellationToken)
    {
        var message = entry.Message;
        var now = time.GetUtcNow();
        var limits = new RetryLimits(options.DelayWarning, options.Lifetime);

        // A mailbox that did not answer may have filed it: giving up then could tell the sender of a failure that was none. So a message that is to be returned when its time is up (RFC 2852
        // §4.1.3) is tried once more then: only the mailbox knows.
        if (deferred.Answered && RetryLimits.IsOverdue(message, now))
        {
            return await FailedAsync(entry, "5.4.7", $"550 5.4.7 delivery time expired: {deferred.Reason}", cancellationToken);
        }

        if (deferred.Answered && limits.IsExpired(message, now))
        {
            return await FailedAsync(entry, $"5{deferred.Status[1..]}", $"550 5{deferred.Status[1..]} {deferred.Reason}, given up after {options.Lifetime.TotalDays:0} days", cancellationToken);
        }

        var report = !entry.DelayReported && limits.IsDelayed(message, now);
        if (report)
        {
            var (status, why) = RetryLimits.IsTimed(message) ? ("4.4.7", $"delivery time expired: {deferred.Reason}") : (deferred.Status, deferred.Reason);
            await reports.SendAsync(DsnReport.Delayed(message, entry.Recipient, status, $"450 {status} {why}", limits.Until(message)), cancellationToken);
        }

        return new() { Key = entry.Key, Final = false, Error = deferred.Reason, DelayReported = report };
    }

    private SpoolReport TooOld(SpoolEntry entry)
    {
        DeliveryLog.TooOldInSpool(logger, entry.Message.Id, entry.Message.Tenant);
        return new() { Key = entry.Key, Final = false, Error = "accepted longer ago than mailboxes remember deliveries" };
    }
}
