using MailCloud.MailboxContracts;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Part <c>Limits</c> of the section that <see cref="RelayRoutingOptions"/> stands for.</summary>
public sealed record RelayLimitsOptions
{
    /// <summary>Connections at once to a provider, of all relays. Postfix' default_destination_concurrency_limit is 20.</summary>
    public int Connections { get; init; } = 20;

    /// <summary>Messages on a connection. Postfix' smtp_connection_reuse_count_limit has none, many receivers take 100 (Exim's smtp_accept_max_per_connection is 1,000, its connection_max_messages 500).</summary>
    public int MessagesPerConnection { get; init; } = 100;

    /// <summary>Messages in a minute to a provider; not said: no limit, as in Postfix (default_destination_rate_delay is 0).</summary>
    public int? MessagesPerMinute { get; init; }

    /// <summary>Other numbers for some.</summary>
    public RelayLimitOptions[] Overrides { get; init; } = [];

    /// <summary>The limits of whom <paramref name="name"/> names, a provider or a destination; null: nothing is said of it.</summary>
    internal ProviderLimits? FindOverride(string name) =>
        Overrides.FirstOrDefault(o => o.For.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found
            ? new(found.Connections ?? Connections, found.MessagesPerConnection ?? MessagesPerConnection, found.MessagesPerMinute ?? MessagesPerMinute)
            : null;

    internal ProviderLimits Default => new(Connections, MessagesPerConnection, MessagesPerMinute);

    internal IEnumerable<string> Errors()
    {
        if (Overrides.Any(o => o.For.Length == 0))
        {
            yield return "Relay:Limits:Overrides must each say whom they are For";
        }

        var all = Overrides.Select(o => FindOverride(o.For)!).Prepend(Default);
        if (all.Any(l => l.Connections < 1 || l.MessagesPerConnection < 1 || l.MessagesPerMinute < 1))
        {
            yield return "Relay:Limits must be at least 1";
        }
    }
}

/// <summary>Limits of a provider, or of a destination that then counts on its own. What is not said is as for all.</summary>
public sealed record RelayLimitOptions
{
    /// <summary>A provider as the log names it, <c>google.com</c>, a smarthost's name, or a recipient's domain.</summary>
    public string For { get; init; } = "";

    /// <summary>See <see cref="RelayLimitsOptions.Connections"/>.</summary>
    public int? Connections { get; init; }

    /// <summary>See <see cref="RelayLimitsOptions.MessagesPerConnection"/>.</summary>
    public int? MessagesPerConnection { get; init; }

    /// <summary>See <see cref="RelayLimitsOptions.MessagesPerMinute"/>.</summary>
    public int? MessagesPerMinute { get; init; }
}
