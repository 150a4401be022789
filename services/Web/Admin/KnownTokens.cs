using System.Collections.Concurrent;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Admin;

/// <summary>Who holds an API token. What was found is remembered for a few seconds, so that a program with many requests costs its token's grain few calls.</summary>
internal sealed class KnownTokens(IGrainFactory grains, TimeProvider time)
{
    /// <summary>A revocation holds on this edge at once, and on others after this; so does the suspension of the token's tenant or account.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    /// <summary>Some 5 MB.</summary>
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<string, Known> known = new(StringComparer.Ordinal);

    /// <summary>Null when the token does not exist or has expired, or its tenant or account is suspended or gone.</summary>
    public async Task<Caller?> FindAsync(TokenText shown)
    {
        if (!known.TryGetValue(shown.Id, out var entry) || entry.Until <= time.GetUtcNow())
        {
            var token = await grains.GetGrain<IApiTokenGrain>(shown.Id).FindAsync();
            if (token is null || !shown.IsOf(token) || !await IsInForceAsync(token))
            {
                known.TryRemove(shown.Id, out _);
                return null;
            }

            entry = new(token, time.GetUtcNow() + Lifetime);
            Keep(entry);

            // Nobody waits for it: it is for those who wonder whether a token is still needed.
            grains.GetGrain<IApiTokenGrain>(shown.Id).UseAsync().Ignore();
        }

        return shown.IsOf(entry.Token) && entry.Token.ExpiresAt > time.GetUtcNow() ? Caller.Of(entry.Token) : null;
    }

    public void Forget(string id) => known.TryRemove(id, out _);

    private async Task<bool> IsInForceAsync(ApiToken token)
    {
        if (token.Tenant is { } tenant && await grains.GetGrain<ITenantGrain>(tenant.Value).GetAsync() is null or { State: AccountState.Suspended })
        {
            return false;
        }

        // A sign-in by an app password ends with it, as sessions of mail programs do. One that has run out ends none.
        if (token is { AppPassword: { } appPassword, Address: { } address } && !(await grains.GetGrain<IAppPasswordsGrain>(address).ListAsync()).Any(listed => listed.Id == appPassword))
        {
            return false;
        }

        return token.Address is null
            || (await grains.GetGrain<IAddressGrain>(token.Address).GetAsync() is { State: not AccountState.Suspended } record && record.Account == token.Account);
    }

    private void Keep(Known entry)
    {
        // Rather than to keep an order: nobody has so many tokens in use within seconds.
        if (known.Count >= MaxKept)
        {
            known.Clear();
        }

        known[entry.Token.Id] = entry;
    }

    private sealed record Known(ApiToken Token, DateTimeOffset Until);
}
