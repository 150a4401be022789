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

    public static string OfToken(string id) => Token + id;

    public static string OfAppPassword(Guid id) => $"{AppPassword}{id:N}";

    /// <summary>The account's own password, by its verifier: another password is another credential.</summary>
    public static string OfPassword(string? verifier) => Password + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(verifier ?? "")).AsSpan(0, 8));

    /// <summary>Whether it still opens the account that a subscription is of.</summary>
    public static async Task<bool> StandsAsync(PushSubscription subscription, IGrainFactory grains, DateTimeOffset now)
    {
        var record = await grains.GetGrain<IAddressGrain>(subscription.Address).GetAsync();
        if (record is not { Kind: AddressKind.Account } || record.Account != subscription.Account)
        {
            return false;
        }

        var credential = subscription.Credential;
        if (credential.StartsWith(Token, StringComparison.Ordinal))
        {
            return await grains.GetGrain<IApiTokenGrain>(credential[Token.Length..]).FindAsync() is { } token && token.ExpiresAt > now;
        }

        return credential.StartsWith(AppPassword, StringComparison.Ordinal)
            ? (await grains.GetGrain<IAppPasswordsGrain>(subscription.Address).ListAsync()).Any(listed => OfAppPassword(listed.Id) == credential && !(listed.ExpiresAt <= now))
            : credential == OfPassword(record.Verifier) && !record.HasSecondFactor;
    }
}
