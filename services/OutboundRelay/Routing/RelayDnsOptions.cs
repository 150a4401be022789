using System.Net;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Part <c>Dns</c> of the section that <see cref="RelayRoutingOptions"/> stands for.</summary>
public sealed record RelayDnsOptions
{
    /// <summary>Resolvers, <c>address:port</c>, comma-separated; empty: those of the system.</summary>
    public string Servers { get; init; } = "";

    /// <summary>
    /// True when all the resolvers validate DNSSEC and nobody can write on the way to them, as with one on loopback: only then their AD flag means anything (RFC 4035 §4.9.3), and only then DANE is done.
    /// </summary>
    public bool Validating { get; init; }

    /// <summary>For one answer of one resolver. The system's resolver waits 5 s (resolv.conf, timeout).</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Further questions to a resolver that does not answer. The system's resolver asks twice (resolv.conf, attempts).</summary>
    public int Retries { get; init; } = 1;

    /// <summary>Octets of answers that are remembered. Unbound's msg-cache-size is 4 MiB for a whole network; a message of 500 octets makes this 60,000 answers.</summary>
    public int CacheSize { get; init; } = 32 * 1024 * 1024;

    internal IReadOnlyList<IPEndPoint> ServerList => [.. Split(Servers).Select(IPEndPoint.Parse)];

    internal IEnumerable<string> Errors()
    {
        if (!Split(Servers).All(s => IPEndPoint.TryParse(s, out var end) && end.Port > 0))
        {
            yield return "Relay:Dns:Servers must be address:port, separated by commas";
        }

        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromMinutes(1))
        {
            yield return "Relay:Dns:Timeout must be above zero and no more than a minute";
        }

        if (Retries is < 0 or > 10)
        {
            yield return "Relay:Dns:Retries must be 0 to 10";
        }

        if (CacheSize < 1024 * 1024)
        {
            yield return "Relay:Dns:CacheSize must be at least 1 MiB";
        }
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
