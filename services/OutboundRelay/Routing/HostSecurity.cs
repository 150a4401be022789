using System.Net;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>What TLS must give at each host of a destination: the strongest that DANE, MTA-STS and the operator's route ask (DANE before MTA-STS, RFC 8461 §2). Hosts that must not be used are left out.</summary>
internal sealed class HostSecurity(Dane dane, MtaStsPolicies policies, RelayDnsOptions options, ILogger<HostSecurity> log)
{
    /// <summary>The hosts with their TLS, or why none may be used.</summary>
    /// <param name="exchange">The hosts.</param>
    /// <param name="nextHop">The domain whose hosts they are, or the smarthost; its policy holds (RFC 8461 §3.4).</param>
    /// <param name="port">Their port.</param>
    /// <param name="required">What the operator's route says; null: nothing.</param>
    /// <param name="cancellationToken">Ends look-ups and the fetching of a policy.</param>
    public async Task<(IReadOnlyList<(ExchangeHost Host, HostTls Tls)> Hosts, RelayOutcome? WhyNone)> SecureAsync(
        Exchange.Found exchange, string nextHop, int port, TlsLevel? required, CancellationToken cancellationToken)
    {
        if (required == TlsLevel.Opportunistic)
        {
            return ([.. exchange.Hosts.Select(h => (h, HostTls.Opportunistic))], null);
        }

        // Policies are for domains.
        var isAddress = AddressLiteral.Is(nextHop) || IPAddress.TryParse(nextHop, out _);
        var (policy, isAwaited) = isAddress ? default : await policies.FindAsync(nextHop, cancellationToken).ConfigureAwait(false);
        if (isAwaited)
        {
            return ([], RouteOutcomes.PolicyAwaited(nextHop));
        }

        var named = exchange.Hosts.Where(h => IsNamed(policy, h, nextHop)).ToList();
        if (named.Count == 0)
        {
            return ([], RouteOutcomes.NotInPolicy(nextHop));
        }

        var found = exchange.IsSecure && options.Validating
            ? await Task.WhenAll(named.Select(h => dane.FindAsync(h, port, nextHop, cancellationToken))).ConfigureAwait(false)
            : [.. named.Select(_ => DaneResult.None)];
        var hosts = new List<(ExchangeHost, HostTls)>();
        RelayOutcome? none = null;
        foreach (var (host, asked) in named.Zip(found))
        {
            if (asked.Failure is { } failure)
            {
                log.TlsaNotValidated(host.Name, failure);
                none ??= RouteOutcomes.NoTlsa(host.Name, failure);
                continue;
            }

            hosts.Add((host, Strongest(host, asked.Tls, policy, required)));
        }

        return (hosts, hosts.Count > 0 ? null : none);
    }

    private bool IsNamed(MtaStsPolicy? policy, ExchangeHost host, string nextHop)
    {
        if (policy is null or { Mode: MtaStsMode.None } || policy.Names(host.Name))
        {
            return true;
        }

        log.NotInPolicy(nextHop, host.Name, policy.Mode);
        return policy.Mode != MtaStsMode.Enforce;
    }

    private static HostTls Strongest(ExchangeHost host, HostTls? dane, MtaStsPolicy? policy, TlsLevel? required)
    {
        var strongest = dane ?? HostTls.Opportunistic;
        if (policy is { Mode: MtaStsMode.Enforce } && strongest.Level < TlsLevel.Verified)
        {
            strongest = new(TlsLevel.Verified, [host.Name], [], "mta-sts");
        }

        return required is { } least && strongest.Level < least ? new(least, least == TlsLevel.Verified ? [host.Name] : [], [], "route") : strongest;
    }
}
