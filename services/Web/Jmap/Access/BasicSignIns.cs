using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;
using MailCloud.Web.Admin;
using MailCloud.Web.Jmap.Push.Subscriptions;
using MailCloud.Web.SignIns;

namespace MailCloud.Web.Jmap.Access;

/// <summary>
/// Passwords that come with each request. One that was right is remembered for five minutes, as an HMAC under a key of this process, so that a request costs a hash and not a check with all that belongs
/// to one (a key derivation, the defence against guessing, a line in the history). What it opened is looked at again every few seconds: a changed password, a suspension and an app password
/// that was taken back hold as soon as they do for tokens.
/// </summary>
internal sealed class BasicSignIns(SignInAttempts attempts, IGrainFactory grains, GrainCalls calls, Standings standings, TimeProvider time)
{
    /// <summary>As <see cref="Credentials.VerifiedPasswords.Lifetime"/>.</summary>
    private static readonly TimeSpan lifetime = Credentials.VerifiedPasswords.Lifetime;

    /// <summary>Some 10 MB. When it is full it is emptied, which costs a check for each program.</summary>
    private const int MaxKept = 20_000;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, Known> known = new(StringComparer.Ordinal);

    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async Task<(SignInVerdict Verdict, JmapUser? User)> CheckAsync(GivenCredentials given, IPAddress client, CancellationToken cancellationToken)
    {
        var digest = DigestOf(given);
        if (known.TryGetValue(digest, out var entry) && await IsInForceAsync(digest, entry, cancellationToken))
        {
            return (SignInVerdict.SignedIn, entry.User);
        }

        var outcome = await attempts.RunAsync(given, client, cancellationToken);
        if (outcome is not { Verdict: SignInVerdict.SignedIn, Account: { } account })
        {
            return (outcome.Verdict, null);
        }

        var user = new JmapUser(account.Account!.Value, account.Address, account.Tenant, IsReadOnly: false)
        {
            Credential = outcome.AppPassword is { } shown ? PushCredential.OfAppPassword(shown.Id) : PushCredential.OfPassword(account.Verifier),
        };
        Keep(digest, new(user, account.Verifier, outcome.AppPassword?.Id, time.GetTimestamp(), time.GetTimestamp(), standings.VersionOf(account.Address.Key)));
        return (SignInVerdict.SignedIn, user);
    }

    private async Task<bool> IsInForceAsync(string digest, Known entry, CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(entry.Since) >= lifetime)
        {
            known.TryRemove(digest, out _);
            return false;
        }

        var (at, version) = (time.GetTimestamp(), standings.VersionOf(entry.User.Address.Key));
        if (version == entry.Version && time.GetElapsedTime(entry.SeenAt) < KnownTokens.Lifetime)
        {
            return true;
        }

        if (!await StandsAsync(entry, cancellationToken))
        {
            known.TryRemove(digest, out _);
            return false;
        }

        known[digest] = entry with { SeenAt = at, Version = version };
        return true;
    }

    private async Task<bool> StandsAsync(Known entry, CancellationToken cancellationToken)
    {
        var (address, patience) = (entry.User.Address.Key, calls.NewPatience());
        var record = await calls.CallAsync(() => grains.GetGrain<IAddressGrain>(address).GetAsync(), patience, cancellationToken);
        if (record is not { Kind: AddressKind.Account } || record.Account != entry.User.Account || await standings.FindStateAsync(record, patience, cancellationToken) == AccountState.Suspended)
        {
            return false;
        }

        if (entry.AppPassword is not { } appPassword)
        {
            return record.Verifier == entry.Verifier && !record.HasSecondFactor;
        }

        var listed = await calls.CallAsync(() => grains.GetGrain<IAppPasswordsGrain>(address).ListAsync(), patience, cancellationToken);
        return listed.Any(password => password.Id == appPassword && !(password.ExpiresAt <= time.GetUtcNow()));
    }

    private void Keep(string digest, Known entry)
    {
        if (known.Count >= MaxKept)
        {
            known.Clear();
        }

        known[digest] = entry;
    }

    private string DigestOf(GivenCredentials given) => Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{given.Address}\n{given.Password}")));

    /// <param name="Since">When the password was checked.</param>
    /// <param name="SeenAt">When the account was last looked at, at <paramref name="Version"/> of its address.</param>
    private sealed record Known(JmapUser User, string? Verifier, Guid? AppPassword, long Since, long SeenAt, long Version);
}
