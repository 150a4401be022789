using System.ComponentModel.DataAnnotations;

namespace MailCloud.OutboundRelay;

/// <summary>Section <c>Relay</c>.</summary>
public sealed record RelayOptions
{
    /// <summary>The addresses that connections go out from, as a name: relays of one pool share a provider's limits.</summary>
    [Required]
    public string Pool { get; init; } = "default";

    /// <summary>Connections that this process has open at a time. A quarter of the 20,000 descriptors that a process may have here would do; Postfix' default_process_limit is 100.</summary>
    [Range(1, 5_000)]
    public int Connections { get; init; } = 200;

    /// <summary>Connections of this process to one destination at a time; 20 is Postfix' default_destination_concurrency_limit. What all relays may have together the limiter says.</summary>
    [Range(1, 1_000)]
    public int ConnectionsPerDestination { get; init; } = 20;

    /// <summary>The age at which a sender is told that his mail waits. 4 hours is what Sendmail's queuewarn and most operators of Postfix' delay_warning_time use.</summary>
    public TimeSpan DelayWarning { get; init; } = TimeSpan.FromHours(4);

    /// <summary>The age at which mail that waits is given up. RFC 5321 §4.5.4.1: "generally needs to be at least 4-5 days".</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(5);

    /// <summary>
    /// How long an address that its host refused for good is on the sending tenant's suppression list; 0: it is not put there. Postal has 30 days (suppression_list_automatic_removal_days); SES' list of all its
    /// customers 14, that of one customer, as those of Postmark and Mailgun, no end. Whoever writes by hand writes to people, who come back.
    /// </summary>
    public TimeSpan SuppressFor { get; init; } = TimeSpan.FromDays(30);
}
