using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Tracing;

namespace MailCloud.LocalDelivery;

/// <summary>Records what became of each recipient here, for <c>mailcloud trace</c>.</summary>
internal sealed class DeliveryTrace(MessageTracer tracer)
{
    /// <summary>An entry of the delivery queue: its outcomes, and what waits in the spool now.</summary>
    public void Delivered(QueuedMessage message, IReadOnlyDictionary<AccountId, DeliveryOutcome> outcomes, IReadOnlyList<SpoolEntry> waiting)
    {
        var happened = new List<TraceEvent>(outcomes.Count + waiting.Count);
        foreach (var recipient in message.Envelope.Recipients)
        {
            foreach (var account in recipient.Mailboxes)
            {
                happened.AddRange(Of(message, recipient, account, outcomes[account]));
            }

            if (recipient.IsNobody)
            {
                happened.AddRange(Of(message, recipient, null, DeliveryOutcome.NoSuchMailbox));
            }
        }

        happened.AddRange(waiting.Where(e => e.LastError is null).Select(Spooled));
        tracer.Add(happened);
    }

    /// <summary>An attempt at a copy that waited in the spool.</summary>
    /// <param name="at">When the mailbox answered; a report may have followed.</param>
    /// <param name="entry">The copy.</param>
    /// <param name="outcome">What the mailbox answered.</param>
    /// <param name="isGivenUp">True when it is not tried again although it might be.</param>
    public void Tried(DateTimeOffset at, SpoolEntry entry, DeliveryOutcome outcome, bool isGivenUp = false)
    {
        var happened = Of(entry.Message, entry.Recipient, entry.Recipient.Mailboxes[0], outcome);
        tracer.Add([.. happened.Select(e => e with { At = at, Kind = isGivenUp ? TraceKind.Failed : e.Kind })]);
    }

    /// <summary>A page of a group's members gets it as a message of its own.</summary>
    public void Expanded(QueuedMessage message, EmailAddress group, int members, DeliveryId page) => tracer.Add(
        [Event(message, TraceKind.Expanded) with { Recipients = [group.ToString()], Reply = $"{members} members", Other = page }]);

    /// <summary>The entry as a whole: it failed and comes again, or is parked.</summary>
    public void Entry(QueuedMessage message, TraceKind kind, string reason) =>
        tracer.Add([Event(message, kind) with { Reply = reason, Recipients = [.. message.Envelope.Recipients.Select(r => r.Address.ToString())] }]);

    private IEnumerable<TraceEvent> Of(QueuedMessage message, EnvelopeRecipient recipient, AccountId? account, DeliveryOutcome outcome)
    {
        var happened = outcome switch
        {
            DeliveryOutcome.Delivered delivered => Event(message, TraceKind.Filed) with
            {
                Filing = new(account!.Value.Value, delivered.Filing.Folder, delivered.Filing.UidValidity, delivered.Filing.Uid),
            },
            DeliveryOutcome.Shown => Event(message, TraceKind.Shown),
            DeliveryOutcome.Deferred deferred => Event(message, TraceKind.Deferred) with { Reply = $"{deferred.Status} {deferred.Reason}" },
            DeliveryOutcome.Rejected rejected => Event(message, TraceKind.Failed) with { Reply = rejected.Reply },

            // Held: it is among those that wait. Too old: its entry is parked, or stays in the spool for an operator.
            _ => null,
        };
        return happened is null ? [] : [happened with { Recipients = [recipient.Address.ToString()] }];
    }

    private TraceEvent Spooled(SpoolEntry entry) => Event(entry.Message, TraceKind.Spooled) with
    {
        Recipients = [MessageTracer.NameOf(entry)],
        DueAt = entry.DueAt,
    };

    private TraceEvent Event(QueuedMessage message, TraceKind kind) => new() { Delivery = message.Id, At = tracer.Time.GetUtcNow(), Kind = kind };
}
