using System.Globalization;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MailCloud.Queue.RabbitMq;

/// <summary>The queues, all of them quorum queues reached by the default exchange, and one exchange for questions; README.md has the picture.</summary>
internal sealed class RabbitMqTopology
{
    /// <summary>
    /// The broker counts every return of an entry, a consumer's death too, and drops or dead-letters an entry at the limit: 20 by default in version 4, none in 3.10. Failures are counted
    /// by ourselves, so its limit is out of reach.
    /// </summary>
    private const int NoDeliveryLimit = int.MaxValue;

    private readonly List<(TimeSpan Delay, string Queue)> steps;

    public RabbitMqTopology(RabbitMqOptions options)
    {
        Work = $"{options.Prefix}.work";
        Parked = $"{options.Prefix}.parked";
        ListingLock = $"{options.Prefix}.listing";
        Questions = $"{options.Prefix}.questions";
        steps = [.. options.DelaySteps.Select(delay => (delay, string.Create(CultureInfo.InvariantCulture, $"{options.Prefix}.delay.{delay.TotalMilliseconds:0}ms")))];
    }

    public string Work { get; }

    public string Parked { get; }

    /// <summary>An exclusive queue of the connection that walks the queues: there is one at a time, and it ends with its connection.</summary>
    public string ListingLock { get; }

    /// <summary>The exchange by which all consumers are asked what they hold.</summary>
    public string Questions { get; }

    public IEnumerable<string> Delayed => steps.Select(step => step.Queue);

    /// <summary>The shortest step that is no shorter than the delay, or the longest of all.</summary>
    public string StepFor(TimeSpan delay) => steps.FirstOrDefault(step => step.Delay >= delay, steps[^1]).Queue;

    public string LongestStep => steps[^1].Queue;

    /// <summary>Declares what is missing.</summary>
    /// <exception cref="TopologyMismatchException">A queue of this name exists with other arguments.</exception>
    public async Task DeclareAsync(IConnection connection, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        await channel.ExchangeDeclareAsync(Questions, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken).ConfigureAwait(false);
        await DeclareAsync(channel, Work, [], cancellationToken).ConfigureAwait(false);
        await DeclareAsync(channel, Parked, [], cancellationToken).ConfigureAwait(false);
        foreach (var (delay, queue) in steps)
        {
            // At least once: an entry leaves the delay queue only when the work queue has confirmed it. It needs reject-publish.
            var expiry = new Dictionary<string, object?>
            {
                ["x-message-ttl"] = (long)delay.TotalMilliseconds,
                ["x-dead-letter-exchange"] = "",
                ["x-dead-letter-routing-key"] = Work,
                ["x-dead-letter-strategy"] = "at-least-once",
            };
            await DeclareAsync(channel, queue, expiry, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task DeclareAsync(IChannel channel, string queue, Dictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        arguments["x-queue-type"] = "quorum";
        arguments["x-delivery-limit"] = NoDeliveryLimit;

        // A policy may bound the queue; then it refuses new entries instead of dropping old ones.
        arguments["x-overflow"] = "reject-publish";
        try
        {
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.PreconditionFailed)
        {
            throw new TopologyMismatchException(queue, e);
        }
    }
}

/// <summary>The broker has a queue of one of our names that is not what we declare.</summary>
public sealed class TopologyMismatchException(string queue, Exception inner) : Exception(
    $"the broker's queue {queue} has other arguments than this build declares: move its entries away and delete it, or set RabbitMq:Prefix ({inner.Message})", inner);
