using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET</c>, <c>PUT</c>, <c>DELETE /admin/v1/tenants/{tenant}/oidc</c>: whose tokens let the tenant's accounts log in. That the issuer answers is not tried here: the edges ask it, each when somebody logs in.
/// </summary>
internal static class OidcIssuers
{
    private const int MaxIssuer = 500;
    private const int MaxValues = 10;
    private const int MaxValue = 200;

    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapGet("/tenants/{tenant}/oidc", GetAsync).Requires(AdminPermission.ReadDirectory | AdminPermission.ManageSignIn, Reach.Tenant)
            .Answers<IssuerView>("getIssuer", "Whose tokens let the tenant's accounts log in");
        admin.MapPut("/tenants/{tenant}/oidc", PutAsync).Requires(AdminPermission.ManageSignIn, Reach.Tenant)
            .Answers<IssuerView>("setIssuer", "Says whose tokens let the tenant's accounts log in");
        admin.MapDelete("/tenants/{tenant}/oidc", DeleteAsync).Requires(AdminPermission.ManageSignIn, Reach.Tenant)
            .Answers<RemovedIssuer>("removeIssuer", "No token lets the tenant's accounts log in any more");
    }

    private static async Task<IResult> GetAsync(string tenant, IGrainFactory grains) => await FindAsync(tenant, grains) is not { } issuers ? Problem.NoTenant(tenant)
        : await issuers.GetAsync() is { } issuer ? Results.Ok(View(tenant, issuer))
        : NoIssuer(tenant);

    private static async Task<IResult> PutAsync(string tenant, NewIssuer body, Act act, IGrainFactory grains)
    {
        if (body.WhyWrong() is { } why)
        {
            return Problem.BadRequest(why);
        }

        if (await FindAsync(tenant, grains) is not { } issuers)
        {
            return Problem.NoTenant(tenant);
        }

        var (before, issuer) = (await issuers.GetAsync(), body.ToIssuer());
        await issuers.SetAsync(issuer);
        act.Changed(before is null ? null : View(tenant, before), View(tenant, issuer));
        return Results.Ok(View(tenant, issuer));
    }

    private static async Task<IResult> DeleteAsync(string tenant, Act act, IGrainFactory grains)
    {
        if (await FindAsync(tenant, grains) is not { } issuers)
        {
            return Problem.NoTenant(tenant);
        }

        var before = await issuers.GetAsync();
        if (!await issuers.RemoveAsync())
        {
            return NoIssuer(tenant);
        }

        act.Changed(before is null ? null : View(tenant, before), null);
        return Results.Ok(new RemovedIssuer(tenant));
    }

    private static async Task<ITenantOidcGrain?> FindAsync(string tenant, IGrainFactory grains) =>
        TenantId.IsValid(tenant) && await grains.GetGrain<ITenantGrain>(tenant).GetAsync() is not null ? grains.GetGrain<ITenantOidcGrain>(tenant) : null;

    private static IResult NoIssuer(string tenant) => Problem.NotFound($"tenant {tenant} has no issuer: PUT one to /admin/v1/tenants/{tenant}/oidc");

    private static IssuerView View(string tenant, OidcIssuer issuer) => new(tenant, issuer.Issuer, issuer.Audiences, issuer.AccountClaim, issuer.Scopes);

    private sealed record IssuerView(string Tenant, string Issuer, IReadOnlyList<string> Audiences, string AccountClaim, IReadOnlyList<string> Scopes);

    private sealed record RemovedIssuer(string Tenant);

    private sealed record NewIssuer(string? Issuer, string[]? Audiences, string? AccountClaim, string[]? Scopes)
    {
        public string? WhyWrong() =>
            !IsIssuer(Issuer) ? "issuer is the iss of its tokens: an https address without query or fragment; http is taken on loopback"
            : Audiences is not { Length: >= 1 and <= MaxValues } || !Audiences.All(IsText) ? $"audiences are what aud of a token may be: 1 to {MaxValues}, each of at most {MaxValue} characters"
            : AccountClaim is not null && !OidcIssuer.AccountClaims.Contains(AccountClaim) ? $"accountClaim is one of {string.Join(", ", OidcIssuer.AccountClaims)}"
            : Scopes is not null && (Scopes.Length > MaxValues || !Scopes.All(IsScope)) ? $"scopes are what a token must have: at most {MaxValues}, each a word of at most {MaxValue} characters"
            : null;

        public OidcIssuer ToIssuer() => new()
        {
            Issuer = Issuer!,
            Audiences = Audiences!,
            AccountClaim = AccountClaim ?? OidcIssuer.DefaultAccountClaim,
            Scopes = Scopes ?? [],
        };

        // OpenID Connect Discovery 1.0 §3.
        private static bool IsIssuer(string? text) =>
            text is { Length: <= MaxIssuer } && Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            && uri.UserInfo.Length == 0 && !text.AsSpan().ContainsAny('?', '#');

        private static bool IsText(string? value) => value is { Length: >= 1 and <= MaxValue };

        // RFC 6749 §3.3: scope-token.
        private static bool IsScope(string? value) => IsText(value) && value!.All(c => c is >= '!' and <= '~' and not '"' and not '\\');
    }
}
