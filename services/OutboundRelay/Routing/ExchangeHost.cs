using System.Net;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>A host that the DNS or the operator names for a destination, with what the DNS says of it.</summary>
/// <param name="Name">As it was named: A-labels in lower case, or an address literal.</param>
/// <param name="Preference">The lower, the sooner (RFC 5321 §5.1).</param>
/// <param name="Addresses">All of them, in the order in which they are dialled.</param>
/// <param name="Status">Failed: addresses may be missing because the DNS did not answer.</param>
/// <param name="Owner">The name at the end of its aliases.</param>
/// <param name="IsSecure">Name and addresses are validated.</param>
/// <param name="Reason">Why there is no address, in a few words.</param>
internal sealed record ExchangeHost(string Name, int Preference, IReadOnlyList<IPAddress> Addresses, DnsStatus Status, string Owner, bool IsSecure, string Reason = "")
{
    public bool IsAlias => Owner != Name;

    /// <summary>A host that is known by its address.</summary>
    public static ExchangeHost AtAddress(string name, IPAddress address) => new(name, 0, [address], DnsStatus.Found, name, false);
}
