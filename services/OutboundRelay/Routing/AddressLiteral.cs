using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>The address literal that may stand for a domain (RFC 5321 §4.1.3): <c>[192.0.2.1]</c>, <c>[IPv6:2001:db8::1]</c>.</summary>
internal static class AddressLiteral
{
    private const string Ipv6Tag = "IPv6:";

    public static bool Is(string domain) => domain.StartsWith('[');

    /// <summary>False when it is none. What IPAddress takes beside dotted decimal, as <c>[127.1]</c>, is none.</summary>
    public static bool TryParse(string domain, out IPAddress address)
    {
        address = IPAddress.None;
        if (domain.Length < 3 || domain[0] != '[' || domain[^1] != ']')
        {
            return false;
        }

        var text = domain[1..^1];
        var isIpv6 = text.StartsWith(Ipv6Tag, StringComparison.OrdinalIgnoreCase);
        if (isIpv6)
        {
            text = text[Ipv6Tag.Length..];
        }

        if (!IPAddress.TryParse(text, out var parsed) || text.Contains('%', StringComparison.Ordinal)
            || (isIpv6 ? parsed.AddressFamily != AddressFamily.InterNetworkV6 : string.Format(CultureInfo.InvariantCulture, "{0}", parsed) != text))
        {
            return false;
        }

        address = parsed;
        return isIpv6 || parsed.AddressFamily == AddressFamily.InterNetwork;
    }
}
