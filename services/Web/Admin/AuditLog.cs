using System.Globalization;
using System.Text.Json;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET /admin/v1/audit?after=&amp;since=&amp;limit=</c> and <c>GET /admin/v1/tenants/{tenant}/audit</c>: what administrators did, the oldest first, a page at a time; <c>next</c> is the next
/// page's <c>after</c>,
/// null at the end.
/// </summary>
internal static class AuditLog
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapGet("/audit", (string? after, DateTimeOffset? since, int? limit, IGrainFactory grains) => ListAsync(null, after, since, limit, grains))
            .Requires(AdminPermission.ReadAudit, Reach.Platform).Answers<AuditPage>("listPlatformAudit", "What administrators did that is of no tenant, the oldest first");
        admin.MapGet("/tenants/{tenant}/audit", (string tenant, string? after, DateTimeOffset? since, int? limit, IGrainFactory grains) =>
            ListOfAsync(tenant, after, since, limit, grains))
                .Requires(AdminPermission.ReadAudit, Reach.Tenant).Answers<AuditPage>("listAudit", "What administrators did with a tenant's things, the oldest first");
    }

    private static async Task<IResult> ListOfAsync(string tenant, string? after, DateTimeOffset? since, int? limit, IGrainFactory grains) =>
        TenantId.IsValid(tenant) && await grains.GetGrain<ITenantGrain>(tenant).GetAsync() is { } found
            ? await ListAsync(found.Id, after, since, limit, grains)
            : Problem.NoTenant(tenant);

    private static async Task<IResult> ListAsync(TenantId? tenant, string? after, DateTimeOffset? since, int? limit, IGrainFactory grains)
    {
        if (!Page.TryParse(limit, out var count))
        {
            return Problem.BadRequest(Page.Rule);
        }

        if (!long.TryParse(after ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var last))
        {
            return Problem.BadRequest("after is the value that the page before gave as next");
        }

        var records = await grains.GetGrain<IAuditGrain>(AuditLogs.KeyOf(tenant)).GetPageAsync(last, since ?? DateTimeOffset.MinValue, count);
        var next = records.Count == count ? records[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null;
        return Results.Ok(new AuditPage(records.Select(AuditView.Of), next));
    }
}

internal sealed record AuditPage(IEnumerable<AuditView> Records, string? Next);

/// <summary>A record as the API shows it. <paramref name="Token"/> is null for the platform's own; <paramref name="Status"/> while it is being done, or when nobody knows what became of it.</summary>
internal sealed record AuditView(
    long Sequence, Guid Id, DateTimeOffset At, string? Token, string Name, AdminRole Role, string From, string Operation, string Path, int? Status, JsonElement? Before, JsonElement? After)
{
    public static AuditView Of(AuditRecord record) => new(
        record.Sequence,
        record.Act,
        record.At,
        record.TokenId,
        record.Name,
        record.Role,
        record.From,
        record.Operation,
        record.Path,
        record.Status,
        Parse(record.Before),
        Parse(record.After));

    private static JsonElement? Parse(string? json) => json is null ? null : JsonElement.Parse(json);
}
