using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery;

/// <summary>
/// Delivers one account's copy to where its transaction wants it (RFC 821 §3.4). What no session shows whole is filed, SEND too: it got 250. Filing is exactly-once; showing is
/// repeated when the entry comes again. The spool only files: who was there when the message came has seen it.
/// </summary>
internal sealed class CopyDelivery(MailboxFiler filer, Terminals terminals, DeliveryTelemetry telemetry, TimeProvider time)
{
    public async Task<DeliveryOutcome> DeliverAsync(QueuedMessage message, AccountId account, FilingRequest request)
    {
        switch (message.Envelope.Kind)
        {
            case TransactionKind.Send or TransactionKind.SendOrMail:
                if (!await terminals.ShowAsync(message, account, request.Summary))
                {
                    return await filer.FileAsync(message, account, request);
                }

                telemetry.Filed(message, DeliveryOutcome.Shown.Instance, time.GetUtcNow());
                return DeliveryOutcome.Shown.Instance;
            case TransactionKind.SendAndMail:
                var outcome = await filer.FileAsync(message, account, request);
                if (outcome is DeliveryOutcome.Delivered or DeliveryOutcome.Deferred)
                {
                    await terminals.ShowAsync(message, account, request.Summary);
                }

                return outcome;
            default:
                return await filer.FileAsync(message, account, request);
        }
    }
}
