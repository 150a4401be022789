using MailCloud.MailboxContracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>GET /admin/spool?after=</c>: mail that waits for its next attempt, a page at a time over all shards; <c>next</c> is the next page's <c>after</c>, null at the end.</summary>
internal static class SpoolList
{
    private const int PageSize = 200;

    public static void Map(IEndpointRouteBuilder admin) => admin.MapGet("/spool", GetAsync);

    private static async Task<IResult> GetAsync(string? after, IGrainFactory grains)
    {
        // shard:key
        var position = (after ?? "0:").Split(':', 2);
        if (position.Length != 2 || !int.TryParse(position[0], out var shard) || shard is < 0 or >= SpoolShards.Count)
        {
            return Problem.BadRequest("after is the value that the page before gave as next");
        }

        var from = position[1];
        for (; shard < SpoolShards.Count; shard++, from = "")
        {
            var entries = await grains.GetGrain<ISpoolGrain>(shard).GetPageAsync(from, PageSize);
            if (entries.Count > 0)
            {
                var next = entries.Count == PageSize ? $"{shard}:{entries[^1].Key}" : shard + 1 < SpoolShards.Count ? $"{shard + 1}:" : null;
                return Results.Ok(new { entries = entries.Select(View), next });
            }
        }

        return Results.Ok(new { entries = Array.Empty<object>(), next = (string?)null });
    }

    private static object View(SpoolEntry entry) => new
    {
        id = entry.Message.Id.ToString(),
        tenant = entry.Message.Tenant.Value,
        kind = entry.Kind.ToString().ToLowerInvariant(),
        sender = entry.Message.Envelope.Sender?.ToString() ?? "",
        recipient = entry.Recipient.Address.ToString(),
        attempts = entry.Attempts,
        dueAt = entry.DueAt,
        lastError = entry.LastError,
    };
}
