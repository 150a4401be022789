using System.Net;
using DnsClient;
using DnsClient.Protocol;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Looks up the addresses of hosts.</summary>
internal sealed class HostAddresses(DnsResolver dns, OwnAddresses own, Random random)
{
    /// <summary>A and AAAA of a host, in an order as Postfix' smtp_address_preference = any: shuffled, the families in turn, neither before the other for long.</summary>
    public async Task<ExchangeHost> FindAsync(string name, int preference, CancellationToken cancellationToken)
    {
        var asked = new List<Task<DnsAnswer>> { dns.QueryAsync(name, QueryType.A, cancellationToken).AsTask() };
        if (own.HasIpv6)
        {
            asked.Add(dns.QueryAsync(name, QueryType.AAAA, cancellationToken).AsTask());
        }

        var answers = await Task.WhenAll(asked).ConfigureAwait(false);
        var families = answers.Select(a => a.Records.OfType<AddressRecord>().Select(r => r.Address).Distinct().ToArray()).ToArray();
        var known = answers.Where(a => a.Status != DnsStatus.Failed).ToList();
        var failed = answers.FirstOrDefault(a => a.Status == DnsStatus.Failed);
        var best = known.Find(a => a.Status == DnsStatus.Found) ?? known.FirstOrDefault() ?? answers[0];
        return new(
            name, preference, InTurn(families), failed?.Status ?? best.Status, best.Owner, known.Count > 0 && known.TrueForAll(a => a.IsSecure),
            failed?.Reason ?? (best.Status == DnsStatus.NoSuchName ? "no such name" : "no address"));
    }

    private List<IPAddress> InTurn(IPAddress[][] families)
    {
        // One Random may be shared by look-ups that go on at the same time, and only Random.Shared bears that.
        lock (random)
        {
            random.Shuffle(families);
            foreach (var family in families)
            {
                random.Shuffle(family);
            }
        }

        var longest = families.Max(f => f.Length);
        return [.. from n in Enumerable.Range(0, longest) from family in families where n < family.Length select family[n]];
    }
}
