using System.Runtime.CompilerServices;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MailCloud.Queue.RabbitMq;

/// <summary>
/// Reads queues without taking anything off: gets entry after entry unacked, and gives them back in their order at the end. Meanwhile nobody else gets them, so there is one walk at a time in
/// the cluster, held by an exclusive queue: a second would see only what the first has not got. If the process dies, the broker gives everything back.
/// </summary>
internal sealed class QueueWalk : IAsyncDisposable
{
    /// <summary>For another walk to end: it takes half a millisecond an entry.</summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(100);

    private readonly IChannel channel;
    private readonly List<ulong> held = [];
    private readonly RabbitMqTopology topology;

    private QueueWalk(IChannel channel, RabbitMqTopology topology) => (this.channel, this.topology) = (channel, topology);

    /// <exception cref="QueueUnavailableException">Another walk has not ended within a minute.</exception>
    public static async Task<QueueWalk> BeginAsync(IConnection connection, RabbitMqTopology topology, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            try
            {
                await channel.QueueDeclareAsync(topology.ListingLock, durable: false, exclusive: true, autoDelete: false, cancellationToken: cancellationToken).ConfigureAwait(false);
                return new QueueWalk(channel, topology);
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.ResourceLocked)
            {
                await channel.DisposeAsync().ConfigureAwait(false);
                if (time.GetElapsedTime(started) > LockTimeout)
                {
                    throw new QueueUnavailableException("another process has been listing the queues for a minute", e);
                }
            }
            catch
            {
                await channel.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            await Task.Delay(LockRetry, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>All entries of a queue that wait there, in order. They stay with this walk until it ends.</summary>
    public async IAsyncEnumerable<BasicGetResult> ReadAsync(string queue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await channel.BasicGetAsync(queue, autoAck: false, cancellationToken).ConfigureAwait(false) is { } entry)
        {
            held.Add(entry.DeliveryTag);
            yield return entry;
        }
    }

    /// <summary>Takes one entry off after all.</summary>
    public async Task AckAsync(BasicGetResult entry)
    {
        await channel.BasicAckAsync(entry.DeliveryTag, multiple: false).ConfigureAwait(false);
        held.Remove(entry.DeliveryTag);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // One by one: given back in one go, the broker puts them in an order of its own.
            foreach (var tag in held)
            {
                await channel.BasicNackAsync(tag, multiple: false, requeue: true).ConfigureAwait(false);
            }

            await channel.QueueDeleteAsync(topology.ListingLock, ifUnused: false, ifEmpty: false).ConfigureAwait(false);
            await channel.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is AlreadyClosedException or OperationInterruptedException or ObjectDisposedException)
        {
            // The connection is lost, and the broker has given everything back.
        }

        await channel.DisposeAsync().ConfigureAwait(false);
    }
}
