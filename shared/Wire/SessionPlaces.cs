using System.Net;
using System.Net.Sockets;

namespace MailCloud.Wire;

/// <summary>How many sessions a listener's process has.</summary>
/// <param name="Total">Of all together.</param>
/// <param name="PerNetwork">At a time from one network.</param>
/// <param name="NewPerMinute">Begun in a minute from one network.</param>
/// <param name="Unlimited">Networks that only <paramref name="Total"/> counts for.</param>
public sealed record SessionLimits(int Total, int PerNetwork, int NewPerMinute, IReadOnlyList<IPNetwork> Unlimited);

/// <summary>The places of a protocol's sessions in this process. A refusal costs a look into a table, so it comes before any handshake.</summary>
public sealed class SessionPlaces(SessionLimits limits, TimeProvider time)
{
    private readonly Places perNetwork = new(limits.PerNetwork);
    private readonly PerMinute begun = new(limits.NewPerMinute, time);
    private int total;

    /// <summary>How many are taken.</summary>
    public int Taken => Volatile.Read(ref total);

    /// <summary>A place for one session, given back by disposing it once; null when there is none.</summary>
    public IDisposable? TryEnter(IPAddress address)
    {
        if (Interlocked.Increment(ref total) > limits.Total)
        {
            Interlocked.Decrement(ref total);
            return null;
        }

        var place = TryEnterNetwork(address, out var refused);
        if (refused)
        {
            Interlocked.Decrement(ref total);
            return null;
        }

        return new Place(this, place);
    }

    /// <summary>The address itself for IPv4, its /64 for IPv6: what one subscriber gets.</summary>
    public static string NetworkOf(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(plain.GetAddressBytes()[..8]) : plain.ToString();
    }

    private IDisposable? TryEnterNetwork(IPAddress address, out bool refused)
    {
        refused = false;
        if (Networks.Contain(limits.Unlimited, address))
        {
            return null;
        }

        var network = NetworkOf(address);
        var place = perNetwork.TryEnter(network);
        refused = place is null || !begun.TryCount(network);
        if (refused)
        {
            place?.Dispose();
        }

        return refused ? null : place;
    }

    private sealed class Place(SessionPlaces places, IDisposable? inNetwork) : IDisposable
    {
        public void Dispose()
        {
            inNetwork?.Dispose();
            Interlocked.Decrement(ref places.total);
        }
    }
}
