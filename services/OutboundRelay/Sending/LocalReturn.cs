using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.Reports;
using MailCloud.Tracing;

namespace MailCloud.OutboundRelay.Sending;

/// <summary>
/// Mail that waited for another host whose domain is hosted here by now: it goes to the head of the queue as a message of its own, with a body that the mailboxes own. Made again after a crash, it is the same message.
/// </summary>
internal sealed class LocalReturn(IMessageBlobs blobs, IMailQueue queue, AddressLookup addresses, MessageTracer tracer, ILogger<LocalReturn> logger)
{
    public async Task<RelayOutcome> ReturnAsync(SpoolEntry entry, CancellationToken cancellationToken)
    {
        var message = entry.Message;
        var remote = entry.Recipient.Remote[0];
        using var activity = RelayTelemetry.Start("relay.return", message);
        using var scope = DeliveryScope.Begin(logger, message);
        if (await addresses.FindAsync(remote, message.Tenant) is not { } to)
        {
            return new RelayOutcome.Failed("5.1.1", "550 5.1.1 there is no such mailbox");
        }

        var id = message.Id.Derive($"returned {remote.Key}");
        var recipient = to.Recipient with { Address = entry.Recipient.Address, Notify = entry.Recipient.Notify, OriginalRecipient = entry.Recipient.OriginalRecipient };
        await CopyAsync(message.Body, BodyRef.NameFor(to.Tenant, id), BodyOwner.Of(id, [recipient]), cancellationToken);
        await queue.PublishAsync(
            message with
            {
                Id = id,
                Tenant = to.Tenant,
                Body = message.Body with { Name = BodyRef.NameFor(to.Tenant, id) },
                Envelope = message.Envelope with { Recipients = [recipient] },
            },
            cancellationToken);
        tracer.Add(
        [
            new() { Delivery = message.Id, At = tracer.Time.GetUtcNow(), Kind = TraceKind.Returned, Recipients = [MessageTracer.NameOf(entry)], Other = id },
        ]);
        RelayLog.ReturnedToQueue(logger, message.Id, message.Tenant, remote);

        // Its reports are LocalDelivery's from here on.
        return new RelayOutcome.Delivered("250 2.1.5 hosted here", "localhost", ReportsPassedOn: true);
    }

    private async Task CopyAsync(BodyRef body, string name, IReadOnlyList<string> owners, CancellationToken cancellationToken)
    {
        await using var upload = blobs.Create(name, owners);
        await using var stream = await blobs.OpenReadAsync(body.Name, 0, null, cancellationToken);
        await upload.WriteAsync(stream, cancellationToken);
        await upload.CommitAsync(cancellationToken);
    }
}
