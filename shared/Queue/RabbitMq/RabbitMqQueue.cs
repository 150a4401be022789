using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using MailCloud.Messages;
using Microsoft.Extensions.Logging;
using Orleans.Serialization;
using RabbitMQ.Client;

namespace MailCloud.Queue.RabbitMq;

/// <summary>
/// The delivery queue on RabbitMQ's quorum queues. Invariants:
/// a publish returns only after the broker's confirm; an entry is acked only after its work, or its copy elsewhere, is durable; failures are counted in a header of the entry and by nobody
/// else, so a consumer's death changes nothing; what dies between a copy and the ack comes twice, never not at all.
/// </summary>
internal sealed class RabbitMqQueue : IMailQueue, IAsyncDisposable
{
    private readonly RabbitMqOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly RabbitMqConnection publishing;
    private readonly RabbitMqConnection consuming;
    private readonly ConfirmedPublisher publisher;
    private readonly ConcurrentDictionary<RabbitMqConsumer, byte> consumers = new();
    private readonly SemaphoreSlim walking = new(1);

    public RabbitMqQueue(RabbitMqOptions options, Serializer serializer, RabbitMqTelemetry telemetry, TimeProvider time, ILogger<RabbitMqQueue> logger)
    {
        (this.options, this.time, this.logger) = (options, time, logger);
        Format = new EntryFormat(serializer);
        Topology = new RabbitMqTopology(options);
        publishing = new RabbitMqConnection("publishing", options, Topology, telemetry, time, logger);
        consuming = new RabbitMqConnection("consuming", options, Topology, telemetry, time, logger);
        RollCall = new RollCall(publishing, Topology, time);
        publisher = new ConfirmedPublisher(publishing, options, telemetry, time, logger);
    }

    public EntryFormat Format { get; }

    public RabbitMqTopology Topology { get; }

    public RollCall RollCall { get; }

    public RabbitMqConnection Publishing => publishing;

    public RabbitMqConnection Consuming => consuming;

    private int ActiveConsumers => consumers.Keys.Count(consumer => consumer.IsActive);

