using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>POST /admin/tenants</c> and <c>POST /admin/tenants/{tenant}/domains</c>. Repeating either changes nothing.</summary>
internal static class Tenants
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapPost("/tenants", CreateAsync);
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
        return Results.Ok(await DescribeAsync(tenant));
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
            return Problem.NotFound($"there is no tenant {tenant}: POST it to /admin/tenants first");
        }

        return await grain.AddDomainAsync(postmaster.AsciiDomain)
            ? Results.Ok(await DescribeAsync(grain))
            : Problem.Conflict($"another tenant hosts {postmaster.AsciiDomain}");
    }

    private static async Task<object> DescribeAsync(ITenantGrain grain)
    {
        var info = await grain.GetAsync();
        return new { id = info!.Id.Value, domains = info.Domains };
    }

    private sealed record NewTenant(string? Id);

    private sealed record NewDomain(string? Domain);
}
