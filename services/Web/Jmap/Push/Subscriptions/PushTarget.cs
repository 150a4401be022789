using System.Net;
using System.Net.Sockets;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>Where a client may have this server send requests to: hosts of the Internet, by HTTPS, and nothing that only this server reaches.</summary>
internal static class PushTarget
{
    /// <summary>What a network keeps to itself, or has no hosts (the registries of RFC 6890), and what leads from IPv6 to IPv4: such an address may be any.</summary>
    private static readonly IPNetwork[] closed =
    [
        .. from text in new[]
           {
               "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
               "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
               "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
           }
           select IPNetwork.Parse(text),
    ];

    public static bool IsPublic(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return !closed.Any(network => network.Contains(plain));
    }

    /// <summary>By its text alone: what its name leads to is looked at with each connection.</summary>
    public static bool IsAllowed(string text, bool allowPrivate) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0 && uri.Host.Length > 0
        && (allowPrivate
            ? uri.Scheme is "https" or "http"
            : uri.Scheme == "https" && (!IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) || IsPublic(address)));

    /// <summary>A client that connects to public addresses alone, whatever a name in DNS leads to at that moment, and follows nobody elsewhere.</summary>
    public static SocketsHttpHandler CreateHandler(PushOptions options) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = options.PostTimeout,
        MaxResponseHeadersLength = 16,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, options.AllowPrivate, cancellationToken),
    };

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool allowPrivate, CancellationToken cancellationToken)
    {
        var found = await Dns.GetHostAddressesAsync(host.Host, cancellationToken);

        // To what was looked at, not to what the name leads to when it is asked again.
        var allowed = allowPrivate ? found : [.. found.Where(IsPublic)];
        if (allowed.Length == 0)
        {
            throw new HttpRequestException($"{host.Host} leads to no public address");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, host.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
