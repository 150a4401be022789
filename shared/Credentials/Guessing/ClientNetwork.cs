using System.Net;
using System.Net.Sockets;

namespace MailCloud.Credentials.Guessing;

/// <summary>
/// The networks that a client's address stands for. <paramref name="Host"/> is what one subscriber has: an IPv4 address, an IPv6 /64. <paramref name="Block"/> is what
/// one attacker can have without effort: a rented IPv4 /24, and the IPv6 /48 that tunnels and hosting companies hand out, with its 65,536 /64s.
/// </summary>
public readonly record struct ClientNetwork(IPNetwork Host, IPNetwork Block)
{
    public static ClientNetwork Of(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6 ? new(Mask(plain, 64), Mask(plain, 48)) : new(Mask(plain, 32), Mask(plain, 24));
    }

    /// <summary>The client's host network as people write it.</summary>
    public static string NameOf(IPAddress client) => NameOf(Of(client).Host);

    /// <summary>A host's network as people write it: an IPv4 address without its length.</summary>
    public static string NameOf(IPNetwork host) => host.PrefixLength == 32 ? host.BaseAddress.ToString() : host.ToString();

    /// <param name="bits">A multiple of 8.</param>
    private static IPNetwork Mask(IPAddress address, int bits)
    {
        var octets = address.GetAddressBytes();
        octets.AsSpan(bits / 8).Clear();
        return new(new IPAddress(octets), bits);
    }
}
