using System.Net;
using MailCloud.Wire;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Section <c>Relay</c>, as far as it says where mail goes. Each default says where its number comes from.</summary>
public sealed record RelayRoutingOptions
{
    /// <summary>The port of mail exchangers (RFC 5321 §4.5.4.2); tests use another.</summary>
    public int Port { get; init; } = 25;

    /// <summary>Names, comma-separated, under which this installation stands among mail exchangers, beside <c>Relay:HostName</c>: such a host, and all of equal or worse preference, are not delivered to (RFC 5321 §5.1).</summary>
    public string HostNames { get; init; } = "";

    /// <summary>Addresses, comma-separated, at which this installation takes mail, beside those of the machine's interfaces: what a NAT or a load balancer has. Postfix' proxy_interfaces.</summary>
    public string OwnAddresses { get; init; } = "";

    /// <summary>Networks, comma-separated, that are dialled although they are loopback, private or reserved. Empty: whoever writes a DNS record chooses where we connect to, and must not choose what is inside.</summary>
    public string DialPrivate { get; init; } = "";

    /// <summary>Whether hosts are dialled at IPv6 addresses. Not said: when an interface has one that is neither loopback nor link-local.</summary>
    public bool? Ipv6 { get; init; }

    /// <summary>Addresses of all hosts of a destination together. Postfix' smtp_mx_address_limit is 5.</summary>
    public int MxAddressLimit { get; init; } = 5;

    /// <summary>How long it is remembered whether a domain is hosted here. Smtp:DirectoryCache is 5 s too.</summary>
    public TimeSpan DirectoryCache { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How names are resolved.</summary>
    public RelayDnsOptions Dns { get; init; } = new();

    /// <summary>Where and how MTA-STS policies are fetched (RFC 8461).</summary>
    public MtaStsOptions MtaSts { get; init; } = new();

    /// <summary>Smarthosts, and TLS that is required; the first that matches holds.</summary>
    public RelayRouteOptions[] Routes { get; init; } = [];

    /// <summary>How much goes to a provider at a time.</summary>
    public RelayLimitsOptions Limits { get; init; } = new();

    internal IReadOnlyList<string> HostNameList => Split(HostNames);

    internal IReadOnlyList<IPAddress> OwnAddressList => [.. Split(OwnAddresses).Select(IPAddress.Parse)];

    /// <summary>Everything that is wrong, one sentence each.</summary>
    internal IEnumerable<string> Errors()
    {
        if (Port is < 1 or > 65535)
        {
            yield return "Relay:Port must be a port";
        }

        if (MxAddressLimit < 1)
        {
            yield return "Relay:MxAddressLimit must be at least 1";
        }

        if (!Split(OwnAddresses).All(a => IPAddress.TryParse(a, out _)))
        {
            yield return "Relay:OwnAddresses must be addresses, separated by commas";
        }

        if (!Networks.AreValid(DialPrivate))
        {
            yield return "Relay:DialPrivate must be networks as address/bits, separated by commas";
        }

        foreach (var error in Dns.Errors().Concat(MtaSts.Errors()).Concat(Limits.Errors()).Concat(Routes.SelectMany((route, n) => route.Errors($"Relay:Routes:{n}"))))
        {
            yield return error;
        }
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
