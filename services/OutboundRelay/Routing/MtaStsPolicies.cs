using DnsClient;
using DnsClient.Protocol;
using Microsoft.Extensions.Caching.Memory;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>
/// The MTA-STS policies of domains (RFC 8461), remembered for their max_age. A TXT record with another id makes a policy be fetched anew, and so does each day; while it cannot be fetched the remembered
/// one holds. They are held in memory: a relay that starts has none, and fetches at a domain's first message.
/// </summary>
internal sealed class MtaStsPolicies(DnsResolver dns, MtaStsFetch fetch, MtaStsOptions options, TimeProvider time, ILogger<MtaStsPolicies> log) : IDisposable
{
    /// <summary>RFC 8461 §3.3: five minutes or more between attempts at an id that cannot be fetched.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    /// <summary>RFC 8461 §10.2 advises to look long before a policy ends, so that nobody who blocks the policy host for a while is rid of it: once a day, as its §3.3 suggests.</summary>
    private static readonly TimeSpan LongestUnchecked = TimeSpan.FromDays(1);

    /// <summary>
    /// How long mail, with its worker and its leases, waits for a policy. RFC 8461 §3.3 gives a fetch a minute, and it has that; a host that needs it would hold up all mail to its domain once a day, so what is longer than this is
    /// for the next attempt: by then the policy is there, or cannot be had.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private readonly MemoryCache cache = RoutingCache.Create(options.CachedDomains, time);

    public void Dispose() => cache.Dispose();

    /// <summary>The policy that holds for a domain now.</summary>
    public async Task<PolicyAnswer> FindAsync(string domain, CancellationToken cancellationToken)
    {
        var answer = await dns.QueryAsync($"_mta-sts.{domain}", QueryType.TXT, cancellationToken).ConfigureAwait(false);
        var id = MtaStsPolicy.IdOf(answer.Records.OfType<TxtRecord>().Select(r => string.Concat(r.Text)));
        if (id is null)
        {
            return new(cache.TryGetValue(domain, out Known? remembered) ? remembered!.ValidAt(time.GetUtcNow()) : null);
        }

        var known = KnownOf(domain);
        if (!known.NeedsFetch(id, time.GetUtcNow()))
        {
            return new(known.ValidAt(time.GetUtcNow()));
        }

        try
        {
            // Mail to a domain that comes at once fetches its policy once.
            return new(await known.FetchOnce(() => FetchAsync(known, domain, id)).WaitAsync(LongestWait, time, cancellationToken).ConfigureAwait(false));
        }
        catch (TimeoutException)
        {
            var valid = known.ValidAt(time.GetUtcNow());
            return new(valid, IsAwaited: valid is null);
        }
    }

    // It goes on when the mail that began it waits no longer.
    private async Task<MtaStsPolicy?> FetchAsync(Known known, string domain, string id)
    {
        try
        {
            if (!known.NeedsFetch(id, time.GetUtcNow()))
            {
                return known.ValidAt(time.GetUtcNow());
            }

            var policy = await fetch.GetAsync(domain, CancellationToken.None).ConfigureAwait(false);
            known.Take(id, policy, time.GetUtcNow());
            Keep(domain, known, policy.MaxAge > Pause ? policy.MaxAge : Pause);
            log.PolicyFetched(domain, policy.Mode, id);

            // Also one of max_age 0 holds for the message that made it be fetched.
            return policy;
        }
        catch (Exception e)
        {
            known.Failed(id, time.GetUtcNow() + Pause);
            log.PolicyNotFetched(domain, known.ValidAt(time.GetUtcNow()) is not null, e.Message);
            return known.ValidAt(time.GetUtcNow());
        }
    }

    private Known KnownOf(string domain)
    {
        lock (cache)
        {
            if (!cache.TryGetValue(domain, out Known? known))
            {
                Keep(domain, known = new(), Pause);
            }

            return known!;
        }
    }

    private void Keep(string domain, Known known, TimeSpan lifetime) =>
        cache.Set(domain, known, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = lifetime, Size = 1 });

    /// <summary>What is known of a domain.</summary>
    private sealed class Known
    {
        private volatile Held? held;
        private volatile Failure? failure;

        private readonly Lock guard = new();
        private Task<MtaStsPolicy?>? fetching;

        /// <summary>The fetch that is under way, or a new one.</summary>
        public Task<MtaStsPolicy?> FetchOnce(Func<Task<MtaStsPolicy?>> fetch)
        {
            lock (guard)
            {
                return fetching is { IsCompleted: false } ? fetching : fetching = Task.Run(fetch);
            }
        }

        public MtaStsPolicy? ValidAt(DateTimeOffset now) => held is { } policy && now < policy.Ends ? policy.Policy : null;

        public bool NeedsFetch(string id, DateTimeOffset now) =>
            (held is not { } policy || policy.Id != id || now >= policy.CheckAt) && !(failure is { } failed && failed.Id == id && now < failed.Until);

        public void Take(string id, MtaStsPolicy policy, DateTimeOffset now)
        {
            held = new(id, policy, now + policy.MaxAge, now + (policy.MaxAge / 2 < LongestUnchecked ? policy.MaxAge / 2 : LongestUnchecked));
            failure = null;
        }

        public void Failed(string id, DateTimeOffset until) => failure = new(id, until);

        private sealed record Held(string Id, MtaStsPolicy Policy, DateTimeOffset Ends, DateTimeOffset CheckAt);

        private sealed record Failure(string Id, DateTimeOffset Until);
    }
}

/// <summary>What is known of a domain's policy.</summary>
/// <param name="Policy">The one that holds; null when there is none.</param>
/// <param name="IsAwaited">True when there may be one: it is being fetched, and mail is not sent without it.</param>
internal readonly record struct PolicyAnswer(MtaStsPolicy? Policy, bool IsAwaited = false);
