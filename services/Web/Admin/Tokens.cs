using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>POST</c> and <c>GET /admin/v1/tokens?tenant=&amp;address=&amp;after=&amp;limit=</c>, <c>GET</c> and <c>DELETE /admin/v1/tokens/{id}</c>: tokens of this API. Who holds one makes none that may
/// more or
/// reaches further. The secret is in the answer to the POST, and nowhere else.
/// </summary>
internal static class Tokens
{
    /// <summary>As GitHub's fine-grained tokens: 366 days at most.</summary>
    private static readonly TimeSpan longest = TimeSpan.FromDays(366);

    private static readonly TimeSpan usual = TimeSpan.FromDays(90);

    private const int MaxName = 100;

    public static void Map(IEndpointRouteBuilder admin)
    {
        var tokens = admin.MapGroup("/tokens").Requires(AdminPermission.ManageTokens, Reach.Caller);
        tokens.MapPost("", CreateAsync).Answers<MadeToken>("createToken", "Makes a token; its secret is shown here only");
        tokens.MapGet("", ListAsync).Answers<TokenPage>("listTokens", "Tokens of the platform, a tenant or an account, a page at a time");
        tokens.MapGet("/{id}", GetAsync).Answers<TokenView>("getToken", "A token");
        tokens.MapDelete("/{id}", RevokeAsync).Answers<TokenView>("revokeToken", "Ends a token");
    }

    private static async Task<IResult> CreateAsync(NewToken body, Caller caller, Act act, IGrainFactory grains, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var expiresAt = body.ExpiresAt ?? now + usual;
        if (Roles.Parse(body.Role) is not { } role)
        {
            return Problem.BadRequest(Roles.Rule);
        }

        if (body.Name is not { Length: > 0 and <= MaxName })
        {
            return Problem.BadRequest($"name is what people know the token by, 1 to {MaxName} characters");
        }

        if (expiresAt <= now || expiresAt > now + longest)
        {
            return Problem.BadRequest($"expiresAt is a time within the next {longest.TotalDays:0} days");
        }

        var allowed = Roles.PermissionsOf(role) & caller.Permissions;
        if (Roles.Parse(body.Permissions ?? Roles.NamesOf(allowed)) is not (not AdminPermission.None and var permissions) || (permissions & ~allowed) != 0)
        {
            return Problem.BadRequest($"permissions are of those that the role and you yourself have: {string.Join(", ", Roles.NamesOf(allowed))}");
        }

        var (holder, refusal) = await HolderAsync(body, role, caller, grains);
        if (holder is null)
        {
            return refusal!;
        }

        var text = TokenText.New();
        var token = new ApiToken
        {
            Id = text.Id,
            Name = body.Name,
            Role = role,
            Tenant = holder.Tenant,
            Address = holder.Address,
            Account = holder.Account,
            Permissions = permissions == Roles.PermissionsOf(role) ? null : permissions,
            IsReadOnly = body.ReadOnly ?? false,
            Hash = text.Hash(),
            CreatedAt = now,
            CreatedBy = caller.ToString(),
            ExpiresAt = expiresAt,
        };
        if (!await ListOf(token, grains).AddAsync(token.Id, token.ExpiresAt))
        {
            return Problem.Conflict("there are as many tokens as there may be: revoke some first");
        }

        await grains.GetGrain<IApiTokenGrain>(token.Id).CreateAsync(token);
        act.Changed(null, TokenView.Of(token));
        return Results.Ok(new MadeToken(text.ToString(), TokenView.Of(token)));
    }

    private static async Task<IResult> ListAsync(string? tenant, string? address, string? after, int? limit, Caller caller, IGrainFactory grains)
    {
        if (!Page.TryParse(limit, out var count))
        {
            return Problem.BadRequest(Page.Rule);
        }

        var (holder, refusal) = await HolderAsync(new(null, tenant, address, null, null, null, null), RoleOfList(tenant, address, caller), caller, grains);
        if (holder is null)
        {
            return refusal!;
        }

        var lists = ApiTokenLists.KeysOf(holder.Tenant, holder.Address).Select(key => grains.GetGrain<IApiTokenListGrain>(key));
        var pages = await Task.WhenAll(lists.Select(list => list.GetPageAsync(after ?? "", count)));
        string[] ids = [.. pages.SelectMany(page => page).Order(StringComparer.Ordinal).Take(count)];
        var tokens = await Task.WhenAll(ids.Select(id => grains.GetGrain<IApiTokenGrain>(id).FindAsync()));

        // An entry whose token a crash kept from being made is passed over.
        return Results.Ok(new TokenPage(tokens.OfType<ApiToken>().Select(TokenView.Of), ids.Length == count ? ids[^1] : null));
    }

