using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.Embedded.Queue;

/// <summary>One entry in a consumer's hands.</summary>
internal sealed class SqliteDelivery(SqliteQueue queue, QueueConsumer consumer, QueueEntry entry) : QueueDelivery
{
    public QueueEntry Entry => entry;

    public override QueuedMessage Message => entry.Message;

    public override int Failures => entry.Failures;

    public override Task AckAsync(CancellationToken cancellationToken) => SettleAsync(queue.DeleteAsync(entry, cancellationToken));

    public override Task FailAsync(TimeSpan delay, CancellationToken cancellationToken) => SettleAsync(queue.DelayAsync(entry, delay, cancellationToken));

    public override Task ParkAsync(string reason, CancellationToken cancellationToken) => SettleAsync(queue.ParkAsync(entry, reason, cancellationToken));

    /// <summary>A settlement that fails leaves open what was written; the entry comes again, and consumers are idempotent.</summary>
    private async Task SettleAsync(Task settlement)
    {
        try
        {
            await settlement.ConfigureAwait(false);
            consumer.Release(this);
        }
        catch
        {
            if (consumer.Release(this))
            {
                queue.ReturnLater(entry);
            }

            throw;
        }
    }
}
