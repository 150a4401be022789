using MailCloud.Web.Jmap.Push.Subscriptions;

namespace MailCloud.Web.Jmap.Push;

/// <summary>How clients are told of changes (RFC 8620 §7, RFC 8887).</summary>
internal sealed record PushOptions
{
    /// <summary>Event sources and WebSockets of an account in one process: a person has some browsers, each with some tabs.</summary>
    public int MaxConnectionsPerAccount { get; init; } = 20;

    /// <summary>Event sources and WebSockets of one process, of the Web:MaxConnections that it has for everything.</summary>
    public int MaxConnections { get; init; } = 800;

    /// <summary>The same of a tenant: half of what there is, so that others have places whatever one tenant's clients do. Who has one tenant sets as many as of all.</summary>
    public int MaxConnectionsPerTenant { get; init; } = 400;

    /// <summary>How long a client may take none of what is written to it, an event or a part of a response: nginx's send_timeout, halved.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a push subscription lasts unless it is extended: RFC 8620 §7.2 suggests a week at the least of what a server allows.</summary>
    public TimeSpan SubscriptionLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Requests of this process to push services at a time; more wait, and then carry the latest state.</summary>
    public int MaxPosts { get; init; } = 64;

    /// <summary>Of them those of one account, whose push services may be slow. A tenant has half of all at most, and so has the host of a push service.</summary>
    public int MaxPostsPerAccount { get; init; } = 4;

    /// <summary>How long a push service may take for one.</summary>
    public TimeSpan PostTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The file with the private key, of P-256 and in PEM, by which push services know this installation (RFC 8292), read at the start and the same for every process. Empty: pushes are not signed,
    /// and the push services of browsers refuse them.
    /// </summary>
    public string VapidKeyFile { get; init; } = "";

    /// <summary>Whom a push service asks about the pushes (RFC 8292 §2.1), a <c>mailto:</c> or <c>https:</c> URL; empty: the postmaster of Web:Jmap:PostmasterDomain.</summary>
    public string VapidSubject { get; init; } = "";

    /// <summary>Whether push subscriptions may name URLs of http and hosts of private networks: for tests, and for nobody whose accounts are not all trusted.</summary>
    public bool AllowPrivate { get; init; }

    private VapidKey? vapidKey;

    /// <summary>Null: there is none.</summary>
    public VapidKey? FindVapidKey() => VapidKeyFile.Length == 0 ? null : vapidKey ??= VapidKey.Load(VapidKeyFile);

    public IEnumerable<string> Errors()
    {
        if (MaxConnectionsPerAccount <= 0 || MaxConnectionsPerTenant <= 0 || MaxConnections <= 0 || MaxPosts <= 0 || MaxPostsPerAccount <= 0)
        {
            yield return "the numbers of Web:Jmap:Push must be above zero";
        }

        // RFC 8620 §7.2: at least 48 hours.
        if (WriteTimeout <= TimeSpan.Zero || PostTimeout <= TimeSpan.Zero || SubscriptionLifetime < TimeSpan.FromHours(48))
        {
            yield return "Web:Jmap:Push:WriteTimeout and Web:Jmap:Push:PostTimeout must be above zero, Web:Jmap:Push:SubscriptionLifetime two days or more";
        }

        if (VapidSubject.Length > 0 && !(Uri.TryCreate(VapidSubject, UriKind.Absolute, out var subject) && subject.Scheme is "mailto" or "https"))
        {
            yield return "Web:Jmap:Push:VapidSubject must be a mailto: or https: URL";
        }

        if (VapidKey.WhyUnusable(VapidKeyFile) is { } why)
        {
            yield return $"Web:Jmap:Push:VapidKeyFile {why}";
        }
    }
}
