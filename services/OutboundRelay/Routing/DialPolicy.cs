using System.Net;
using MailCloud.Wire;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Which addresses of the DNS are dialled: those of the public Internet, and what the operator lists. Whoever owns a domain writes its records, and would else make the relay knock inside.</summary>
internal sealed class DialPolicy(RelayRoutingOptions options)
{
    private readonly IReadOnlyList<IPNetwork> allowed = Networks.Parse(options.DialPrivate);

    public DialVerdict Judge(IPAddress address) => AddressScopes.IsListed(address, allowed) ? DialVerdict.Dialled : AddressScopes.Of(address) switch
    {
        AddressScope.Loopback => DialVerdict.Loopback,
        AddressScope.Special => DialVerdict.Special,
        _ => DialVerdict.Dialled,
    };
}

internal enum DialVerdict
{
    Dialled = 0,

    /// <summary>This machine, or no host at all: as a mail exchanger's address it says that there is none.</summary>
    Loopback = 1,

    /// <summary>Private or reserved.</summary>
    Special = 2,
}
