using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using MailCloud.Cluster;
using MailCloud.Credentials;
using MailCloud.Credentials.Guessing;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxContracts;
using MailCloud.Oidc;
using MailCloud.Standing;
using MailCloud.Web.Admin;
using MailCloud.Web.Jmap.Push.Subscriptions;

namespace MailCloud.Web.Jmap.Access;

/// <summary>
/// Tokens that a tenant's OIDC issuer has signed, shown with each request (RFC 6750). They are checked as for OAUTHBEARER, with the name that they have themselves; one that was good is remembered for some
/// seconds, as API tokens are, and is written into the account's history every five minutes, as passwords are.
/// </summary>
internal sealed class IssuedTokens(AccountTokens tokens, FailedTokens failed, IGrainFactory grains, GrainCalls calls, Standings standings, LoginHistory logins, TimeProvider time)
{
    /// <summary>In the history: over HTTP no SASL mechanism brings it.</summary>
    private const string Means = "BEARER";

    /// <summary>Some 10 MB. When it is full it is emptied.</summary>
    private const int MaxKept = 20_000;

    private static readonly TimeSpan noteEvery = VerifiedPasswords.Lifetime;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, Known> known = new(StringComparer.Ordinal);

    /// <summary>A JWT in its compact form (RFC 7515 §3.1), which no API token is.</summary>
    public static bool IsOne(string shown) => shown.AsSpan().Count('.') == 2;

    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async Task<IssuedTokenFinding> CheckAsync(string token, IPAddress client, CancellationToken cancellationToken)
    {
        var digest = Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(token)));
        var before = known.GetValueOrDefault(digest);
        if (before is not null && before.Version == standings.VersionOf(before.User.Address.Key) && time.GetElapsedTime(before.SeenAt) < KnownTokens.Lifetime)
        {
            return new(before.User);
        }

        // One that was good is looked at again, whoever else of its network shows wrong ones.
        if (before is null && !failed.MayTry(client))
        {
            return new(null) { IsLimited = true };
        }

        var (at, since) = (time.GetTimestamp(), standings.Changes);
        var (finding, account) = await FindAsync(token, since, cancellationToken);
        if (finding.Refusal is not null || (finding.IsUnchecked && before is null))
        {
            failed.Add(client);
        }

        var isNoted = finding.User is not null && before is not null && time.GetElapsedTime(before.NotedAt) < noteEvery;
        if (!isNoted)
        {
            logins.Note(account, new(LoginProtocols.Http, ClientNetwork.NameOf(client), Means, null, ResultOf(finding)));
        }

        if (finding.User is { } user)
        {
            Keep(digest, new(user, at, isNoted ? before!.NotedAt : at, standings.VersionOf(user.Address.Key)));
        }
        else if (!finding.IsUnchecked)
        {
            known.TryRemove(digest, out _);
        }

        return finding;
    }

    private async Task<(IssuedTokenFinding Finding, AddressRecord? Account)> FindAsync(string token, long since, CancellationToken cancellationToken)
    {
        var patience = calls.NewPatience();
        if (await tokens.FindNameAsync(token, patience, cancellationToken) is not { } name)
        {
            return (new(null) { Refusal = new("invalid_token", null, null) }, null);
        }

        var account = await standings.FindAccountAsync(name, patience, cancellationToken);
        switch (await tokens.CheckAsync(name.ToString(), account, token, patience, cancellationToken))
        {
            case TokenVerdict.TryLater:
                return (new(null) { IsUnchecked = true }, account);
            case TokenVerdict.Refused refusal:
                return (new(null) { Refusal = refusal }, account);
        }

        // No session stays open here: whether one might is what is asked.
        var admission = await standings.EnterAsync(account!, appPassword: null, since, patience, cancellationToken);
        admission.Session?.Dispose();
        return admission.Refusal switch
        {
            AdmissionRefusal.None => (new(await UserAsync(account!, patience, cancellationToken)), account),
            AdmissionRefusal.TooManySessions => (new(null) { IsLimited = true }, account),
            _ => (new(null) { IsSuspended = true }, account),
        };
    }

    private async Task<JmapUser> UserAsync(AddressRecord account, Patience patience, CancellationToken cancellationToken)
    {
        var issuer = await calls.CallAsync(() => grains.GetGrain<ITenantOidcGrain>(account.Tenant.Value).GetAsync(), patience, cancellationToken);
        return new(account.Account!.Value, account.Address, account.Tenant, IsReadOnly: false) { Credential = PushCredential.OfIssuer(issuer?.Issuer) };
    }

    private void Keep(string digest, Known entry)
    {
        if (known.Count >= MaxKept)
        {
            known.Clear();
        }

        known[digest] = entry;
    }

    private static LoginResult ResultOf(IssuedTokenFinding finding) => finding switch
    {
        { User: not null } => LoginResult.Ok,
        { IsSuspended: true } => LoginResult.Suspended,
        { Refusal: not null } => LoginResult.Wrong,
        _ => LoginResult.Limited,
    };

    /// <param name="SeenAt">When it was checked last, at <paramref name="Version"/> of its account's address.</param>
    /// <param name="NotedAt">When the history was told last.</param>
    private sealed record Known(JmapUser User, long SeenAt, long NotedAt, long Version);
}

/// <summary>Who shows a token; or one of the others, which says why it is nobody.</summary>
internal sealed record IssuedTokenFinding(JmapUser? User)
{
    /// <summary>It lets nobody in.</summary>
    public TokenVerdict.Refused? Refusal { get; init; }

    /// <summary>Nobody could check it: its issuer's keys are out of reach.</summary>
    public bool IsUnchecked { get; init; }

    /// <summary>It is good, and its account or tenant is suspended.</summary>
    public bool IsSuspended { get; init; }

    /// <summary>Too many tokens of this network were refused or could not be checked, or the tenant has as many sessions as it may.</summary>
    public bool IsLimited { get; init; }
}
