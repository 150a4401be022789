using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Groups;

/// <summary>
/// Expands a message to a group, page by page: the page is fixed by the expansion's journal, sent, and only then the next one asked for. A death in between repeats the page that was fixed last,
/// which is the same message with the same recipients.
/// </summary>
internal sealed class GroupExpansion(
    IGrainFactory grains, GrainCalls calls, GroupWalk walk, GroupCopies copies, Breaker breaker, TimeProvider time, ILogger<GroupExpansion> logger)
{
    /// <summary>Too old: nobody remembers any more whether it was expanded, so an operator decides.</summary>
    public bool IsTooOld(QueuedMessage message) => message.Id.AcceptedAt < time.GetUtcNow() - Expansions.Window;

    /// <summary>Returns when every member's copy is durably queued, or there is no such group.</summary>
    public async Task<ExpansionEnd> ExpandAsync(QueuedMessage message, EmailAddress group, CancellationToken cancellationToken)
    {
        try
        {
            return await WalkAsync(message, group, cancellationToken);
        }
        catch (GrainUnavailableException)
        {
            if (breaker.Failed($"group {group.Key}"))
            {
                DeliveryLog.Paused(logger);
            }

            throw;
        }
    }

    private async Task<ExpansionEnd> WalkAsync(QueuedMessage message, EmailAddress group, CancellationToken cancellationToken)
    {
        // By the message that it all comes of: one that comes back to a group, by another tenant's or by a second way, is not expanded again.
        var expansion = grains.GetGrain<IExpansionGrain>(Expansions.GrainKey(message.FiledAs, group));
        var step = await calls.CallAsync(() => expansion.GetAsync(group), cancellationToken);
        if (step is { Number: 0, End: ExpansionEnd.UnderWay } && !await IsGroupAsync(group, cancellationToken))
        {
            return await calls.CallAsync(() => expansion.EndAsync(ExpansionEnd.NoSuchGroup), cancellationToken);
        }

        while (step.End == ExpansionEnd.UnderWay)
        {
            await copies.SendAsync(message, group, step, cancellationToken);
            if (step.Next is null)
            {
                DeliveryLog.Expanded(logger, message.Id, message.Tenant, group, step.Number);
                return await calls.CallAsync(() => expansion.EndAsync(ExpansionEnd.Expanded), cancellationToken);
            }

            var page = await walk.NextAsync(message, step, cancellationToken);
            step = await calls.CallAsync(() => expansion.FixAsync(page), cancellationToken);
        }

        return step.End;
    }

    private async Task<bool> IsGroupAsync(EmailAddress group, CancellationToken cancellationToken) =>
        await calls.CallAsync(() => grains.GetGrain<IAddressGrain>(group.Key).GetAsync(), cancellationToken) is { Kind: AddressKind.Group };
}
