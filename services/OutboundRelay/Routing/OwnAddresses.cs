using System.Collections.Frozen;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>The addresses at which mail would come back to this installation: those that it is told, and those of the machine's interfaces, looked at anew each minute. Loopback is none of them: it is a matter of <see cref="DialPolicy"/>.</summary>
internal sealed class OwnAddresses(RelayRoutingOptions options, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private volatile Interfaces? interfaces;

    /// <summary>Whether hosts can be dialled at IPv6 addresses.</summary>
    public bool HasIpv6 => options.Ipv6 ?? Current.HasIpv6;

    public bool Contain(IPAddress address) => Current.Addresses.Contains(Plain(address));

    private Interfaces Current
    {
        get
        {
            if (interfaces is not { } known || time.GetElapsedTime(known.At) >= Lifetime)
            {
                interfaces = known = Look();
            }

            return known;
        }
    }

    private Interfaces Look()
    {
        List<IPAddress> found =
        [
            .. from one in NetworkInterface.GetAllNetworkInterfaces()
               where one.OperationalStatus != OperationalStatus.Down
               from unicast in one.GetIPProperties().UnicastAddresses
               where !IPAddress.IsLoopback(unicast.Address)
               select Plain(unicast.Address),
        ];
        return new(
            time.GetTimestamp(),
            found.Concat(options.OwnAddressList.Select(Plain)).ToFrozenSet(),
            found.Exists(a => a.AddressFamily == AddressFamily.InterNetworkV6 && !a.IsIPv6LinkLocal));
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private sealed record Interfaces(long At, FrozenSet<IPAddress> Addresses, bool HasIpv6);
}
