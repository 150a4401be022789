using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET /admin/v1/tenants?after=&amp;limit=</c> and <c>GET /admin/v1/tenants/{tenant}/domains?after=&amp;limit=</c>: in order, a page at a time; <c>next</c> is the next page's <c>after</c>, null at
/// the end. A page has fewer where some of it are deleted.
/// </summary>
internal static class TenantList
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapGet("/tenants", GetTenantsAsync).Requires(AdminPermission.ReadDirectory, Reach.Caller).Answers<TenantPage>("listTenants", "The tenants within reach in order, a page at a time");
        admin.MapGet("/tenants/{tenant}/domains", GetDomainsAsync)
            .Requires(AdminPermission.ReadDirectory, Reach.Tenant).Answers<DomainPage>("listDomains", "A tenant's domains in order, a page at a time");
    }

    private static async Task<IResult> GetTenantsAsync(string? after, int? limit, Caller caller, IGrainFactory grains)
    {
        if (!Page.TryParse(limit, out var count))
        {
            return Problem.BadRequest(Page.Rule);
        }

        IReadOnlyList<string> ids = caller.Tenant is not { } own ? await grains.GetGrain<ITenantListGrain>(0).GetPageAsync(after ?? "", count)
            : string.CompareOrdinal(own.Value, after) > 0 ? [own.Value] : [];
        var found = await Task.WhenAll(ids.Select(id => grains.GetGrain<ITenantGrain>(id).GetAsync()));
        return Results.Ok(new TenantPage(found.OfType<TenantInfo>().Select(View), caller.Tenant is null && ids.Count == count ? ids[^1] : null));
    }

    private static async Task<IResult> GetDomainsAsync(string tenant, string? after, int? limit, IGrainFactory grains)
    {
        if (!Page.TryParse(limit, out var count))
        {
            return Problem.BadRequest(Page.Rule);
        }

        var grain = TenantId.IsValid(tenant) ? grains.GetGrain<ITenantGrain>(tenant) : null;
        if (grain is null || await grain.GetAsync() is not { } info)
        {
            return Problem.NoTenant(tenant);
        }

        var names = await grain.GetDomainPageAsync(after ?? "", count);
        var found = await Task.WhenAll(names.Select(async name =>
            await grains.GetGrain<IDomainGrain>(name).FindAsync() is { } domain && domain.Tenant == info.Id ? DomainView.Of(name, domain) : null));
        return Results.Ok(new DomainPage(found.OfType<DomainView>(), names.Count == count ? names[^1] : null));
    }

    private static TenantLine View(TenantInfo info) => new(info.Id.Value, info.State, info.Limits.Plan, info.Domains.Length);

    private sealed record TenantPage(IEnumerable<TenantLine> Tenants, string? Next);

    /// <param name="Domains">How many it has.</param>
    private sealed record TenantLine(string Id, AccountState State, string Plan, int Domains);

    private sealed record DomainPage(IEnumerable<DomainView> Domains, string? Next);
}
