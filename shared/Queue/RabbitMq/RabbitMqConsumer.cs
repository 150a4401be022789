using System.Collections.Concurrent;
using System.Threading.Channels;
using MailCloud.Messages;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace MailCloud.Queue.RabbitMq;

/// <summary>One consumer with a channel of its own: what is not acked when the channel ends comes again, in order, to whoever consumes then.</summary>
internal sealed class RabbitMqConsumer
{
    private readonly IChannel channel;
    private readonly Channel<RabbitMqDelivery> arrived = Channel.CreateUnbounded<RabbitMqDelivery>(); // The broker sends no more than the prefetch.
    private readonly ConcurrentDictionary<RabbitMqDelivery, byte> unsettled = new();
    private readonly TaskCompletionSource allSettled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILogger logger;
    private string? consumerTag;
    private volatile bool ended;

    private RabbitMqConsumer(RabbitMqQueue queue, IChannel channel, ILogger logger) => (Queue, this.channel, this.logger) = (queue, channel, logger);

    public RabbitMqQueue Queue { get; }

    /// <summary>What the broker has handed over and was not acked: entries that wait in memory and those being worked on.</summary>
    public ICollection<RabbitMqDelivery> Held => unsettled.Keys;

    /// <summary>False when it has ended and only settles what it was given.</summary>
    public bool IsActive => consumerTag is not null && !ended;

    public static async Task<RabbitMqConsumer> StartAsync(RabbitMqQueue queue, IConnection connection, int prefetch, ILogger logger, CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        try
        {
            var consumer = new RabbitMqConsumer(queue, channel, logger);
            await consumer.ConsumeAsync(prefetch, cancellationToken).ConfigureAwait(false);
            return consumer;
        }
        catch
        {
            await channel.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <exception cref="QueueUnavailableException">The channel is lost.</exception>
    public IAsyncEnumerable<RabbitMqDelivery> ReadAllAsync(CancellationToken cancellationToken) => arrived.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Acks after the work is done. An exception leaves the entry with the broker: it comes again when this consumer has ended.</summary>
    public async Task SettleAsync(RabbitMqDelivery delivery, Task work)
    {
        try
        {
            await work.ConfigureAwait(false);

            // The client throws when the channel is closed. An ack that is lost on the way brings the entry once more.
            await channel.BasicAckAsync(delivery.Tag, multiple: false, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            Forget(delivery);
        }
    }

    /// <summary>
    /// Takes no more. What nobody was given goes back at once; what was given may still be settled for a while, for LocalDelivery finishes what it has in hand at a shutdown, and then the channel ends.
    /// </summary>
    public async Task EndAsync(TimeSpan grace, TimeProvider time)
    {
        try
        {
            await channel.BasicCancelAsync(consumerTag!).ConfigureAwait(false);
            ended = true;
            await ReturnArrivedAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The channel is gone, and with it everything it held.
            RabbitMqLog.ConsumerNotEnded(logger, e);
            ended = true;
            unsettled.Clear();
        }

        if (unsettled.IsEmpty)
        {
            await CloseAsync().ConfigureAwait(false);
        }
        else
        {
            _ = CloseAfterAsync(grace, time);
        }
    }

    public void NotAnswered(Exception reason) => RabbitMqLog.NotAnswered(logger, reason);

    private async Task ConsumeAsync(int prefetch, CancellationToken cancellationToken)
    {
        channel.ChannelShutdownAsync += (_, e) => BrokenAsync($"the channel ended: {e.ReplyText}");
        await channel.BasicQosAsync(0, (ushort)prefetch, global: false, cancellationToken).ConfigureAwait(false);
        await Queue.RollCall.ListenAsync(channel, this, cancellationToken).ConfigureAwait(false);
        var receiver = new AsyncEventingBasicConsumer(channel);
        receiver.ReceivedAsync += (_, e) => ReceivedAsync(e);
        receiver.UnregisteredAsync += (_, _) => BrokenAsync("the broker ended the consumer: the queue is gone, or its node");
        consumerTag = await channel.BasicConsumeAsync(Queue.Topology.Work, autoAck: false, receiver, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What nobody was given; each entry once, whoever calls.</summary>
    private async Task ReturnArrivedAsync()
    {
        while (arrived.Reader.TryRead(out var delivery))
        {
            await channel.BasicNackAsync(delivery.Tag, multiple: false, requeue: true).ConfigureAwait(false);
            Forget(delivery);
        }
    }

    private async Task CloseAfterAsync(TimeSpan grace, TimeProvider time)
    {
        await Task.WhenAny(allSettled.Task, Task.Delay(grace, time)).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    private async Task CloseAsync()
    {
        try
        {
            await channel.CloseAsync().ConfigureAwait(false);
            await channel.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            RabbitMqLog.ConsumerNotEnded(logger, e);
        }

        unsettled.Clear();
        Queue.Ended(this);
    }

    private async Task ReceivedAsync(BasicDeliverEventArgs entry)
    {
        // The client takes its buffer back after this call.
        var content = entry.Body.ToArray();
        var failures = EntryFormat.FailuresOf(entry.BasicProperties);
        QueuedMessage message;
        try
        {
            message = Queue.Format.Decode(content);
        }
        catch (Exception e)
        {
            RabbitMqLog.Unreadable(logger, entry.BasicProperties.MessageId ?? "", e);
            _ = PutOffAsync(entry.DeliveryTag, entry.BasicProperties.MessageId, content, failures);
            return;
        }

        var delivery = new RabbitMqDelivery(this, entry.DeliveryTag, message, content, failures, EntryFormat.TraceOf(entry.BasicProperties));
        unsettled.TryAdd(delivery, 0);
        await arrived.Writer.WriteAsync(delivery).ConfigureAwait(false);
        if (ended)
        {
            // It was on its way within the client when the broker had answered the cancel.
            await ReturnArrivedAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What this build cannot read waits for one that can: during an upgrade there is a newer one. It is not a failure of the message.</summary>
    private async Task PutOffAsync(ulong tag, string? messageId, byte[] content, int failures)
    {
        try
        {
            await Queue.PutOffAsync(messageId, content, failures).ConfigureAwait(false);
            await channel.BasicAckAsync(tag, multiple: false).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Not acked: it comes again when the channel ends.
            RabbitMqLog.Unreadable(logger, messageId ?? "", e);
        }
    }

    private Task BrokenAsync(string reason)
    {
        arrived.Writer.TryComplete(ended ? null : new QueueUnavailableException($"consuming broke off: {reason}", null));
        return Task.CompletedTask;
    }

    private void Forget(RabbitMqDelivery delivery)
    {
        unsettled.TryRemove(delivery, out _);
        if (ended && unsettled.IsEmpty)
        {
            allSettled.TrySetResult();
        }
    }
}
