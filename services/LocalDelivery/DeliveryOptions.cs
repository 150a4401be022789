using System.ComponentModel.DataAnnotations;

namespace MailCloud.LocalDelivery;

/// <summary>Section <c>Delivery</c>.</summary>
public sealed record DeliveryOptions
{
    /// <summary>Entries in hand at a time. RabbitMQ advises 100 to 300 as a consumer's prefetch; all are small, their bodies stay in the store.</summary>
    [Range(1, 65_535)]
    public int Prefetch { get; init; } = 256;

    /// <summary>Recorded failures after which an entry is parked. 20 is the default delivery limit of RabbitMQ 4's quorum queues; with the delays between them that is about 80 minutes.</summary>
    [Range(1, 1000)]
    public int FailuresBeforeParking { get; init; } = 20;

    /// <summary>The age at which a sender is told that his mail waits. 4 hours is what Sendmail's queuewarn and most operators of Postfix' delay_warning_time use.</summary>
    public TimeSpan DelayWarning { get; init; } = TimeSpan.FromHours(4);

    /// <summary>The age at which mail that waits is given up. RFC 5321 §4.5.4.1: "generally needs to be at least 4-5 days".</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(5);
}
