using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET /admin/v1/spool?after=&amp;tenant=&amp;destination=&amp;kind=&amp;acceptedBefore=</c>: mail that waits for its next attempt, a page at a time over all shards; <c>next</c> is the next
/// page's <c>after</c>,
/// null at the end. Only what is within the caller's reach.
/// </summary>
internal static class SpoolList
{
    private const int PageSize = 200;

    public static void Map(IEndpointRouteBuilder admin) => admin.MapGet("/spool", GetAsync)
        .Requires(AdminPermission.ReadMail, Reach.Caller).Answers<SpoolPageView>("listSpool", "Mail that waits for its next attempt, a page at a time");

    /// <summary>An entry as the admin API shows it.</summary>
    public static SpoolEntryView View(SpoolEntry entry) => new(
        entry.Message.Id.ToString(),
        entry.Message.Tenant.Value,
        entry.Kind,
        entry.Message.Envelope.Sender?.ToString() ?? "",
        entry.Recipient.Address.ToString(),
        entry.Kind == SpoolKind.Outbound ? entry.Recipient.Remote[0].ToString() : entry.Recipient.Mailboxes[0].Value,
        entry.Message.Body.Length,
        entry.Message.Id.AcceptedAt,
        entry.Attempts,
        entry.DueAt,
        entry.LastError);

    private static async Task<IResult> GetAsync(
        string? after, string? tenant, string? destination, string? kind, DateTimeOffset? acceptedBefore, Caller caller, IGrainFactory grains)
    {
        // shard:key
        var position = (after ?? "0:").Split(':', 2);
        if (position.Length != 2 || !int.TryParse(position[0], out var shard) || shard is < 0 or >= SpoolShards.Count)
        {
            return Problem.BadRequest("after is the value that the page before gave as next");
        }

        if (kind is not (null or "local" or "outbound"))
        {
            return Problem.BadRequest("kind is local or outbound");
        }

        if (tenant is not null && !caller.Reaches(new(tenant)))
        {
            return Problem.NoTenant(tenant);
        }

        var filter = new SpoolFilter
        {
            Kind = kind is null ? null : kind == "local" ? SpoolKind.Local : SpoolKind.Outbound,
            Tenant = tenant is null ? caller.Tenant : new TenantId(tenant),
            Destination = destination is null ? null : new EmailAddress("", destination).AsciiDomain,
            AcceptedBefore = acceptedBefore,
        };

        // All mail to one domain waits in one shard.
        var last = filter.Destination is null ? SpoolShards.Count - 1 : SpoolShards.Of(filter.Destination);
        var from = position[1];
        for (shard = filter.Destination is null ? shard : last; shard <= last; shard++, from = "")
        {
            var entries = await grains.GetGrain<ISpoolGrain>(shard).GetPageAsync(filter, from, PageSize);
            if (entries.Count > 0)
            {
                var next = entries.Count == PageSize ? $"{shard}:{entries[^1].Key}" : shard < last ? $"{shard + 1}:" : null;
                return Results.Ok(new SpoolPageView(entries.Select(View), next));
            }
        }

        return Results.Ok(new SpoolPageView([], null));
    }
}

internal sealed record SpoolPageView(IEnumerable<SpoolEntryView> Entries, string? Next);

/// <param name="Sender">Empty for a report.</param>
/// <param name="Destination">The address on the other host, or the mailbox here.</param>
internal sealed record SpoolEntryView(
    string Id, string Tenant, SpoolKind Kind, string Sender, string Recipient, string Destination, long Octets, DateTimeOffset AcceptedAt, int Attempts, DateTimeOffset DueAt, string? LastError);
