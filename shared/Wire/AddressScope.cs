using System.Net;
using System.Net.Sockets;

namespace MailCloud.Wire;

/// <summary>Whose an address is.</summary>
public enum AddressScope
{
    /// <summary>A host of the public Internet has it.</summary>
    Public = 0,

    /// <summary>This machine, or no host at all.</summary>
    Loopback = 1,

    /// <summary>Private or reserved.</summary>
    Special = 2,
}

/// <summary>Tells addresses of the public Internet from those that lead inside: who owns a domain writes its records.</summary>
public static class AddressScopes
{
    /// <summary>At home on every machine.</summary>
    private static readonly IPNetwork[] Loopback = Listed("0.0.0.0/8", "127.0.0.0/8", "::/128", "::1/128");

    /// <summary>RFC 6890 §2.2: private (RFC 1918, RFC 4193), shared (RFC 6598), link-local, protocol assignments, documentation, benchmarking and reserved; and multicast.</summary>
    private static readonly IPNetwork[] Special = Listed(
        "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "3fff::/20", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8");

    // RFC 6052 §2.1, and 6to4: the IPv4 address of the host stands behind these.
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    public static AddressScope Of(IPAddress address)
    {
        var plain = Innermost(address);
        return Networks.Contain(Loopback, plain) ? AddressScope.Loopback : Networks.Contain(Special, plain) ? AddressScope.Special : AddressScope.Public;
    }

    /// <summary>True when the address may be dialled: it is public, or it or the one behind it is in a network that the operator lists.</summary>
    public static bool IsDialled(IPAddress address, IReadOnlyList<IPNetwork> listed) => IsListed(address, listed) || Of(address) == AddressScope.Public;

    /// <summary>True when the address, or the one that stands behind it, is in one of the networks.</summary>
    public static bool IsListed(IPAddress address, IReadOnlyList<IPNetwork> listed) => Networks.Contain(listed, address) || Networks.Contain(listed, Innermost(address));

    /// <summary>The IPv4 address that another form leads to, else the address itself.</summary>
    private static IPAddress Innermost(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var octets = address.GetAddressBytes();
        return address.IsIPv4MappedToIPv6 || Nat64.Contains(address) ? new(octets.AsSpan(12))
            : SixToFour.Contains(address) ? new(octets.AsSpan(2, 4))
            : address;
    }

    private static IPNetwork[] Listed(params string[] networks) => [.. networks.Select(IPNetwork.Parse)];
}
