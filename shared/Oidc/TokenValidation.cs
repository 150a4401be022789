using System.Security.Claims;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MailCloud.Oidc;

/// <summary>What is found of a token: a fault, or the address that it names.</summary>
internal readonly record struct TokenFinding(TokenFault Fault, EmailAddress Account = default);

/// <summary>Whether a JWT (RFC 7519) is signed by an issuer and says what lets an account in: the checks of RFC 9068 §4, as far as issuers make such tokens.</summary>
internal sealed class TokenValidation(TimeProvider time)
{
    /// <summary>By which the clocks of issuer and server may differ.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    // RFC 8725 §3.1: only these. None by which who can check could also sign (HS*); the library has no EdDSA.
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    // RFC 9068 §2.1 has at+jwt; Entra ID and Keycloak write JWT, others nothing. Tokens for other purposes have types of their own (RFC 8725 §3.11).
    private static readonly string[] Types = ["at+jwt", "application/at+jwt", "JWT"];

    /// <summary>RFC 7518 §3.3.</summary>
    private const int MinRsaBits = 2048;

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };

    public async ValueTask<TokenFinding> ValidateAsync(string token, OidcIssuer issuer, IReadOnlyList<SecurityKey> keys)
    {
        if (Read(token) is not { } jwt || jwt.IsEncrypted || !IsOfType(jwt) || jwt.TryGetHeaderValue<object>("crit", out _))
        {
            // RFC 7515 §4.1.11: no extension is understood.
            return new(TokenFault.Malformed);
        }

        if (!Algorithms.Contains(jwt.Alg))
        {
            return new(TokenFault.Algorithm);
        }

        // RFC 7515 §4.1.4: an issuer with several keys says which; one that does not is not asked to be guessed at.
        var key = keys.FirstOrDefault(key => jwt.Kid is { Length: > 0 } kid && key.KeyId == kid);
        if (key is null || (jwt.Alg[0] != 'E' && key.KeySize < MinRsaBits))
        {
            return new(TokenFault.UnknownKey);
        }

        var result = await handler.ValidateTokenAsync(jwt, Parameters(issuer, key)).ConfigureAwait(false);
        return result.IsValid ? Judge(result.ClaimsIdentity, issuer) : new(FaultOf(result.Exception));
    }

    /// <summary>What a token says of its issuer, and of accounts by the claims that may name one; all of it unchecked. Null: it is no JWT, or says nothing of the kind.</summary>
    public static (string Issuer, IReadOnlyList<(string Claim, EmailAddress Name)> Names)? SaidBy(string token)
    {
        if (Read(token) is not { IsEncrypted: false } jwt || !jwt.TryGetPayloadValue<string>("iss", out var issuer))
        {
            return null;
        }

        var names = new List<(string, EmailAddress)>();
        foreach (var claim in OidcIssuer.AccountClaims)
        {
            if (jwt.TryGetPayloadValue<string>(claim, out var value) && EmailAddress.TryParse(value, out var name))
            {
                names.Add((claim, name));
            }
        }

        return (issuer, names);
    }

    private static TokenFinding Judge(ClaimsIdentity claims, OidcIssuer issuer)
    {
        // RFC 9068 §2.2.3 has scope; Entra ID's is scp, and Okta's, as a list.
        var scopes = claims.FindAll("scope").Concat(claims.FindAll("scp")).SelectMany(claim => claim.Value.Split(' '));
        if (issuer.Scopes.Except(scopes).Any())
        {
            return new(TokenFault.Scope);
        }

        // OpenID Connect Core 1.0 §5.7: an address that the issuer has not verified is nobody's.
        var isUnverified = issuer.AccountClaim == "email" && claims.FindFirst("email_verified")?.Value.Equals("false", StringComparison.OrdinalIgnoreCase) == true;
        return !isUnverified && claims.FindAll(issuer.AccountClaim).ToArray() is [var named] && EmailAddress.TryParse(named.Value, out var account)
            ? new(TokenFault.None, account)
            : new(TokenFault.Account);
    }

    private static JsonWebToken? Read(string token)
    {
        try
        {
            return new(token);
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException)
        {
            return null;
        }
    }

    private static bool IsOfType(JsonWebToken jwt) => string.IsNullOrEmpty(jwt.Typ) || Types.Contains(jwt.Typ, StringComparer.OrdinalIgnoreCase);

    private static TokenFault FaultOf(Exception error) => error switch
    {
        SecurityTokenInvalidSignatureException => TokenFault.Signature,
        SecurityTokenInvalidIssuerException => TokenFault.Issuer,
        SecurityTokenInvalidAudienceException => TokenFault.Audience,
        SecurityTokenInvalidLifetimeException => TokenFault.Lifetime,
        _ => TokenFault.Malformed,
    };

    private TokenValidationParameters Parameters(OidcIssuer issuer, SecurityKey key) => new()
    {
        ValidAlgorithms = Algorithms,
        IssuerSigningKey = key,
        ValidIssuer = issuer.Issuer,
        ValidAudiences = issuer.Audiences,
        IgnoreTrailingSlashWhenValidatingAudience = false,
        LifetimeValidator = (notBefore, expires, _, _) => IsInTime(notBefore, expires),
    };

    // RFC 7519 §4.1.4, §4.1.5. What never expires is not taken.
    private bool IsInTime(DateTime? notBefore, DateTime? expires)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return expires is not null && now < expires + ClockSkew && !(now < notBefore - ClockSkew);
    }
}