    private static async Task<IResult> GetAsync(string id, Caller caller, IGrainFactory grains) =>
        await FindAsync(id, caller, grains) is { } token ? Results.Ok(TokenView.Of(token)) : NoToken(id);

    private static async Task<IResult> RevokeAsync(string id, Caller caller, Act act, IGrainFactory grains, KnownTokens known)
    {
        if (await FindAsync(id, caller, grains) is not { } token)
        {
            return NoToken(id);
        }

        // The token first: while it works it is on the list.
        await grains.GetGrain<IApiTokenGrain>(id).RevokeAsync();
        known.Forget(id);
        await ListOf(token, grains).RemoveAsync(id);
        act.Changed(TokenView.Of(token), null);
        return Results.Ok(TokenView.Of(token));
    }

    private static async Task<ApiToken?> FindAsync(string id, Caller caller, IGrainFactory grains) =>
        TokenText.IsId(id) && await grains.GetGrain<IApiTokenGrain>(id).FindAsync() is { } token && caller.Reaches(token.Tenant) ? token : null;

    private static AdminRole RoleOfList(string? tenant, string? address, Caller caller) =>
        address is not null ? AdminRole.User : tenant is not null || caller.Tenant is not null ? AdminRole.Tenant : AdminRole.Platform;

    private static async Task<(Holder? Holder, IResult? Refusal)> HolderAsync(NewToken body, AdminRole role, Caller caller, IGrainFactory grains) => role switch
    {
        AdminRole.Platform => body is { Tenant: null, Address: null } && caller.Tenant is null ? (new(null, null, null), null)
            : (null, Problem.BadRequest("a token of the platform is made by one of the platform, and has no tenant and no address")),
        AdminRole.User => await UserAsync(body, caller, grains),
        _ => await TenantAsync(body, caller, grains),
    };

    private static async Task<(Holder? Holder, IResult? Refusal)> TenantAsync(NewToken body, Caller caller, IGrainFactory grains)
    {
        if (body.Address is not null || (body.Tenant ?? caller.Tenant?.Value) is not { } name)
        {
            return (null, Problem.BadRequest("say whose token it is: a tenant's has tenant, a user's has address"));
        }

        return TenantId.IsValid(name) && caller.Reaches(new(name)) && await grains.GetGrain<ITenantGrain>(name).GetAsync() is { } found
            ? (new(found.Id, null, null), null)
            : (null, Problem.NoTenant(name));
    }

    private static async Task<(Holder? Holder, IResult? Refusal)> UserAsync(NewToken body, Caller caller, IGrainFactory grains)
    {
        if (body.Tenant is not null || body.Address is null || !EmailAddress.TryParse(body.Address, out var address))
        {
            return (null, Problem.BadRequest("a user's token has an address, local@domain, and no tenant"));
        }

        if (await grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync() is not { } tenant || !caller.Reaches(tenant))
        {
            return (null, Problem.NotHosted(address.AsciiDomain));
        }

        return await grains.GetGrain<IAddressGrain>(address.Key).GetAsync() is { Kind: AddressKind.Account } record
            ? (new(tenant, address.Key, record.Account), null)
            : (null, Problem.NotFound($"there is no account {address.Key}"));
    }

    private static IApiTokenListGrain ListOf(ApiToken token, IGrainFactory grains) => grains.GetGrain<IApiTokenListGrain>(ApiTokenLists.KeyOf(token));

    private static IResult NoToken(string id) => Problem.NotFound($"there is no token {id}: it was revoked, or never was");

    private sealed record NewToken(string? Role, string? Tenant, string? Address, string? Name, DateTimeOffset? ExpiresAt, bool? ReadOnly, string[]? Permissions);

    private sealed record MadeToken(string Secret, TokenView Token);

    private sealed record TokenPage(IEnumerable<TokenView> Tokens, string? Next);

    private sealed record Holder(TenantId? Tenant, string? Address, AccountId? Account);
}

/// <summary>A token as the API shows it: never its secret, nor the hash of it.</summary>
internal sealed record TokenView(
    string Id, string Name, AdminRole Role, string? Tenant, string? Address, IReadOnlyList<string> Permissions, bool ReadOnly, DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset ExpiresAt,
    DateTimeOffset? LastUsedAt)
{
    public static TokenView Of(ApiToken token) => new(
        token.Id,
        token.Name,
        token.Role,
        token.Tenant?.Value,
        token.Address,
        Roles.NamesOf(Caller.Of(token).Permissions),
        token.IsReadOnly,
        token.CreatedAt,
        token.CreatedBy,
        token.ExpiresAt,
        token.LastUsedAt);
}
