using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Sending;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.Reports;

namespace MailCloud.OutboundRelay.Spool;

/// <summary>
/// Ends an attempt, recipient by recipient. The order makes a crash between any two steps harmless: first the sender's report is queued (made again, it is the same message), then the spool has the outcome,
/// then the body loses its owner (the sweep does it if nobody else) and the address is listed that was refused for good (the next refusal does it). Only a message that was handed on, and whose outcome did not reach the spool, is sent twice.
/// </summary>
internal sealed class OutcomeReporter(
    IGrainFactory grains, ReportSender reports, IMessageBlobs blobs, Suppressions suppressions, RelayTelemetry telemetry, RelayTrace trace, RelayOptions options, TimeProvider time, ILogger<OutcomeReporter> logger)
{
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromSeconds(1);

    /// <summary>The outcome of an attempt at each of these entries. One whose sender's report cannot be queued is left: its lease ends, and it is tried again.</summary>
    /// <param name="leased">The lease that the entries are of.</param>
    /// <param name="outcomes">How each ended.</param>
    /// <param name="session">Where they were sent; null when there was none.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task ReportAsync(
        LeasedEntries leased, IReadOnlyList<(SpoolEntry Entry, RelayOutcome Outcome)> outcomes, SmtpClientSession? session, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var ended = new List<(SpoolEntry, RelayOutcome, bool)>(outcomes.Count);
        var told = new List<SpoolReport>(outcomes.Count);
        var finished = new List<(SpoolEntry Entry, RelayOutcome Outcome)>(outcomes.Count);
        foreach (var (entry, outcome) in outcomes)
        {
            telemetry.Tried(entry.Message, outcome, time.GetUtcNow());
            if (await TryEndAsync(entry, outcome, cancellationToken) is not { } report)
            {
                continue;
            }

            told.Add(report);
            ended.Add((entry, outcome, report.Final));
            if (report.Final)
            {
                finished.Add((entry, outcome));
            }
        }

        trace.Tried(at, ended, session);
        await TellAsync(leased.Shard, told, cancellationToken);
        leased.Remove(outcomes.Select(o => o.Entry));
        foreach (var (entry, outcome) in finished)
        {
            using var activity = RelayTelemetry.Start("relay.release", entry.Message);
            using var scope = DeliveryScope.Begin(logger, entry.Message);
            await ReleaseAsync(entry, cancellationToken);
            if (outcome is RelayOutcome.Failed failed)
            {
                await suppressions.AddAsync(entry, failed, cancellationToken);
            }
        }
    }

    /// <summary>Entries that were not tried, and why: they are due again at a time.</summary>
    public async Task PostponeAsync(LeasedEntries leased, IReadOnlyList<SpoolEntry> entries, DateTimeOffset until, string reason, CancellationToken cancellationToken)
    {
        await TellAsync(leased.Shard, [.. entries.Select(e => new SpoolReport { Key = e.Key, Final = false, Error = reason, DueAt = until, Attempted = false })], cancellationToken);
        leased.Remove(entries);
    }

    /// <summary>Entries that may not be sent now: each is looked at again after some time, and returned at the end of its lifetime as any other.</summary>
    public async Task HoldAsync(LeasedEntries leased, IReadOnlyList<SpoolEntry> held, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var limits = new RetryLimits(options.DelayWarning, options.Lifetime);
        var isOver = held.ToLookup(e => limits.IsExpired(e.Message, now) || RetryLimits.IsOverdue(e.Message, now));
        await ReportAsync(leased, [.. isOver[true].Select(e => (e, (RelayOutcome)Suspensions.Held))], session: null, cancellationToken);
        await PostponeAsync(leased, [.. isOver[false]], now + Suspensions.LookAgainAfter, Suspensions.Held.Reply, cancellationToken);
    }

    // What became of the others must reach the spool all the same.
    private async Task<SpoolReport?> TryEndAsync(SpoolEntry entry, RelayOutcome outcome, CancellationToken cancellationToken)
    {
        using var activity = RelayTelemetry.StartEnd(entry.Message, outcome);
        using var scope = DeliveryScope.Begin(logger, entry.Message);
        try
        {
            return await EndAsync(entry, outcome, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            RelayLog.NotReported(logger, entry.Message.Id, entry.Message.Tenant, e);
            return null;
        }
    }

    private async Task<SpoolReport> EndAsync(SpoolEntry entry, RelayOutcome outcome, CancellationToken cancellationToken)
    {
        var message = entry.Message;
        switch (outcome)
        {
            case RelayOutcome.Delivered delivered:
                RelayLog.Delivered(logger, message.Id, message.Tenant, entry.Recipient.Remote[0], delivered.Host, delivered.Reply);
                await ReportHandedOnAsync(entry, delivered, cancellationToken);
                return new() { Key = entry.Key, Final = true };
            case RelayOutcome.Failed failed:
                return await FailAsync(entry, failed, cancellationToken);
            default:
                return await DeferAsync(entry, (RelayOutcome.Deferred)outcome, cancellationToken);
        }
    }

    private async Task<SpoolReport> FailAsync(SpoolEntry entry, RelayOutcome.Failed failed, CancellationToken cancellationToken)
    {
        RelayLog.Failed(logger, entry.Message.Id, entry.Message.Tenant, entry.Recipient.Remote[0], failed.Reply, failed.Host);
        await reports.SendAsync(DsnReport.Failed(entry.Message, entry.Recipient, failed.Status, failed.Reply) with { RemoteMta = failed.Host }, cancellationToken);
        return new() { Key = entry.Key, Final = true };
    }

    private async Task<SpoolReport> DeferAsync(SpoolEntry entry, RelayOutcome.Deferred deferred, CancellationToken cancellationToken)
    {
        var message = entry.Message;
        var now = time.GetUtcNow();
        var limits = new RetryLimits(options.DelayWarning, options.Lifetime);
        if (limits.IsExpired(message, now) || RetryLimits.IsOverdue(message, now))
        {
            // RFC 3463 §3.5: X.4.7, delivery time expired; also RFC 2852 §4.1.4.
            return await FailAsync(entry, new("5.4.7", deferred.Reply, deferred.Host), cancellationToken);
        }

        RelayLog.Deferred(logger, message.Id, message.Tenant, entry.Recipient.Remote[0], deferred.Reply, deferred.Host);
        var report = !entry.DelayReported && limits.IsDelayed(message, now);
        if (report)
        {
            await reports.SendAsync(
                DsnReport.Delayed(message, entry.Recipient, RetryLimits.IsTimed(message) ? "4.4.7" : deferred.Status, deferred.Reply, limits.Until(message)) with { RemoteMta = deferred.Host }, cancellationToken);
        }

        return new() { Key = entry.Key, Final = false, Error = deferred.Host is null ? deferred.Reply : $"{deferred.Host}: {deferred.Reply}", DelayReported = report };
    }

    // It has been handed on, whatever becomes of the report: one that cannot be queued must not make it be sent again.
    private async Task ReportHandedOnAsync(SpoolEntry entry, RelayOutcome.Delivered delivered, CancellationToken cancellationToken)
    {
        if (delivered.ReportsPassedOn && entry.Message.Envelope.DeliverBy is not { Trace: true })
        {
            return;
        }

        try
        {
            await reports.SendAsync(DsnReport.Relayed(entry.Message, entry.Recipient, delivered.Reply, delivered.Host), cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            RelayLog.ReportLost(logger, entry.Message.Id, entry.Message.Tenant, e);
        }
    }

    /// <summary>Until the spool has it: what it does not know it gives out again. Meanwhile the leases are renewed.</summary>
    private async Task TellAsync(int shard, List<SpoolReport> told, CancellationToken cancellationToken)
    {
        while (told.Count > 0)
        {
            try
            {
                await grains.GetGrain<ISpoolGrain>(shard).ReportAsync(told).WaitAsync(GrainCalls.AttemptLimit, time, cancellationToken);
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                RelayLog.OutcomesNotTaken(logger, shard, e);
            }

            await Task.Delay(PauseAfterError, time, cancellationToken);
        }
    }

    private async Task ReleaseAsync(SpoolEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            await blobs.ReleaseAsync(entry.Message.Body.Name, BodyOwner.Spool(entry.Message.Id, entry.Recipient.Remote[0]), cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            RelayLog.NotReleased(logger, entry.Message.Id, entry.Message.Tenant, e);
        }
    }
}
