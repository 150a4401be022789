using System.Net;
using Microsoft.AspNetCore.Connections;

namespace MailCloud.Wire;

/// <summary>Where connections of one protocol come in: whose they are, and whether there is a place for them.</summary>
/// <param name="limits">How many sessions there may be.</param>
/// <param name="proxyNetworks">From where connections begin with a proxy's header, as <see cref="Networks"/> reads it.</param>
/// <param name="headerTimeout">For that header.</param>
/// <param name="time">The clock.</param>
public sealed class Entrance(SessionLimits limits, string proxyNetworks, TimeSpan headerTimeout, TimeProvider time)
{
    private readonly IReadOnlyList<IPNetwork> proxies = Networks.Parse(proxyNetworks);
    private readonly SessionPlaces places = new(limits, time);

    /// <summary>The client's own address: a proxy's connection begins with a header that says whose it is.</summary>
    /// <exception cref="InvalidDataException">A proxy's connection begins without it.</exception>
    public async ValueTask<IPEndPoint> FindClientAsync(ConnectionContext connection, TimedReader input)
    {
        var remote = connection.RemoteEndPoint as IPEndPoint ?? new(IPAddress.None, 0);
        if (!Networks.Contain(proxies, remote.Address))
        {
            return remote;
        }

        var header = await ProxyProtocol.ReadAsync(input, headerTimeout, connection.ConnectionClosed).ConfigureAwait(false);
        return header.Source ?? remote;
    }

    /// <summary>How many clients there is room for.</summary>
    public int Places => limits.Total;

    /// <summary>How many clients are in.</summary>
    public int Clients => places.Taken;

    /// <summary>A place, given back by disposing it; null when there is none.</summary>
    public IDisposable? TryEnter(IPEndPoint client) => places.TryEnter(client.Address);

    /// <summary>Networks that have no limits of number but the one of all together.</summary>
    public bool IsUnlimited(IPEndPoint client) => Networks.Contain(limits.Unlimited, client.Address);
}
