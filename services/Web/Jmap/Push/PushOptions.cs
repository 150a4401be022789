namespace MailCloud.Web.Jmap.Push;

/// <summary>How clients are told of changes (RFC 8620 §7, RFC 8887).</summary>
internal sealed record PushOptions
{
    /// <summary>Event sources and WebSockets of an account in one process: a person has some browsers, each with some tabs.</summary>
    public int MaxConnectionsPerAccount { get; init; } = 20;

    /// <summary>Event sources and WebSockets of one process, of the Web:MaxConnections that it has for everything.</summary>
    public int MaxConnections { get; init; } = 800;

    /// <summary>How long a client may take for one event or one response: as long as Kestrel's HTTP/2 keep-alive and nginx's send_timeout, halved.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a push subscription lasts unless it is extended: RFC 8620 §7.2 suggests a week at the least of what a server allows.</summary>
    public TimeSpan SubscriptionLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Requests of this process to push services at a time; more wait, and then carry the latest state.</summary>
    public int MaxPosts { get; init; } = 64;

    /// <summary>How long a push service may take for one.</summary>
    public TimeSpan PostTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether push subscriptions may name URLs of http and hosts of private networks: for tests, and for nobody whose accounts are not all trusted.</summary>
    public bool AllowPrivate { get; init; }

    public IEnumerable<string> Errors()
    {
        if (MaxConnectionsPerAccount <= 0 || MaxConnections <= 0 || MaxPosts <= 0)
        {
            yield return "the numbers of Web:Jmap:Push must be above zero";
        }

        // RFC 8620 §7.2: at least 48 hours.
        if (WriteTimeout <= TimeSpan.Zero || PostTimeout <= TimeSpan.Zero || SubscriptionLifetime < TimeSpan.FromHours(48))
        {
            yield return "Web:Jmap:Push:WriteTimeout and Web:Jmap:Push:PostTimeout must be above zero, Web:Jmap:Push:SubscriptionLifetime two days or more";
        }
    }
}
