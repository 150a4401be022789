using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.FaultyServer;

/// <summary>Gives an entry a new delivery id each time it is handed out, so that no mailbox knows a repeat: what dies between filing and acknowledgement is doubled.</summary>
internal sealed class NoDeduplication(IMailQueue inner, TimeProvider time) : QueueWrapper(inner)
{
    protected override ValueTask<QueueDelivery> ChangeAsync(QueueDelivery delivery, CancellationToken cancellationToken) =>
        new(new ChangedDelivery(delivery, delivery.Message with { Id = DeliveryId.New(time.GetUtcNow()) }, acknowledged: false));
}
