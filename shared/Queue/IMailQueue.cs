using System.Diagnostics;
using MailCloud.Messages;

namespace MailCloud.Queue;

/// <summary>The delivery queue: carries accepted mail from the edges to LocalDelivery, for seconds. At least once; consumers are idempotent.</summary>
public interface IMailQueue
{
    /// <summary>Returns when the entry is durable (in a cluster: confirmed by a quorum). An exception leaves open whether it is queued.</summary>
    /// <exception cref="QueueFullException">The queue takes no more; nothing was queued.</exception>
    Task PublishAsync(QueuedMessage message, CancellationToken cancellationToken);

    /// <summary>
    /// Entries in order, at most <paramref name="prefetch"/> unsettled at a time. What is not settled when the consumer dies comes again, with the same
    /// <see cref="QueueDelivery.Failures"/>: a death is not a failure of the message.
    /// </summary>
    IAsyncEnumerable<QueueDelivery> ConsumeAsync(int prefetch, CancellationToken cancellationToken);

    /// <summary>Entries that wait or are being worked on, and those that are parked.</summary>
    Task<QueueDepth> GetDepthAsync(CancellationToken cancellationToken);

    /// <summary>Every entry that waits or is being worked on: for verification, at rest.</summary>
    IAsyncEnumerable<QueuedMessage> ListAsync(CancellationToken cancellationToken);

    /// <summary>Entries set aside for an operator, oldest first.</summary>
    IAsyncEnumerable<ParkedMessage> ListParkedAsync(CancellationToken cancellationToken);

    /// <summary>Moves a parked entry back to the queue. False when there is none of this id.</summary>
    Task<bool> ReplayParkedAsync(DeliveryId id, CancellationToken cancellationToken);
}

/// <summary>One entry handed to a consumer, to be settled once by one of its methods.</summary>
public abstract class QueueDelivery
{
    public abstract QueuedMessage Message { get; }

    /// <summary>How often <see cref="FailAsync"/> was recorded for it.</summary>
    public abstract int Failures { get; }

    /// <summary>The trace that work on it belongs to: its publisher's.</summary>
    public virtual ActivityContext Trace => QueueTrace.Parse(Message.TraceParent);

    /// <summary>What has carried it, as OpenTelemetry's messaging.system has it.</summary>
    public virtual string System => "mailcloud";

    /// <summary>It is dealt with and leaves the queue.</summary>
    public abstract Task AckAsync(CancellationToken cancellationToken);

    /// <summary>Records a failure and makes it come again after a delay.</summary>
    public abstract Task FailAsync(TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>Sets it aside for an operator, durably, and takes it off the queue.</summary>
    public abstract Task ParkAsync(string reason, CancellationToken cancellationToken);
}

public sealed record ParkedMessage(QueuedMessage Message, string Reason, DateTimeOffset ParkedAt);

public readonly record struct QueueDepth(long Waiting, long Parked);

/// <summary>The queue refuses new entries (SMTP answers 452 4.3.1).</summary>
public sealed class QueueFullException(Exception? inner) : Exception("the delivery queue is full", inner);
