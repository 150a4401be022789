using System.Runtime.CompilerServices;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MailCloud.Queue.RabbitMq;

/// <summary>
/// Reads queues without taking anything off: gets entry after entry unacked, and gives them back in their order at the end. Meanwhile nobody else gets them, so there is one walk at a time in
/// the cluster, held by an exclusive queue, and one in a process, whose connection the exclusive queue lets in: a second would see only what the first has not got. If the process dies, the broker gives everything back.
/// </summary>
internal sealed class QueueWalk : IAsyncDisposable
{
    /// <summary>For another walk to end: it takes half a millisecond an entry.</summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(100);

    /// <summary>For the broker to have taken everything back: milliseconds, unless a consumer came meanwhile.</summary>
    private static readonly TimeSpan ReturnTimeout = TimeSpan.FromSeconds(2);

    private readonly IChannel channel;
    private readonly List<(ulong Tag, string Queue)> held = [];
    private readonly Dictionary<string, uint> consumersBefore = [];
    private readonly RabbitMqTopology topology;
    private readonly SemaphoreSlim turn;
    private readonly TimeProvider time;

    private QueueWalk(IChannel channel, RabbitMqTopology topology, SemaphoreSlim turn, TimeProvider time) =>
        (this.channel, this.topology, this.turn, this.time) = (channel, topology, turn, time);

    /// <param name="connection">The process's connection for consuming.</param>
    /// <param name="topology">Where the lock is named.</param>
    /// <param name="turn">One place, of the process.</param>
    /// <param name="time">The clock of the waits.</param>
    /// <param name="cancellationToken">Ends the wait for other walks.</param>
    /// <exception cref="QueueUnavailableException">Another walk has not ended within a minute.</exception>
    public static async Task<QueueWalk> BeginAsync(
        IConnection connection, RabbitMqTopology topology, SemaphoreSlim turn, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!await turn.WaitAsync(LockTimeout, cancellationToken).ConfigureAwait(false))
        {
            throw new QueueUnavailableException("this process has been listing the queues for a minute", null);
        }

        try
        {
            return new QueueWalk(await LockAsync(connection, topology, time, cancellationToken).ConfigureAwait(false), topology, turn, time);
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    /// <summary>All entries of a queue that wait there, in order. They stay with this walk until it ends.</summary>
    public async IAsyncEnumerable<BasicGetResult> ReadAsync(string queue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        consumersBefore.TryAdd(queue, await channel.ConsumerCountAsync(queue, cancellationToken).ConfigureAwait(false));
        while (await channel.BasicGetAsync(queue, autoAck: false, cancellationToken).ConfigureAwait(false) is { } entry)
        {
            held.Add((entry.DeliveryTag, queue));
            yield return entry;
        }
    }

    /// <summary>How many entries of the queue this walk has.</summary>
    public int HeldOf(string queue) => held.Count(one => one.Queue == queue);

    /// <summary>Takes one entry off after all.</summary>
    public async Task AckAsync(BasicGetResult entry)
    {
        await channel.BasicAckAsync(entry.DeliveryTag, multiple: false).ConfigureAwait(false);
        held.RemoveAll(one => one.Tag == entry.DeliveryTag);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // One by one: given back in one go, the broker puts them in an order of its own.
            foreach (var (tag, _) in held)
            {
                await channel.BasicNackAsync(tag, multiple: false, requeue: true).ConfigureAwait(false);
            }

            foreach (var queue in consumersBefore.Keys)
            {
                await ReturnedAsync(queue).ConfigureAwait(false);
            }

            await channel.QueueDeleteAsync(topology.ListingLock, ifUnused: false, ifEmpty: false).ConfigureAwait(false);
            await channel.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is AlreadyClosedException or OperationInterruptedException or ObjectDisposedException)
        {
            // The connection is lost, and the broker has given everything back.
        }
        finally
        {
            turn.Release();
            await channel.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<IChannel> LockAsync(IConnection connection, RabbitMqTopology topology, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            try
            {
                await channel.QueueDeclareAsync(topology.ListingLock, durable: false, exclusive: true, autoDelete: false, cancellationToken: cancellationToken).ConfigureAwait(false);
                return channel;
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

    /// <summary>
    /// The broker answers no nack, and the next walk would miss what is still on its way back. It counts each entry that was got as a consumer, until it has it back.
    /// </summary>
    private async Task ReturnedAsync(string queue)
    {
        var started = time.GetTimestamp();
        while (await channel.ConsumerCountAsync(queue).ConfigureAwait(false) > consumersBefore[queue] && time.GetElapsedTime(started) < ReturnTimeout)
        {
            // Each question is an answer's wait already.
        }
    }
}
