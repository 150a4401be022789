using MailCloud.Messages;

namespace MailCloud.Reports;

/// <summary>How long mail that waits is tried, and when its sender hears that it waits. Ages count from <see cref="QueuedMessage.ReleasedAt"/>.</summary>
/// <param name="DelayWarning">The age at which a sender is told who has said nothing of time.</param>
/// <param name="Lifetime">The age at which it is given up.</param>
public sealed record RetryLimits(TimeSpan DelayWarning, TimeSpan Lifetime)
{
    public DateTimeOffset Until(QueuedMessage message) => message.ReleasedAt + Lifetime;

    public bool IsExpired(QueuedMessage message, DateTimeOffset now) => now >= Until(message);

    /// <summary>RFC 2852 §4.1.3: it is to be returned when its time is up, which it is.</summary>
    public static bool IsOverdue(QueuedMessage message, DateTimeOffset now) => message.Envelope.DeliverBy is { Return: true } by && now >= by.Deadline;

    /// <summary>RFC 2852 §4.1.3: he who says when he wants to be told is told then. A time that had passed when the message came was an earlier host's to tell of.</summary>
    public static bool IsTimed(QueuedMessage message) => message.Envelope.DeliverBy is { Return: false } by && by.Deadline > message.Id.AcceptedAt;

    /// <summary>The sender is to be told that it waits.</summary>
    public bool IsDelayed(QueuedMessage message, DateTimeOffset now) => now >= (IsTimed(message) ? message.Envelope.DeliverBy!.Deadline : message.ReleasedAt + DelayWarning);
}
