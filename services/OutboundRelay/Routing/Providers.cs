using System.Collections.Frozen;
using System.Net;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>
/// What destinations have in common that share a provider of mail: the registrable part of a host's name. There is no public suffix list here; two labels are taken, and three where the second says what kind
/// of registrant it is, as co.uk does. Where that is wrong, strangers below a suffix of two labels that is not known here share one provider's limits: too slow, never too fast.
/// </summary>
internal static class Providers
{
    private static readonly FrozenSet<string> Kinds = FrozenSet.ToFrozenSet(
        ["ac", "asso", "co", "com", "ed", "edu", "gen", "go", "gob", "gouv", "gov", "govt", "gr", "id", "ind", "info", "ltd", "me", "mil", "ne", "net", "nhs", "nom", "or", "org", "plc", "res", "sch"], StringComparer.Ordinal);

    /// <summary>The provider of a host by its name, A-labels in lower case; an address is its own.</summary>
    public static string Of(string host)
    {
        if (host.StartsWith('[') || IPAddress.TryParse(host, out _))
        {
            return host;
        }

        var labels = host.Split('.');
        var count = labels is [.., var kind, { Length: 2 }] && Kinds.Contains(kind) ? 3 : 2;
        return string.Join('.', labels.TakeLast(count));
    }
}
