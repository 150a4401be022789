using System.Diagnostics;
using MailCloud.Messages;

namespace MailCloud.Queue.RabbitMq;

/// <summary>An entry that the broker has handed to this process and waits for an ack of.</summary>
internal sealed class RabbitMqDelivery(RabbitMqConsumer consumer, ulong tag, QueuedMessage message, ReadOnlyMemory<byte> content, int failures, ActivityContext trace) : QueueDelivery
{
    public const string BrokerSystem = "rabbitmq";

    public override QueuedMessage Message => message;

    public override int Failures => failures;

    /// <summary>Of the span that published it; of the message where that one was not traced.</summary>
    public override ActivityContext Trace => trace == default ? base.Trace : trace;

    public override string System => BrokerSystem;

    public ReadOnlyMemory<byte> Content => content;

    public ulong Tag => tag;

    public override Task AckAsync(CancellationToken cancellationToken) => consumer.SettleAsync(this, Task.CompletedTask);

    // The copy is confirmed before the original is acked: if the process dies in between, the entry comes twice.
    public override Task FailAsync(TimeSpan delay, CancellationToken cancellationToken) => consumer.SettleAsync(this, consumer.Queue.DelayAsync(this, delay));

    public override Task ParkAsync(string reason, CancellationToken cancellationToken) => consumer.SettleAsync(this, consumer.Queue.ParkAsync(this, reason));
}
