using System.Security.Cryptography;
using System.Text;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>
/// What somebody has shown to get in, as a name that tells nothing of it. A push subscription is of it: only who shows the same sees it, and it ends with it (RFC 8620 §7.2).
/// </summary>
internal static class PushCredential
{
    private const string Token = "token:";
    private const string AppPassword = "app-password:";
    private const string Password = "password:";
    private const string Issuer = "issuer:";

    public static string OfToken(string id) => Token + id;

    public static string OfAppPassword(Guid id) => $"{AppPassword}{id:N}";

    /// <summary>The account's own password, by its verifier: another password is another credential.</summary>
    public static string OfPassword(string? verifier) => Password + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(verifier ?? "")).AsSpan(0, 8));

    /// <summary>Tokens of an issuer end within the hour, and the next are shown by the same account: they are one credential as long as the tenant has that issuer.</summary>
    public static string OfIssuer(string? issuer) => Issuer + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(issuer ?? "")).AsSpan(0, 8));

    /// <summary>Whether it still opens the account that a subscription is of.</summary>
    public static async Task<CredentialStanding> FindStandingAsync(PushSubscription subscription, PushServices services, CancellationToken cancellationToken)
    {
        var record = await services.Grains.GetGrain<IAddressGrain>(subscription.Address).GetAsync();
        if (record is not { Kind: AddressKind.Account } || record.Account != subscription.Account || !await OpensAsync(subscription, record, services))
        {
            return CredentialStanding.Ended;
        }

        return await services.Standings.FindStateAsync(record, services.Calls.NewPatience(), cancellationToken) == AccountState.Suspended ? CredentialStanding.Suspended : CredentialStanding.Stands;
    }

    private static async Task<bool> OpensAsync(PushSubscription subscription, AddressRecord record, PushServices services)
    {
        var (credential, now) = (subscription.Credential, services.Time.GetUtcNow());
        if (credential.StartsWith(Issuer, StringComparison.Ordinal))
        {
            return await services.Grains.GetGrain<ITenantOidcGrain>(record.Tenant.Value).GetAsync() is { } issuer && OfIssuer(issuer.Issuer) == credential;
        }

        if (!credential.StartsWith(Token, StringComparison.Ordinal))
        {
            return credential.StartsWith(AppPassword, StringComparison.Ordinal)
                ? (await ListAppPasswordsAsync(subscription, services)).Any(listed => OfAppPassword(listed.Id) == credential && !(listed.ExpiresAt <= now))
                : credential == OfPassword(record.Verifier) && !record.HasSecondFactor;
        }

        var token = await services.Grains.GetGrain<IApiTokenGrain>(credential[Token.Length..]).FindAsync();
        if (token is null || token.Account != subscription.Account || !(token.ExpiresAt > now))
        {
            return false;
        }

        // A sign-in by an app password ends with that.
        return token.AppPassword is not { } appPassword || (await ListAppPasswordsAsync(subscription, services)).Any(listed => listed.Id == appPassword);
    }

    private static Task<IReadOnlyList<AppPassword>> ListAppPasswordsAsync(PushSubscription subscription, PushServices services) =>
        services.Grains.GetGrain<IAppPasswordsGrain>(subscription.Address).ListAsync();
}

internal enum CredentialStanding
{
    Stands,

    /// <summary>It does, and the account, its domain or its tenant is suspended.</summary>
    Suspended,

    /// <summary>It was revoked, has run out, or is another.</summary>
    Ended,
}
