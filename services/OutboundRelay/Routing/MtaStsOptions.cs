namespace MailCloud.OutboundRelay.Routing;

/// <summary>Part <c>MtaSts</c> of the section that <see cref="RelayRoutingOptions"/> stands for.</summary>
public sealed record MtaStsOptions
{
    /// <summary>The port of policy hosts: HTTPS' own (RFC 8461 §3.3); tests use another.</summary>
    public int Port { get; init; } = 443;

    /// <summary>For a whole policy. RFC 8461 §3.3 suggests one minute.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Domains whose policies are remembered. Fewer than one in a hundred of the domains that take mail has one; each takes less than a kilobyte.</summary>
    public int CachedDomains { get; init; } = 10_000;

    internal IEnumerable<string> Errors()
    {
        if (Port is < 1 or > 65535)
        {
            yield return "Relay:MtaSts:Port must be a port";
        }

        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromMinutes(10))
        {
            yield return "Relay:MtaSts:Timeout must be above zero and no more than ten minutes";
        }

        if (CachedDomains < 1)
        {
            yield return "Relay:MtaSts:CachedDomains must be at least 1";
        }
    }
}
