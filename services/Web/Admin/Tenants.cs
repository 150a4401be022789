using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>POST /admin/tenants</c>, <c>GET</c> and <c>PUT /admin/tenants/{tenant}</c>, <c>POST /admin/tenants/{tenant}/domains</c>. Repeating any of them changes nothing.</summary>
internal static class Tenants
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapPost("/tenants", CreateAsync);
        admin.MapGet("/tenants/{tenant}", GetAsync);
        admin.MapPut("/tenants/{tenant}", PutAsync);
        admin.MapPost("/tenants/{tenant}/domains", AddDomainAsync);
    }

    private static async Task<IResult> CreateAsync(NewTenant body, IGrainFactory grains)
    {
        if (body.Id is null || !TenantId.IsValid(body.Id))
        {
            return Problem.BadRequest("a tenant's id is 1 to 40 of a-z, 0-9 and -");
        }

        var tenant = grains.GetGrain<ITenantGrain>(body.Id);
        await tenant.CreateAsync();
        return Results.Ok(View((await tenant.GetAsync())!));
    }

    private static async Task<IResult> GetAsync(string tenant, IGrainFactory grains) =>
        TenantId.IsValid(tenant) && await grains.GetGrain<ITenantGrain>(tenant).GetAsync() is { } info ? Results.Ok(View(info)) : Problem.NoTenant(tenant);

    private static async Task<IResult> PutAsync(string tenant, TenantUpdate update, IGrainFactory grains)
    {
        if (!StateNames.TryParse(update.State, AccountState.Active, out var state))
        {
            return Problem.BadRequest(StateNames.Rule);
        }

        var grain = TenantId.IsValid(tenant) ? grains.GetGrain<ITenantGrain>(tenant) : null;
        if (grain is null || await grain.GetAsync() is null)
        {
            return Problem.NoTenant(tenant);
        }

        if (update.State is not null)
        {
            await grain.SetStateAsync(state);
        }

        return Results.Ok(View((await grain.GetAsync())!));
    }

    private static async Task<IResult> AddDomainAsync(string tenant, NewDomain body, IGrainFactory grains)
    {
        if (body.Domain is null || !EmailAddress.TryParse($"postmaster@{body.Domain}", out var postmaster) || body.Domain.StartsWith('['))
        {
            return Problem.BadRequest($"'{body.Domain}' is no domain name");
        }

        var grain = TenantId.IsValid(tenant) ? grains.GetGrain<ITenantGrain>(tenant) : null;
        if (grain is null || await grain.GetAsync() is null)
        {
            return Problem.NoTenant(tenant);
        }

        return await grain.AddDomainAsync(postmaster.AsciiDomain)
            ? Results.Ok(View((await grain.GetAsync())!))
            : Problem.Conflict($"another tenant hosts {postmaster.AsciiDomain}");
    }

    private static object View(TenantInfo info) => new { id = info.Id.Value, domains = info.Domains, state = StateNames.Of(info.State) };

    private sealed record NewTenant(string? Id);

    private sealed record TenantUpdate(string? State);

    private sealed record NewDomain(string? Domain);
}
