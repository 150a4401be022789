using MailCloud.Cluster;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace MailCloud.Oidc;

/// <summary>
/// Whether a token lets its bearer into an account: one of the issuer of the tenant that hosts the account's domain, which names that account. The token is judged before it counts whether there is
/// such an account, so that nobody learns by tokens or by time which accounts exist; that a domain is hosted is no secret.
/// </summary>
public sealed class AccountTokens
{
    private readonly IGrainFactory grains;
    private readonly GrainCalls calls;
    private readonly KnownIssuers issuers;
    private readonly TokenValidation validation;
    private readonly OidcTelemetry telemetry;
    private readonly ILogger<AccountTokens> log;

    internal AccountTokens(IGrainFactory grains, GrainCalls calls, KnownIssuers issuers, TokenValidation validation, OidcTelemetry telemetry, ILogger<AccountTokens> log)
    {
        this.grains = grains;
        this.calls = calls;
        this.issuers = issuers;
        this.validation = validation;
        this.telemetry = telemetry;
        this.log = log;
    }

    /// <param name="username">Whom the client wants to be.</param>
    /// <param name="account">What the directory has by that name; null when there is no such account.</param>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<TokenVerdict> CheckAsync(string username, AddressRecord? account, string token, Patience patience, CancellationToken cancellationToken)
    {
        if (await FindTenantAsync(username, patience, cancellationToken).ConfigureAwait(false) is not { } tenant)
        {
            return new TokenVerdict.Refused("invalid_token", null, null);
        }

        var issuer = await calls.CallAsync(() => grains.GetGrain<ITenantOidcGrain>(tenant.Value).GetAsync(), patience, cancellationToken).ConfigureAwait(false);
        var fault = issuer is null ? TokenFault.NoIssuer : await FindFaultAsync(tenant, issuer, account, token, cancellationToken).ConfigureAwait(false);
        telemetry.Shown(tenant, fault switch { null => "KeysAway", TokenFault.None => "Accepted", _ => fault.Value.ToString() });
        switch (fault)
        {
            case null:
                return new TokenVerdict.TryLater();
            case TokenFault.None:
                return new TokenVerdict.Accepted();
            default:
                log.TokenRefused(tenant, account?.Address.Key ?? "(no account)", fault.Value);
                return Refusal(issuer, fault.Value);
        }
    }

    /// <summary>
    /// Whom a token names that comes without a name, as over HTTP (RFC 6750): by the claim that the tenant of the named address has chosen, if its issuer is the token's. Nothing of it is checked yet;
    /// <see cref="CheckAsync"/> does. Null: it names nobody whom it could let in.
    /// </summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public async ValueTask<EmailAddress?> FindNameAsync(string token, Patience patience, CancellationToken cancellationToken)
    {
        if (TokenValidation.SaidBy(token) is not var (said, names))
        {
            return null;
        }

        foreach (var (claim, name) in names)
        {
            if (await FindTenantAsync(name.ToString(), patience, cancellationToken).ConfigureAwait(false) is { } tenant
                && await calls.CallAsync(() => grains.GetGrain<ITenantOidcGrain>(tenant.Value).GetAsync(), patience, cancellationToken).ConfigureAwait(false) is { } issuer
                && issuer.Issuer == said && issuer.AccountClaim == claim)
            {
                return name;
            }
        }

        return null;
    }

    private static TokenVerdict.Refused Refusal(OidcIssuer? issuer, TokenFault fault) => new(
        fault == TokenFault.Scope ? "insufficient_scope" : "invalid_token",
        issuer is { Scopes.Length: > 0 } ? string.Join(' ', issuer.Scopes) : null,
        issuer is null ? null : IssuerKeys.DiscoveryOf(issuer.Issuer));

    // Null: the issuer's keys cannot be had.
    private async ValueTask<TokenFault?> FindFaultAsync(TenantId tenant, OidcIssuer issuer, AddressRecord? account, string token, CancellationToken cancellationToken)
    {
        var keys = issuers.KeysOf(tenant, issuer.Issuer);
        var finding = await ValidateAsync(token, issuer, await keys.GetAsync(unknownKey: false, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        if (finding is { Fault: TokenFault.UnknownKey })
        {
            // The issuer may have a new one.
            finding = await ValidateAsync(token, issuer, await keys.GetAsync(unknownKey: true, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        }

        return finding is { Fault: TokenFault.None, Account: var named } && (account?.Tenant != tenant || account.Address.Key != named.Key) ? TokenFault.Account : finding?.Fault;
    }

    private async ValueTask<TokenFinding?> ValidateAsync(string token, OidcIssuer issuer, IReadOnlyList<SecurityKey>? keys) =>
        keys is null ? null : await validation.ValidateAsync(token, issuer, keys).ConfigureAwait(false);

    private async ValueTask<TenantId?> FindTenantAsync(string username, Patience patience, CancellationToken cancellationToken) => EmailAddress.TryParse(username, out var address)
        ? await calls.CallAsync(() => grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync(), patience, cancellationToken).ConfigureAwait(false)
        : null;
}
