using MailCloud.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols;

namespace MailCloud.Oidc;

/// <summary>The issuers in use, each with its keys. A tenant has keys of its own even of an issuer that others trust too: nobody waits for what another tenant asked.</summary>
internal sealed class KnownIssuers(IDocumentRetriever documents, OidcTelemetry telemetry, TimeProvider time, ILogger<KnownIssuers> log)
{
    /// <summary>Some ten thousand octets each; of more, the one that was asked for the longest time ago is forgotten.</summary>
    private const int Capacity = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<(TenantId, string), (IssuerKeys Keys, long At)> known = [];
    private long asked;

    public IssuerKeys KeysOf(TenantId tenant, string issuer)
    {
        lock (gate)
        {
            if (!known.TryGetValue((tenant, issuer), out var entry))
            {
                if (known.Count >= Capacity)
                {
                    known.Remove(known.MinBy(other => other.Value.At).Key);
                }

                entry.Keys = new(tenant, issuer, documents, telemetry, time, log);
            }

            known[(tenant, issuer)] = entry with { At = ++asked };
            return entry.Keys;
        }
    }
}
