using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery;

/// <summary>Files one message in one mailbox and says how that went; a mailbox that fails is an outcome, not an exception.</summary>
internal sealed class MailboxFiler(
    IGrainFactory grains, GrainCalls calls, Breaker breaker, MailboxLanes lanes, DeliveryTelemetry telemetry, TimeProvider time, ILogger<MailboxFiler> logger)
{
    private static readonly DeliveryOutcome.Deferred slow = new("4.3.2", "the mailbox is busy", Answered: false);

    public async Task<DeliveryOutcome> FileAsync(QueuedMessage message, AccountId account, FilingRequest request)
    {
        var outcome = slow as DeliveryOutcome;
        if (lanes.TryEnter(account))
        {
            try
            {
                outcome = await TryAsync(message, account, request);
            }
            finally
            {
                lanes.Leave(account);
            }
        }

        telemetry.Filed(message, outcome, time.GetUtcNow());
        return outcome;
    }

    // A mailbox that moves, or whose silo is lost, answers at its new place within seconds; it files a delivery id once, however often it is given.
    private async Task<DeliveryOutcome> TryAsync(QueuedMessage message, AccountId account, FilingRequest request)
    {
        var mailbox = grains.GetGrain<IMailboxGrain>(account.Value);
        var attempts = 0;
        try
        {
            var filing = await calls.CallAsync(
                () =>
                {
                    if (++attempts == 2)
                    {
                        DeliveryLog.FilingRepeated(logger, message.Id, message.Tenant, account);
                    }

                    return mailbox.FileAsync(request);
                },
                CancellationToken.None);
            breaker.Answered();
            return DeliveryOutcome.Of(filing);
        }
        catch (GrainUnavailableException e)
        {
            return Unreachable(message, account, e);
        }
    }

    private DeliveryOutcome.Deferred Unreachable(QueuedMessage message, AccountId account, Exception e)
    {
        DeliveryLog.MailboxUnreachable(logger, message.Id, message.Tenant, account, e);
        if (breaker.Failed(account.Value))
        {
            DeliveryLog.Paused(logger);
        }

        return DeliveryOutcome.Unreachable;
    }
}
