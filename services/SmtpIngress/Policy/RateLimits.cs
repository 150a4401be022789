using System.Net;
using System.Net.Sockets;

namespace MailCloud.SmtpIngress.Policy;

/// <summary>How many sessions, messages and failed logins a network or an account may have, in this process. Tables are bounded.</summary>
internal sealed class RateLimits(SmtpOptions options, TimeProvider time)
{
    private readonly IReadOnlyList<IPNetwork> unlimited = SmtpOptions.Networks(options.UnlimitedNetworks);
    private readonly Dictionary<string, int> sessions = new(StringComparer.Ordinal);
    private readonly PerMinute newSessions = new(options.SessionsPerMinute, time);
    private readonly PerMinute messages = new(options.MessagesPerMinute, time);
    private readonly PerMinute accountMessages = new(options.AccountMessagesPerMinute, time);
    private readonly PerMinute failedLogins = new(options.FailedLoginsPerMinute, time);
    private int total;

    /// <summary>A place for one session, given back by disposing it; null when there is none.</summary>
    public IDisposable? TryEnter(IPAddress address)
    {
        var network = NetworkOf(address);
        lock (sessions)
        {
            var here = sessions.GetValueOrDefault(network);
            if (total >= options.MaxSessions || (!IsUnlimited(address) && (here >= options.MaxSessionsPerNetwork || !newSessions.TryCount(network))))
            {
                return null;
            }

            total++;
            sessions[network] = here + 1;
            return new Place(this, network);
        }
    }

    /// <summary>Counts a message of a network and of an account. False when it is one too many.</summary>
    public bool TryMessage(IPAddress address, string? account) =>
        account is not null
            ? IsUnlimited(address) || accountMessages.TryCount(account)
            : IsUnlimited(address) || messages.TryCount(NetworkOf(address));

    public bool MayLogIn(IPAddress address) => IsUnlimited(address) || failedLogins.HasRoom(NetworkOf(address));

    public void CountFailedLogin(IPAddress address) => failedLogins.TryCount(NetworkOf(address));

    /// <summary>The address itself for IPv4, its /64 for IPv6: what one subscriber gets.</summary>
    internal static string NetworkOf(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(plain.GetAddressBytes()[..8]) : plain.ToString();
    }

    private bool IsUnlimited(IPAddress address) => Wire.ProxyProtocol.IsFrom(unlimited, address);

    private void Leave(string network)
    {
        lock (sessions)
        {
            total--;
            if (--sessions[network] == 0)
            {
                sessions.Remove(network);
            }
        }
    }

    private sealed class Place(RateLimits limits, string network) : IDisposable
    {
        public void Dispose() => limits.Leave(network);
    }

    /// <summary>Counts by key in windows of one minute; all counts are forgotten when a window ends, or when more keys than can be held come in one.</summary>
    private sealed class PerMinute(int limit, TimeProvider time)
    {
        private const int Capacity = 50_000;

        private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);
        private long windowStart = time.GetTimestamp();

        public bool HasRoom(string key)
        {
            lock (counts)
            {
                Turn();
                return counts.GetValueOrDefault(key) < limit;
            }
        }

        public bool TryCount(string key)
        {
            lock (counts)
            {
                Turn();
                var count = counts.GetValueOrDefault(key);
                if (count < limit)
                {
                    counts[key] = count + 1;
                }

                return count < limit;
            }
        }

        private void Turn()
        {
            if (counts.Count >= Capacity || time.GetElapsedTime(windowStart) >= TimeSpan.FromMinutes(1))
            {
                counts.Clear();
                windowStart = time.GetTimestamp();
            }
        }
    }
}
