using System.Net;
using DnsClient;
using DnsClient.Protocol;
using Microsoft.Extensions.Caching.Memory;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>
/// Asks the resolvers of <see cref="RelayDnsOptions"/>, and remembers what they say for as long as it holds. DnsClient speaks the protocol (UDP, TCP for what is truncated, EDNS, another server for
/// one that does not answer); its own cache is not used: it has no bound, and no lifetime of what does not exist.
/// </summary>
internal sealed class DnsResolver : IDisposable
{
    // unbound's cache-max-ttl and cache-max-negative-ttl.
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestAbsence = TimeSpan.FromHours(1);

    /// <summary>RFC 2308 §7.1 allows up to 5 minutes; unbound remembers a failure for 5 s. Mail that waits for the same dead zone asks once.</summary>
    private static readonly TimeSpan LifetimeOfFailure = TimeSpan.FromSeconds(5);

    /// <summary>What passes every path without fragments: the value that resolvers agreed on in 2020 (unbound's edns-buffer-size).</summary>
    private const int UdpSize = 1232;

    /// <summary>What an answer costs in memory beside its octets.</summary>
    private const int Overhead = 500;

    private readonly LookupClient client;
    private readonly MemoryCache cache;
    private readonly bool validating;

    public DnsResolver(RelayDnsOptions options, TimeProvider time)
    {
        NameServer[] servers = [.. options.ServerList.Select(s => new NameServer(s))];
        var settings = servers.Length == 0 ? new LookupClientOptions() : new LookupClientOptions(servers);
        settings.Timeout = options.Timeout;
        settings.Retries = options.Retries;
        settings.UseCache = false;
        settings.ContinueOnEmptyResponse = false;
        settings.ExtendedDnsBufferSize = UdpSize;

        // The DO bit makes a validating resolver say AD (RFC 4035 §3.2.3); from others it would only make answers larger.
        settings.RequestDnsSecRecords = options.Validating;
        client = new(settings);
        cache = RoutingCache.Create(options.CacheSize, time);
        validating = options.Validating;
    }

    public void Dispose() => cache.Dispose();

    /// <summary>The records of a name, its aliases followed.</summary>
    /// <param name="name">A-labels, without the last dot.</param>
    /// <param name="type">The type of the records.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public async ValueTask<DnsAnswer> QueryAsync(string name, QueryType type, CancellationToken cancellationToken)
    {
        var key = $"{type} {name}";
        if (cache.TryGetValue(key, out DnsAnswer? known))
        {
            return known!;
        }

        if (!IsName(name))
        {
            return new(DnsStatus.NoSuchName, name, false, []);
        }

        var (answer, lifetime, octets) = await AskAsync(name, type, cancellationToken).ConfigureAwait(false);
        if (lifetime > TimeSpan.Zero)
        {
            cache.Set(key, answer, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = lifetime, Size = octets + Overhead });
        }

        return answer;
    }

    private async Task<(DnsAnswer Answer, TimeSpan Lifetime, int Octets)> AskAsync(string name, QueryType type, CancellationToken cancellationToken)
    {
        try
        {
            var response = await client.QueryAsync(name, type, cancellationToken: cancellationToken).ConfigureAwait(false);
            var answer = Read(response, name, type);
            return (answer, LifetimeOf(response, answer.Status), response.MessageSize);
        }
        catch (Exception e)
        {
            // DnsClient throws many kinds, also ArgumentException for an answer with a name that is none, and one of its own when it is cancelled. Whatever it is, the DNS has said nothing.
            cancellationToken.ThrowIfCancellationRequested();
            return (new(DnsStatus.Failed, name, false, [], e is DnsResponseException { Code: DnsResponseCode.ConnectionTimeout } ? "no answer" : e.Message), LifetimeOfFailure, 0);
        }
    }

    private DnsAnswer Read(IDnsQueryResponse response, string name, QueryType type)
    {
        var isSecure = validating && response.Header.IsAuthenticData;
        switch (response.Header.ResponseCode)
        {
            case DnsHeaderResponseCode.NoError:
                var owner = EndOfAliases(response, name, type);
                DnsResourceRecord[] records = [.. response.Answers.Where(r => (int)r.RecordType == (int)type && DnsAnswer.OwnerOf(r) == owner)];
                return new(records.Length > 0 ? DnsStatus.Found : DnsStatus.NoData, owner, isSecure, records);
            case DnsHeaderResponseCode.NotExistentDomain:
                return new(DnsStatus.NoSuchName, name, isSecure, []);
            default:
                return new(DnsStatus.Failed, name, false, [], response.ErrorMessage);
        }
    }

    // The resolver has followed them; their records stand in the answer, in any order.
    private static string EndOfAliases(IDnsQueryResponse response, string name, QueryType type)
    {
        var owner = name.ToLowerInvariant();
        if (type == QueryType.CNAME)
        {
            return owner;
        }

        var aliases = response.Answers.OfType<CNameRecord>().ToList();
        for (var steps = 0; steps < aliases.Count; steps++)
        {
            if (aliases.Find(a => DnsAnswer.OwnerOf(a) == owner) is not { } alias)
            {
                break;
            }

            owner = DnsAnswer.NameOf(alias.CanonicalName);
        }

        return owner;
    }

    /// <summary>TTL of the shortest record; of what does not exist that of the SOA record, or its minimum field, whichever is less, and without one nothing (RFC 2308 §5).</summary>
    private static TimeSpan LifetimeOf(IDnsQueryResponse response, DnsStatus status)
    {
        switch (status)
        {
            case DnsStatus.Found:
                return Shorter(response.Answers.Min(r => r.InitialTimeToLive), LongestLifetime);
            case DnsStatus.Failed:
                return LifetimeOfFailure;
            default:
                var zone = response.Authorities.OfType<SoaRecord>().FirstOrDefault();
                return zone is null ? TimeSpan.Zero : Shorter(Math.Min(zone.InitialTimeToLive, zone.Minimum), LongestAbsence);
        }
    }

    // RFC 2181 §8: a TTL with the highest bit set is none.
    private static TimeSpan Shorter(long seconds, TimeSpan longest) =>
        seconds <= 0 ? TimeSpan.Zero : seconds < longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : longest;

    private static bool IsName(string name)
    {
        try
        {
            return DnsString.Parse(name).Value.Length > 1;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
