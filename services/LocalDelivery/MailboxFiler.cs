using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery;

/// <summary>Files one message in one mailbox and says how that went; a mailbox that fails is an outcome, not an exception.</summary>
internal sealed class MailboxFiler(
    IGrainFactory grains, Breaker breaker, MailboxLanes lanes, DeliveryTelemetry telemetry, TimeProvider time, ILogger<MailboxFiler> logger)
{
    private static readonly DeliveryOutcome.Deferred slow = new("4.3.2", "the mailbox is busy", Answered: false);

    public async Task<DeliveryOutcome> FileAsync(QueuedMessage message, AccountId account, FilingRequest request)
    {
        var outcome = slow as DeliveryOutcome;
        if (lanes.TryEnter(account))
        {
            try
            {
                outcome = await TryTwiceAsync(message, account, request);
            }
            finally
            {
                lanes.Leave(account);
            }
        }

        telemetry.Filed(message, outcome, time.GetUtcNow());
        return outcome;
    }

    private async Task<DeliveryOutcome> TryTwiceAsync(QueuedMessage message, AccountId account, FilingRequest request)
    {
        var mailbox = grains.GetGrain<IMailboxGrain>(account.Value);
        try
        {
            return await FileOnceAsync(mailbox, request);
        }
        catch (Exception e) when (e is not TimeoutException)
        {
            // A moved journal fails its callers once and the next activation answers: worth one repeat at once, under the same delivery id.
            DeliveryLog.FilingRepeated(logger, message.Id, message.Tenant, account, e.Message);
        }
        catch (TimeoutException e)
        {
            return Unreachable(message, account, e);
        }

        try
        {
            return await FileOnceAsync(mailbox, request);
        }
        catch (Exception e)
        {
            return Unreachable(message, account, e);
        }
    }

    private async Task<DeliveryOutcome> FileOnceAsync(IMailboxGrain mailbox, FilingRequest request)
    {
        // The call ends by itself: Orleans' response time-out (30 s unless configured) becomes a TimeoutException.
        var filing = await mailbox.FileAsync(request);
        breaker.Answered();
        return DeliveryOutcome.Of(filing.Result);
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
