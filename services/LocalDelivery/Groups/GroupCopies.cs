using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.LocalDelivery.Groups;

/// <summary>
/// Sends a page of a group's members what the group got: a message of its own at the head of the queue, of the same octets, with a body that its recipients own. Sent again, it is the same message.
/// </summary>
internal sealed class GroupCopies(IMessageBlobs blobs, IMailQueue queue, DeliveryTrace trace)
{
    /// <summary>Returns when it is durably queued.</summary>
    public async Task SendAsync(QueuedMessage message, EmailAddress group, ExpansionStep page, CancellationToken cancellationToken)
    {
        if (page.Recipients.Count == 0)
        {
            return;
        }

        var id = message.FiledAs.Derive($"group {group.Key} {page.Number}");
        var body = message.Body with { Name = BodyRef.NameFor(message.Tenant, id) };
        await CopyAsync(message.Body, body.Name, BodyOwner.Of(id, page.Recipients), cancellationToken);
        await queue.PublishAsync(message with { Id = id, Origin = message.FiledAs, Body = body, Envelope = EnvelopeOf(message.Envelope, page) }, cancellationToken);
        trace.Expanded(message, group, page.Recipients.Count, id);
    }

    // RFC 3461 §5.2.7.1: what the sender asked about the group is answered when it is expanded; the copies are the group's. A terminal is for who is written to by name.
    private static Envelope EnvelopeOf(Envelope sent, ExpansionStep page) => sent with
    {
        Sender = page.Sender,
        Recipients = page.Recipients,
        EnvelopeId = null,
        Return = DsnReturn.Unspecified,
        Kind = TransactionKind.Mail,
        SmtpUtf8 = sent.SmtpUtf8 || page.Sender is { IsInternational: true } || page.Recipients.Any(recipient => recipient.Remote.Any(remote => remote.IsInternational)),
    };

    private async Task CopyAsync(BodyRef body, string name, IReadOnlyList<string> owners, CancellationToken cancellationToken)
    {
        await using var upload = blobs.Create(name, owners);
        await using var stream = await blobs.OpenReadAsync(body.Name, 0, null, cancellationToken);
        await upload.WriteAsync(stream, cancellationToken);
        await upload.CommitAsync(cancellationToken);
    }
}
