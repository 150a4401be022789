using DnsClient;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>What TLSA records ask of a host (RFC 7672). It is called only where the look-ups that led to the host are validated; else a forged answer could have led elsewhere.</summary>
internal sealed class Dane(DnsResolver dns)
{
    // RFC 6698 §2.1, RFC 7672 §3.1: trust anchor (2) and end entity (3); the PKIX usages 0 and 1 are not for SMTP.
    private const byte TrustAnchor = 2;
    private const byte EndEntity = 3;

    /// <summary>TLS for one host.</summary>
    /// <param name="host">The host; its addresses need not be validated, this looks itself.</param>
    /// <param name="port">Its port, which is part of the records' name.</param>
    /// <param name="nextHop">The domain whose host it is.</param>
    /// <param name="cancellationToken">Ends the questions.</param>
    public async Task<DaneResult> FindAsync(ExchangeHost host, int port, string nextHop, CancellationToken cancellationToken)
    {
        foreach (var name in await BaseNamesAsync(host, cancellationToken).ConfigureAwait(false))
        {
            var answer = await dns.QueryAsync($"_{port}._tcp.{name}", QueryType.TLSA, cancellationToken).ConfigureAwait(false);
            if (answer.Status == DnsStatus.Failed)
            {
                // RFC 7672 §2.1.2: who can suppress the answer must not get the mail in clear.
                return new(null, answer.Reason);
            }

            if (answer is { Status: DnsStatus.Found, IsSecure: true })
            {
                return new(TlsOf([.. answer.Records.OfType<DnsClient.Protocol.TlsaRecord>()], name, nextHop), null);
            }
        }

        return DaneResult.None;
    }

    /// <summary>RFC 7672 §2.2.2: the TLSA base domains, the end of secure aliases first, then the name itself. A name whose own zone is not secure has none, and is not asked: such zones' servers often fail on TLSA.</summary>
    private async Task<string[]> BaseNamesAsync(ExchangeHost host, CancellationToken cancellationToken)
    {
        if (host.IsSecure)
        {
            return host.IsAlias ? [host.Owner, host.Name] : [host.Name];
        }

        // An alias may be secure where that which it leads to is not.
        return host.IsAlias && (await dns.QueryAsync(host.Name, QueryType.CNAME, cancellationToken).ConfigureAwait(false)).IsSecure ? [host.Name] : [];
    }

    private static HostTls TlsOf(IReadOnlyList<DnsClient.Protocol.TlsaRecord> records, string name, string nextHop)
    {
        List<TlsaRecord> usable = [.. records.Select(r => new TlsaRecord((byte)r.CertificateUsage, (byte)r.Selector, (byte)r.MatchingType, r.CertificateAssociationData.ToArray())).Where(IsUsable)];

        // RFC 7672 §2.2: records of which none is usable still ask for TLS.
        return usable.Count == 0 ? new(TlsLevel.Encrypted, [], [], "dane") : new(TlsLevel.Dane, [.. new[] { name, nextHop }.Distinct()], Strongest(usable), "dane");
    }

    private static bool IsUsable(TlsaRecord record) =>
        record is { Usage: TrustAnchor or EndEntity, Selector: 0 or 1 } && record.MatchingType switch
        {
            0 => record.Data.Length > 0,
            1 => record.Data.Length == 32,
            2 => record.Data.Length == 64,
            _ => false,
        };

    /// <summary>RFC 7672 §5: of digests of the same usage and selector only the strongest count; whole certificates and keys always do.</summary>
    private static List<TlsaRecord> Strongest(List<TlsaRecord> records) =>
        [.. from record in records
            group record by (record.Usage, record.Selector) into alike
            let strongest = alike.Max(r => r.MatchingType)
            from record in alike
            where record.MatchingType == 0 || record.MatchingType == strongest
            select record];
}

/// <summary>What DANE says of a host.</summary>
/// <param name="Tls">What it asks; null: nothing.</param>
/// <param name="Failure">Why that is not known, so that the host must not be used; null: it is.</param>
internal sealed record DaneResult(HostTls? Tls, string? Failure)
{
    public static readonly DaneResult None = new(null, null);
}