    public Task PublishAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var content = Format.Encode(message);
        return publisher.PublishAsync(Topology.Work, EntryFormat.Properties(message.Id.ToString(), content, failures: 0), content, QueueTrace.Parse(message.TraceParent));
    }

    /// <exception cref="QueueUnavailableException">The channel is lost; a new call consumes anew.</exception>
    public async IAsyncEnumerable<QueueDelivery> ConsumeAsync(int prefetch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await consuming.GetAsync(cancellationToken).ConfigureAwait(false);
        var consumer = await RabbitMqConsumer.StartAsync(this, connection, prefetch, logger, cancellationToken).ConfigureAwait(false);
        consumers.TryAdd(consumer, 0);
        try
        {
            await foreach (var delivery in consumer.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return delivery;
            }
        }
        finally
        {
            await consumer.EndAsync(options.SettleGrace, time).ConfigureAwait(false);
        }
    }

    public async Task<QueueDepth> GetDepthAsync(CancellationToken cancellationToken)
    {
        var connection = await consuming.GetAsync(options.PublishTimeout, cancellationToken).ConfigureAwait(false);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        var (waiting, _) = await RollCall.AskAsync(connection, entries: false, ActiveConsumers, cancellationToken).ConfigureAwait(false);
        waiting += consumers.Keys.Sum(consumer => (long)consumer.Held.Count);
        foreach (var queue in Topology.Delayed.Append(Topology.Work))
        {
            waiting += await channel.MessageCountAsync(queue, cancellationToken).ConfigureAwait(false);
        }

        return new QueueDepth(waiting, await channel.MessageCountAsync(Topology.Parked, cancellationToken).ConfigureAwait(false));
    }

    public async IAsyncEnumerable<QueuedMessage> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // What is in hand moves to a delay queue or back to the work queue; so it is asked first and last, and the work queue before and after the delays. Seen twice, it is given once.
        var seen = new HashSet<DeliveryId>();
        var connection = await consuming.GetAsync(options.PublishTimeout, cancellationToken).ConfigureAwait(false);
        foreach (var message in (await HeldAsync(connection, null, cancellationToken).ConfigureAwait(false)).Where(message => seen.Add(message.Id)))
        {
            yield return message;
        }

        var walk = await QueueWalk.BeginAsync(connection, Topology, walking, time, cancellationToken).ConfigureAwait(false);
        await using (walk.ConfigureAwait(false))
        {
            foreach (var queue in Topology.Delayed.Prepend(Topology.Work).Append(Topology.Work))
            {
                await foreach (var entry in walk.ReadAsync(queue, cancellationToken).ConfigureAwait(false))
                {
                    var message = Format.Decode(entry.Body);
                    if (seen.Add(message.Id))
                    {
                        yield return message;
                    }
                }
            }

            foreach (var message in (await HeldAsync(connection, walk, cancellationToken).ConfigureAwait(false)).Where(message => seen.Add(message.Id)))
            {
                yield return message;
            }
        }
    }

    public async IAsyncEnumerable<ParkedMessage> ListParkedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await consuming.GetAsync(options.PublishTimeout, cancellationToken).ConfigureAwait(false);
        await using var walk = await QueueWalk.BeginAsync(connection, Topology, walking, time, cancellationToken).ConfigureAwait(false);
        await foreach (var entry in walk.ReadAsync(Topology.Parked, cancellationToken).ConfigureAwait(false))
        {
            yield return Format.Parked(entry);
        }
    }

    public async Task<bool> ReplayParkedAsync(DeliveryId id, CancellationToken cancellationToken)
    {
        var connection = await consuming.GetAsync(options.PublishTimeout, cancellationToken).ConfigureAwait(false);
        await using var walk = await QueueWalk.BeginAsync(connection, Topology, walking, time, cancellationToken).ConfigureAwait(false);
        await foreach (var entry in walk.ReadAsync(Topology.Parked, cancellationToken).ConfigureAwait(false))
        {
            var message = Format.Decode(entry.Body);
            if (message.Id == id)
            {
                // As if it had never failed: the operator says that the cause is gone. Dying before the ack leaves it parked too, and replaying it again files it no second time.
                await publisher.PublishAsync(Topology.Work, EntryFormat.Properties(id.ToString(), entry.Body, failures: 0), entry.Body, QueueTrace.Parse(message.TraceParent))
                    .ConfigureAwait(false);
                await walk.AckAsync(entry).ConfigureAwait(false);
                return true;
            }
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await consuming.DisposeAsync().ConfigureAwait(false);
        await publishing.DisposeAsync().ConfigureAwait(false);
        await publisher.DisposeAsync().ConfigureAwait(false);
    }

    internal Task DelayAsync(RabbitMqDelivery delivery, TimeSpan delay) => publisher.PublishAsync(
        Topology.StepFor(delay), EntryFormat.Properties(delivery.Message.Id.ToString(), delivery.Content, delivery.Failures + 1), delivery.Content, delivery.Trace);

    internal Task ParkAsync(RabbitMqDelivery delivery, string reason) => publisher.PublishAsync(
        Topology.Parked, EntryFormat.ParkedProperties(delivery.Message.Id.ToString(), delivery.Content, delivery.Failures, reason, time.GetUtcNow()), delivery.Content,
        delivery.Trace);

    internal Task PutOffAsync(string? messageId, ReadOnlyMemory<byte> content, int failures) =>
        publisher.PublishAsync(Topology.LongestStep, EntryFormat.Properties(messageId, content, failures), content, trace: default);

    internal void Ended(RabbitMqConsumer consumer) => consumers.TryRemove(consumer, out _);

    /// <summary>What consumers hold, here and in other processes.</summary>
    private async Task<List<QueuedMessage>> HeldAsync(IConnection connection, QueueWalk? walk, CancellationToken cancellationToken)
    {
        var ownConsumers = ActiveConsumers + (walk?.HeldOf(Topology.Work) ?? 0);
        var (_, elsewhere) = await RollCall.AskAsync(connection, entries: true, ownConsumers, cancellationToken).ConfigureAwait(false);
        return [.. consumers.Keys.SelectMany(consumer => consumer.Held).Select(delivery => delivery.Message), .. elsewhere.Select(content => Format.Decode(content))];
    }
}
