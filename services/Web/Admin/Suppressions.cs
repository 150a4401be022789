using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET /admin/v1/tenants/{tenant}/suppressions?prefix=&amp;after=</c> and <c>GET</c>, <c>PUT</c>, <c>DELETE /admin/v1/tenants/{tenant}/suppressions/{address}</c>: the addresses on other hosts to
/// which none of the tenant's mail goes. In order of the addresses, a page at a time; <c>next</c> is the next page's <c>after</c>, null at the end.
/// </summary>
internal static class Suppressions
{
    private const int PageSize = 200;

    public static void Map(IEndpointRouteBuilder admin)
    {
        var list = admin.MapGroup("/tenants/{tenant}/suppressions");
        list.MapGet("", ListAsync).Requires(AdminPermission.ReadMail, Reach.Tenant).Answers<SuppressionPage>("listSuppressions", "Addresses on other hosts to which none of the tenant's mail goes");
        list.MapGet("/{address}", (string tenant, string address, IGrainFactory grains) => WithAsync(tenant, address, grains, ShowAsync)).Requires(AdminPermission.ReadMail, Reach.Tenant)
            .Answers<SuppressionView>("getSuppression", "One of them");
        list.MapPut("/{address}", (string tenant, string address, Listing body, Act act, IGrainFactory grains, TimeProvider time) =>
            WithAsync(tenant, address, grains, (part, listed) => AddAsync(part, listed, tenant, body, act, grains, time))).Requires(AdminPermission.ManageMail, Reach.Tenant)
            .Answers<SuppressionView>("addSuppression", "Lists an address until it is removed");
        list.MapDelete("/{address}", (string tenant, string address, Act act, IGrainFactory grains) =>
            WithAsync(tenant, address, grains, (part, listed) => RemoveAsync(part, listed, act))).Requires(AdminPermission.ManageMail, Reach.Tenant)
            .Answers<RemovedSuppression>("removeSuppression", "Takes an address off the list");
    }

    private static async Task<IResult> ListAsync(string tenant, string? prefix, string? after, IGrainFactory grains)
    {
        if (await FindTenantAsync(tenant, grains) is not { } id)
        {
            return Problem.NoTenant(tenant);
        }

        // A page of each part holds the page of all: the parts split the list by hash.
        var used = await grains.GetGrain<ISuppressionIndexGrain>(tenant).GetUsedAsync();
        var pages = await Task.WhenAll(Enumerable.Range(0, SuppressionList.Buckets).Where(bucket => SuppressionList.IsUsed(used, bucket))
            .Select(bucket => PartOf(id, bucket, grains).GetPageAsync(prefix ?? "", after ?? "", PageSize)));
        var keys = pages.SelectMany(page => page).Order(StringComparer.Ordinal).Take(PageSize).ToList();
        var found = await Task.WhenAll(keys.GroupBy(SuppressionList.BucketOf).Select(bucket => PartOf(id, bucket.Key, grains).FindAsync([.. bucket])));
        return Results.Ok(new SuppressionPage(
            found.SelectMany(part => part).OrderBy(listed => listed.Address, StringComparer.Ordinal).Select(View),
            keys.Count == PageSize ? keys[^1] : null));
    }

    private static async Task<IResult> ShowAsync(ISuppressionGrain part, EmailAddress address) =>
        await FindAsync(part, address) is { } listed ? Results.Ok(listed) : NotListed(address);

    private static async Task<IResult> AddAsync(ISuppressionGrain part, EmailAddress address, string tenant, Listing body, Act act, IGrainFactory grains, TimeProvider time)
    {
        if (body.Reason is { Length: > Suppression.MaxReason })
        {
            return Problem.BadRequest($"a reason has {Suppression.MaxReason} characters at most");
        }

        // Whether another tenant has the domain is nobody's business: such an entry is of no use, and does no harm.
        if (await grains.GetGrain<IDomainGrain>(address.AsciiDomain).GetTenantAsync() == new TenantId(tenant))
        {
            return Problem.BadRequest($"{address.AsciiDomain} is hosted here: the list is about mail that goes to other hosts");
        }

        var before = await FindAsync(part, address);
        await part.AddAsync(new() { Address = address.Key, At = time.GetUtcNow(), Reason = body.Reason ?? "", ByAdministrator = true });
        act.Changed(before, await FindAsync(part, address));
        return await ShowAsync(part, address);
    }

    private static async Task<IResult> RemoveAsync(ISuppressionGrain part, EmailAddress address, Act act)
    {
        var before = await FindAsync(part, address);
        if (!await part.RemoveAsync(address.Key))
        {
            return NotListed(address);
        }

        act.Changed(before, null);
        return Results.Ok(new RemovedSuppression(address.Key));
    }

    private static async Task<SuppressionView?> FindAsync(ISuppressionGrain part, EmailAddress address) => await part.FindAsync([address.Key]) is [var listed] ? View(listed) : null;

    private static async Task<IResult> WithAsync(string tenant, string address, IGrainFactory grains, Func<ISuppressionGrain, EmailAddress, Task<IResult>> act) =>
        !EmailAddress.TryParse(address, out var parsed) ? Problem.NoAddress(address)
        : await FindTenantAsync(tenant, grains) is not { } id ? Problem.NoTenant(tenant)
        : await act(PartOf(id, SuppressionList.BucketOf(parsed.Key), grains), parsed);

    private static async Task<TenantId?> FindTenantAsync(string tenant, IGrainFactory grains) =>
        TenantId.IsValid(tenant) && await grains.GetGrain<ITenantGrain>(tenant).GetAsync() is { } found ? found.Id : null;

    private static ISuppressionGrain PartOf(TenantId tenant, int bucket, IGrainFactory grains) => grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(tenant, bucket));

    private static IResult NotListed(EmailAddress address) => Problem.NotFound($"{address.Key} is not on the suppression list");

    private static SuppressionView View(Suppression listed) =>
        new(listed.Address, listed.At, listed.ByAdministrator ? "administrator" : "refusal", listed.Reason, listed.Host, listed.Until);

    private sealed record SuppressionPage(IEnumerable<SuppressionView> Suppressions, string? Next);

    /// <param name="By">administrator or refusal.</param>
    private sealed record SuppressionView(string Address, DateTimeOffset At, string By, string Reason, string? Host, DateTimeOffset? Until);

    private sealed record RemovedSuppression(string Address);

    private sealed record Listing(string? Reason);
}
