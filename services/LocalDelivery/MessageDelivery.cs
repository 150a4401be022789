using System.Collections.Concurrent;
using MailCloud.Blobs;
using MailCloud.LocalDelivery.Groups;
using MailCloud.LocalDelivery.Vacation;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Reports;

namespace MailCloud.LocalDelivery;

/// <summary>
/// Steps 5 and 6 for one queue entry; the caller settles it afterwards (step 7). The order makes a crash between any two steps harmless, because
/// each step may be repeated: a mailbox files a delivery once, the spool takes an entry over once, a page of a group is the same message each time, a report has the same id each
/// time, as has the answer of who is away, a release is a member of a set. So nothing is lost (the entry is settled last) and nothing is doubled.
/// </summary>
internal sealed class MessageDelivery(
    FilingRequests requests, CopyDelivery copies, SpoolHandOver spool, GroupExpansion expansion, ReportSender reports, VacationResponder vacation, IMessageBlobs blobs, Breaker breaker, DeliveryTrace trace,
    ILogger<MessageDelivery> logger)
{
    /// <summary>Mailboxes of one message worked on at a time: an eighth of the default prefetch, so that a message to thousands leaves room for others.</summary>
    private const int FilingsAtATime = 32;

    /// <summary>Null when every recipient has an outcome, final or waiting in the spool; else why an operator must look at the entry.</summary>
    public async Task<string?> DeliverAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        var accounts = AccountsOf(message.Envelope.Recipients);
        var outcomes = spool.Holds(message)
            ? accounts.ToDictionary(account => account, DeliveryOutcome (_) => DeliveryOutcome.Held.Instance)
            : await FileAsync(message, accounts, cancellationToken);
        var waiting = WaitingOf(message, outcomes);
        if (waiting.Count > 0)
        {
            await spool.AddAsync(waiting);
        }

        trace.Delivered(message, outcomes, waiting);
        var groups = await ExpandAsync(message, cancellationToken);

        foreach (var recipient in message.Envelope.Recipients)
        {
            await ReportAsync(message, recipient, outcomes, groups, cancellationToken);
        }

        // Only now that the sender has his report for certain may the body lose its owner. Of a copy that was shown the mailbox stays the owner: should the entry come again, it may be filed.
        foreach (var (account, outcome) in outcomes)
        {
            if (outcome is DeliveryOutcome.Rejected)
            {
                await blobs.ReleaseAsync(message.Body.Name, BodyOwner.Mailbox(account), cancellationToken);
            }
        }

        foreach (var (group, end) in groups)
        {
            if (end != ExpansionEnd.UnderWay)
            {
                await blobs.ReleaseAsync(message.Body.Name, BodyOwner.Group(message.Id, group), cancellationToken);
            }
        }

        await vacation.AnswerAsync(message, [.. accounts.Where(account => outcomes[account] is DeliveryOutcome.Delivered { Filing.Vacation: true })], cancellationToken);
        DeliveryLog.Delivered(logger, message.Id, message.Tenant, accounts.Count, waiting.Count);
        return outcomes.ContainsValue(DeliveryOutcome.TooOld.Instance) || groups.ContainsValue(ExpansionEnd.UnderWay) ? "accepted longer ago than mailboxes remember deliveries" : null;
    }

    /// <summary>What became of each group; under way is what is too old to be begun or gone on with. Copies of what is held are held themselves.</summary>
    private async Task<Dictionary<EmailAddress, ExpansionEnd>> ExpandAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        var ends = new Dictionary<EmailAddress, ExpansionEnd>();
        foreach (var group in message.Envelope.Recipients.SelectMany(recipient => recipient.Groups).DistinctBy(group => group.Key, StringComparer.Ordinal))
        {
            ends[group] = expansion.IsTooOld(message) ? ExpansionEnd.UnderWay : await expansion.ExpandAsync(message, group, cancellationToken);
        }

        return ends;
    }

    /// <summary>Two recipients, an address and its alias for example, may lead to one mailbox: it gets one copy.</summary>
    private static IReadOnlyCollection<AccountId> AccountsOf(IReadOnlyList<EnvelopeRecipient> recipients) =>
        recipients is [{ Mailboxes: var mailboxes }] ? mailboxes : recipients.SelectMany(r => r.Mailboxes).ToHashSet();

    private async Task<Dictionary<AccountId, DeliveryOutcome>> FileAsync(
        QueuedMessage message, IReadOnlyCollection<AccountId> accounts, CancellationToken cancellationToken)
    {
        if (accounts.Count == 0)
        {
            return [];
        }

        // Step 5: the queue's message and its body become what mailboxes are given.
        var request = await CreateRequestAsync(message, cancellationToken);

        // Step 6: each mailbox files it, or says why not; or a session shows it.
        if (accounts.Count == 1)
        {
            var account = accounts.First();
            return new(1) { [account] = await copies.DeliverAsync(message, account, request) };
        }

        var outcomes = new ConcurrentDictionary<AccountId, DeliveryOutcome>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = FilingsAtATime, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(accounts, parallel, async (account, _) => outcomes[account] = await copies.DeliverAsync(message, account, request));
        return new(outcomes);
    }

    private async Task<FilingRequest> CreateRequestAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            return await requests.CreateAsync(message, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (breaker.Failed(message.Body.Name))
            {
                DeliveryLog.Paused(logger);
            }

            throw;
        }
    }

    private List<SpoolEntry> WaitingOf(QueuedMessage message, Dictionary<AccountId, DeliveryOutcome> outcomes)
    {
        var waiting = new List<SpoolEntry>();
        foreach (var recipient in message.Envelope.Recipients)
        {
            foreach (var account in recipient.Mailboxes)
            {
                switch (outcomes[account])
                {
                    case DeliveryOutcome.Held:
                        waiting.Add(SpoolHandOver.Held(message, recipient, account));
                        break;
                    case DeliveryOutcome.Deferred deferred:
                        DeliveryLog.Deferred(logger, message.Id, message.Tenant, account, deferred.Reason);
                        waiting.Add(spool.Deferred(message, recipient, account, deferred.Reason));
                        break;
                }
            }

            foreach (var remote in recipient.Remote)
            {
                waiting.Add(spool.Outbound(message, recipient, remote));
            }
        }

        return waiting;
    }

    private async Task ReportAsync(
        QueuedMessage message,
        EnvelopeRecipient recipient,
        Dictionary<AccountId, DeliveryOutcome> outcomes,
        Dictionary<EmailAddress, ExpansionEnd> groups,
        CancellationToken cancellationToken)
    {
        if (RejectionOf(recipient, outcomes, groups) is { } rejected)
        {
            DeliveryLog.Rejected(logger, message.Id, message.Tenant, recipient.Address, rejected.Reply);
            await reports.SendAsync(DsnReport.Failed(message, recipient, rejected.Status, rejected.Reply), cancellationToken);
        }
        else if (recipient.Remote.Count == 0
            && recipient.Mailboxes.All(account => outcomes[account] is DeliveryOutcome.Delivered or DeliveryOutcome.Shown)
            && recipient.Groups.All(group => groups[group] == ExpansionEnd.Expanded))
        {
            await reports.SendAsync(DsnReport.Delivered(message, recipient), cancellationToken);
        }
    }

    private static DeliveryOutcome.Rejected? RejectionOf(
        EnvelopeRecipient recipient, Dictionary<AccountId, DeliveryOutcome> outcomes, Dictionary<EmailAddress, ExpansionEnd> groups)
    {
        if (recipient.IsNobody || recipient.Groups.Any(group => groups[group] == ExpansionEnd.NoSuchGroup))
        {
            return DeliveryOutcome.NoSuchMailbox;
        }

        foreach (var account in recipient.Mailboxes)
        {
            if (outcomes[account] is DeliveryOutcome.Rejected rejected)
            {
                return rejected;
            }
        }

        return null;
    }
}
