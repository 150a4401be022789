using MailCloud.Queue;

namespace MailCloud.FaultyServer;

/// <summary>Acknowledges an entry when it is handed out: what dies before it is filed is lost.</summary>
internal sealed class AckBeforeFiling(IMailQueue inner) : QueueWrapper(inner)
{
    protected override async ValueTask<QueueDelivery> ChangeAsync(QueueDelivery delivery, CancellationToken cancellationToken)
    {
        await delivery.AckAsync(cancellationToken);
        return new ChangedDelivery(delivery, delivery.Message, acknowledged: true);
    }
}
