using System.Net;
using MailCloud.Web.Autoconfig;
using MailCloud.Web.Jmap;

namespace MailCloud.Web;

/// <summary>Section <c>Web</c>. Endpoints are <c>address:port</c>; empty: not opened.</summary>
internal sealed record WebOptions
{
    /// <summary>Where HTTP for everybody listens: the webmail, once it is there.</summary>
    public string Http { get; init; } = "";

    /// <summary>The admin API has a port of its own, so that it can be kept from every network but the operator's.</summary>
    public string Admin { get; init; } = "";

    /// <summary>The file that holds the admin API's bearer token; read at each request, so that the token can be changed without a restart.</summary>
    public string AdminTokenFile { get; init; } = "";

    /// <summary>How long the header of a request may take. Kestrel's default, and nginx's client_header_timeout with half of it to spare.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection may be without a request: Kestrel's default, which is more than any proxy's keep-alive.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>Connections of one listener at a time. nginx's worker_connections is 512 by default; browsers take six each, and a process has 20,000 descriptors for all that it does.</summary>
    public int MaxConnections { get; init; } = 1000;

    /// <summary>Networks of proxies, comma-separated, whose X-Forwarded-For and X-Forwarded-Proto say who the client is and whether it came by HTTPS. Nobody else's are believed.</summary>
    public string ProxyNetworks { get; init; } = "";

    /// <summary>What mail programs are told of the mail services, and hosts that send mail here of its MX.</summary>
    public MailServicesOptions Mail { get; init; } = new();

    /// <summary>The limits of JMAP, and from where browsers may use it.</summary>
    public JmapOptions Jmap { get; init; } = new();

    public IReadOnlyList<IPNetwork> Proxies => [.. ProxyTexts.Select(text => IPNetwork.TryParse(text, out var network) ? network : default)];

    public IPEndPoint? HttpEndPoint => Parse(Http);

    public IPEndPoint? AdminEndPoint => Parse(Admin);

    public IEnumerable<string> Errors()
    {
        if (Http.Length > 0 && HttpEndPoint is null)
        {
            yield return $"Web:Http is '{Http}', which is no address:port";
        }

        if (Admin.Length > 0 && AdminEndPoint is null)
        {
            yield return $"Web:Admin is '{Admin}', which is no address:port";
        }

        if (HeaderTimeout <= TimeSpan.Zero || IdleTimeout <= TimeSpan.Zero || MaxConnections <= 0)
        {
            yield return "Web:HeaderTimeout, Web:IdleTimeout and Web:MaxConnections must be above zero";
        }

        if (!ProxyTexts.All(text => IPNetwork.TryParse(text, out _)))
        {
            yield return "Web:ProxyNetworks must be networks as address/bits, separated by commas";
        }

        if (Admin.Length > 0 && AdminTokenFile.Length == 0)
        {
            yield return "Web:AdminTokenFile is missing: the admin API needs a token";
        }

        foreach (var error in Mail.Errors().Concat(Jmap.Errors()))
        {
            yield return error;
        }
    }

    private string[] ProxyTexts => ProxyNetworks.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static IPEndPoint? Parse(string text) => IPEndPoint.TryParse(text, out var endpoint) ? endpoint : null;
}
