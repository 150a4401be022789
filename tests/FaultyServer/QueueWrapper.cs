using System.Runtime.CompilerServices;
using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.FaultyServer;

/// <summary>The real queue, with its deliveries changed on the way to the consumer.</summary>
internal abstract class QueueWrapper(IMailQueue inner) : IMailQueue
{
    public Task PublishAsync(QueuedMessage message, CancellationToken cancellationToken) => inner.PublishAsync(message, cancellationToken);

    public async IAsyncEnumerable<QueueDelivery> ConsumeAsync(int prefetch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var delivery in inner.ConsumeAsync(prefetch, cancellationToken))
        {
            yield return await ChangeAsync(delivery, cancellationToken);
        }
    }

    public Task<QueueDepth> GetDepthAsync(CancellationToken cancellationToken) => inner.GetDepthAsync(cancellationToken);

    public IAsyncEnumerable<QueuedMessage> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

    public IAsyncEnumerable<ParkedMessage> ListParkedAsync(CancellationToken cancellationToken) => inner.ListParkedAsync(cancellationToken);

    public Task<bool> ReplayParkedAsync(DeliveryId id, CancellationToken cancellationToken) => inner.ReplayParkedAsync(id, cancellationToken);

    protected abstract ValueTask<QueueDelivery> ChangeAsync(QueueDelivery delivery, CancellationToken cancellationToken);
}

/// <summary>A delivery with another message or without an acknowledgement of its own.</summary>
internal sealed class ChangedDelivery(QueueDelivery inner, QueuedMessage message, bool acknowledged) : QueueDelivery
{
    public override QueuedMessage Message => message;

    public override int Failures => inner.Failures;

    public override Task AckAsync(CancellationToken cancellationToken) => acknowledged ? Task.CompletedTask : inner.AckAsync(cancellationToken);

    public override Task FailAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        acknowledged ? Task.CompletedTask : inner.FailAsync(delay, cancellationToken);

    public override Task ParkAsync(string reason, CancellationToken cancellationToken) => inner.ParkAsync(reason, cancellationToken);
}
