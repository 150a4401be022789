using DnsClient;
using DnsClient.Protocol;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Where mail to a domain goes, as the DNS says (RFC 5321 §5.1), with the addresses that may be dialled; or why it goes nowhere.</summary>
internal sealed class MailExchangers(DnsResolver dns, HostAddresses addresses, OwnAddresses own, DialPolicy dial, RelayRoutingOptions options, Random random)
{
    /// <summary>A domain has two or five. Of more the next ten are looked up only when no better one can be dialled.</summary>
    private const int LookedUpAtOnce = 10;

    /// <summary>Thousands fit into an answer; whose best fifty are dead is not reached.</summary>
    private const int MostLookedUp = 50;

    /// <summary>The hosts of a destination by its MX records.</summary>
    public async Task<Exchange> FindAsync(string domain, CancellationToken cancellationToken)
    {
        var answer = await dns.QueryAsync(domain, QueryType.MX, cancellationToken).ConfigureAwait(false);
        switch (answer.Status)
        {
            case DnsStatus.NoSuchName:
                return new Exchange.Nowhere(RouteOutcomes.NoSuchDomain(domain));
            case DnsStatus.Failed:
                return new Exchange.Nowhere(RouteOutcomes.NoAnswer(domain, answer.Reason));
            case DnsStatus.NoData:
                // The implicit MX: the domain itself, preference 0.
                return await LookUpAsync(domain, [(domain, 0)], answer.IsSecure, cancellationToken).ConfigureAwait(false);
        }

        var named = answer.Records.OfType<MxRecord>().Select(r => (Name: DnsAnswer.NameOf(r.Exchange), Preference: (int)r.Preference)).ToList();

        // RFC 7505 §3: one record, whose host is the root. Among others it is no host.
        if (named.TrueForAll(m => m.Name.Length == 0))
        {
            return new Exchange.Nowhere(RouteOutcomes.NullMx(domain));
        }

        var hosts = named.Where(m => m.Name.Length > 0).OrderBy(m => m.Preference).ThenBy(m => m.Name, StringComparer.Ordinal).DistinctBy(m => m.Name).ToList();
        return await LookUpAsync(domain, hosts, answer.IsSecure, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The hosts that remain of those that are named, best first.</summary>
    private async Task<Exchange> LookUpAsync(string domain, List<(string Name, int Preference)> named, bool isSecure, CancellationToken cancellationToken)
    {
        // RFC 5321 §5.1: this installation among them, and what is no better than it, is left out: mail must not go in circles.
        var ours = named.Where(m => options.HostNameList.Contains(m.Name, StringComparer.OrdinalIgnoreCase)).Select(m => m.Preference).DefaultIfEmpty(int.MaxValue).Min();
        var hosts = new List<ExchangeHost>();
        foreach (var next in named.Where(m => m.Preference < ours).Take(MostLookedUp).Chunk(LookedUpAtOnce))
        {
            hosts.AddRange(await Task.WhenAll(next.Select(m => addresses.FindAsync(m.Name, m.Preference, cancellationToken))).ConfigureAwait(false));
            if (hosts.Exists(h => h.Addresses.Any(a => own.Contain(a) || dial.Judge(a) == DialVerdict.Dialled)))
            {
                break;
            }
        }

        ours = hosts.Where(h => h.Addresses.Any(own.Contain)).Select(h => h.Preference).Append(ours).Min();
        var better = hosts.Where(h => h.Preference < ours).ToList();
        var usable = better.Select(Dialled).Where(h => h.Addresses.Count > 0).ToList();
        return usable.Count > 0 ? new Exchange.Found(usable[0].Name, Share(Shuffle(usable)), isSecure)
            : new Exchange.Nowhere(WhyNone(domain, better, ours < int.MaxValue, ours == named[0].Preference));
    }

    private RelayOutcome WhyNone(string domain, List<ExchangeHost> better, bool weAreOne, bool weAreBest) =>
        weAreBest ? RouteOutcomes.Loop(domain)
        : better.Find(h => h.Status == DnsStatus.Failed) is { } silent ? RouteOutcomes.NoAnswer(silent.Name, silent.Reason)
        : weAreOne ? RouteOutcomes.NoPrimary(domain)
        : better.SelectMany(h => h.Addresses).ToList() is { Count: > 0 } forbidden ? WhyForbidden(domain, forbidden.TrueForAll(a => dial.Judge(a) == DialVerdict.Loopback))
        : RouteOutcomes.NoAddress(domain, better[0].Name, better[0].Reason);

    private static RelayOutcome WhyForbidden(string domain, bool onlyLoopback) => onlyLoopback ? RouteOutcomes.OnlyLoopback(domain) : RouteOutcomes.OnlyPrivate(domain);

    private ExchangeHost Dialled(ExchangeHost host) => host with { Addresses = [.. host.Addresses.Where(a => dial.Judge(a) == DialVerdict.Dialled)] };

    // Equal preferences must be randomised, to spread the load.
    private List<ExchangeHost> Shuffle(List<ExchangeHost> hosts)
    {
        var shuffled = hosts.ToArray();
        lock (random)
        {
            random.Shuffle(shuffled);
        }

        return [.. shuffled.OrderBy(h => h.Preference)];
    }

    /// <summary>No more addresses than are tried: each host has one, and the better ones what is left, so that a host with many does not crowd out the next.</summary>
    private List<ExchangeHost> Share(List<ExchangeHost> hosts)
    {
        var tried = hosts.Take(options.MxAddressLimit).ToList();
        var spare = options.MxAddressLimit - tried.Count;
        return tried.ConvertAll(host =>
        {
            var count = Math.Min(host.Addresses.Count, 1 + spare);
            spare -= count - 1;
            return host with { Addresses = [.. host.Addresses.Take(count)] };
        });
    }
}

/// <summary>What <see cref="MailExchangers"/> finds.</summary>
internal abstract record Exchange
{
    private Exchange()
    {
    }

    /// <param name="First">The best host by preference, then by name: the same each time, whatever the order of trying.</param>
    /// <param name="Hosts">In the order in which they are tried; each has an address.</param>
    /// <param name="IsSecure">That these are the hosts is validated.</param>
    public sealed record Found(string First, IReadOnlyList<ExchangeHost> Hosts, bool IsSecure) : Exchange;

    public sealed record Nowhere(RelayOutcome Outcome) : Exchange;
}
