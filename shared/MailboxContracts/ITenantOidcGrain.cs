using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>Whose tokens let a tenant's accounts log in. Key: <see cref="Messages.TenantId"/>. A grain of its own beside <see cref="ITenantGrain"/>: only logins by token ask for it.</summary>
[Alias("mc.ITenantOidcGrain")]
public interface ITenantOidcGrain : IGrainWithStringKey
{
    /// <summary>Null: no token lets anybody in.</summary>
    [AlwaysInterleave, Alias("Get")]
    Task<OidcIssuer?> GetAsync();

    /// <summary>From the next login on this issuer's tokens count, and no other's.</summary>
    [Alias("Set")]
    Task SetAsync(OidcIssuer issuer);

    /// <summary>From the next login on no token counts. False: there was no issuer.</summary>
    [Alias("Remove")]
    Task<bool> RemoveAsync();

    /// <summary>Removes the grain itself for good: the tenant is gone.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>An issuer of tokens (OpenID Connect Discovery 1.0), and what its tokens must hold to let an account in.</summary>
[GenerateSerializer, Immutable, Alias("mc.OidcIssuer")]
public sealed record OidcIssuer
{
    /// <summary>The claim that names the account, unless the tenant says another.</summary>
    public const string DefaultAccountClaim = "email";

    /// <summary>Those by which a token may name an account, of OpenID Connect Core 1.0 §5.1; <c>sub</c> only where it is an address.</summary>
    public static readonly string[] AccountClaims = [DefaultAccountClaim, "preferred_username", "sub"];

    /// <summary><c>iss</c>, to the letter; its discovery document stands below it.</summary>
    [Id(0)] public required string Issuer { get; init; }

    /// <summary><c>aud</c> must hold one of them, to the letter.</summary>
    [Id(1)] public required string[] Audiences { get; init; }

    /// <summary>The claim whose value is the account's address.</summary>
    [Id(2)] public string AccountClaim { get => field ?? DefaultAccountClaim; init; } = DefaultAccountClaim;

    /// <summary>Scopes that a token must all have; may be empty.</summary>
    [Id(3)] public string[] Scopes { get => field ?? []; init; } = [];
}
