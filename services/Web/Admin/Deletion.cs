using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>DELETE /admin/v1/domains/{domain}</c> and <c>/admin/v1/tenants/{tenant}</c>, <c>POST …/restore</c>: each is away at once, and can be brought back for a time.</summary>
internal static class Deletion
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapDelete("/domains/{domain}", DeleteDomainAsync).Requires(AdminPermission.ManageTenants, Reach.Platform)
            .Answers<DeletedDomain>("deleteDomain", "Takes a domain away at once, with all that it has; it can be restored for a time");
        admin.MapPost("/domains/{domain}/restore", RestoreDomainAsync).Requires(AdminPermission.ManageTenants, Reach.Platform)
            .Answers<RestoredDomain>("restoreDomain", "Brings a deleted domain back as it was");
        admin.MapDelete("/tenants/{tenant}", DeleteTenantAsync).Requires(AdminPermission.ManageTenants, Reach.Platform)
            .Answers<DeletedTenant>("deleteTenant", "Takes a tenant away at once, with all its domains; it can be restored for a time");
        admin.MapPost("/tenants/{tenant}/restore", RestoreTenantAsync).Requires(AdminPermission.ManageTenants, Reach.Platform)
            .Answers<RestoredTenant>("restoreTenant", "Brings a deleted tenant back as it was");
    }

    private static async Task<IResult> DeleteDomainAsync(string domain, Act act, IGrainFactory grains)
    {
        var name = NameOf(domain);
        return await grains.GetGrain<IDomainDeletionGrain>(name).DeleteAsync() is { } until ? Done(act, new DeletedDomain(name, until)) : Problem.NotHosted(name);
    }

    private static async Task<IResult> RestoreDomainAsync(string domain, Act act, IGrainFactory grains)
    {
        var name = NameOf(domain);
        return await grains.GetGrain<IDomainDeletionGrain>(name).RestoreAsync() && await grains.GetGrain<IDomainGrain>(name).GetTenantAsync() is { } tenant
            ? Done(act, new RestoredDomain(name, tenant.Value))
            : Problem.NotFound($"{name} is not deleted, or was for too long");
    }

    private static async Task<IResult> DeleteTenantAsync(string tenant, Act act, IGrainFactory grains) =>
        TenantId.IsValid(tenant) && await grains.GetGrain<ITenantDeletionGrain>(tenant).DeleteAsync() is { } until
            ? Done(act, new DeletedTenant(tenant, until))
            : Problem.NoTenant(tenant);

    private static async Task<IResult> RestoreTenantAsync(string tenant, Act act, IGrainFactory grains) =>
        TenantId.IsValid(tenant) && await grains.GetGrain<ITenantDeletionGrain>(tenant).RestoreAsync()
            ? Done(act, new RestoredTenant(tenant))
            : Problem.NotFound($"{tenant} is not deleted, or was for too long");

    private static IResult Done(Act act, object done)
    {
        act.Changed(null, done);
        return Results.Ok(done);
    }

    // What is no domain name is not hosted either.
    private static string NameOf(string domain) => new EmailAddress("", domain).AsciiDomain;

    private sealed record DeletedDomain(string Domain, DateTimeOffset RestorableUntil);

    private sealed record RestoredDomain(string Domain, string Tenant);

    private sealed record DeletedTenant(string Id, DateTimeOffset RestorableUntil);

    private sealed record RestoredTenant(string Id);
}
