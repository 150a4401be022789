using System.Net;
using MailCloud.Wire;
using Microsoft.AspNetCore.Connections;

namespace MailCloud.MailboxAccess;

/// <summary>Where connections of one protocol come in: whose they are, and whether there is a place for them.</summary>
/// <param name="headerTimeout">For a proxy's header.</param>
internal sealed class Entrance(SessionLimits limits, string proxyNetworks, TimeSpan headerTimeout, TimeProvider time)
{
    private readonly IReadOnlyList<IPNetwork> proxies = Networks.Parse(proxyNetworks);
    private readonly SessionPlaces places = new(limits, time);

    /// <summary>The client's own address: a proxy's connection begins with a header that says whose it is.</summary>
    /// <exception cref="InvalidDataException">A proxy's connection begins without it.</exception>
    public async ValueTask<IPEndPoint> FindClientAsync(ConnectionContext connection, TimedReader input)
    {
        var remote = connection.RemoteEndPoint as IPEndPoint ?? new(IPAddress.None, 0);
        if (!ProxyProtocol.IsFrom(proxies, remote.Address))
        {
            return remote;
        }

        var header = await ProxyProtocol.ReadAsync(input, headerTimeout, connection.ConnectionClosed).ConfigureAwait(false);
        return header.Source ?? remote;
    }

    /// <summary>A place, given back by disposing it; null when there is none.</summary>
    public IDisposable? TryEnter(IPEndPoint client) => places.TryEnter(client.Address);

    /// <summary>Networks that have no limits of number but the one of all together.</summary>
    public bool IsUnlimited(IPEndPoint client) => ProxyProtocol.IsFrom(limits.Unlimited, client.Address);
}
