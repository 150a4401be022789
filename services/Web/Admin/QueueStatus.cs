using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary><c>GET /admin/v1/queue</c>, <c>GET /admin/v1/queue/parked</c> and <c>POST /admin/v1/queue/parked/{id}/replay</c>.</summary>
internal static class QueueStatus
{
    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapGet("/queue", GetDepthAsync)
            .Requires(AdminPermission.Operate, Reach.Platform).Answers<QueueDepthView>("getQueue", "How many entries wait in the delivery queue, and how many are parked");
        admin.MapGet("/queue/parked", ListParkedAsync).Requires(AdminPermission.Operate, Reach.Platform).Answers<IEnumerable<ParkedView>>("listParked", "Entries set aside for an operator");
        admin.MapPost("/queue/parked/{id}/replay", ReplayAsync).Requires(AdminPermission.Operate, Reach.Platform).Answers<ReplayedEntry>("replayParked", "Puts an entry back into the queue");
    }

    private static async Task<IResult> GetDepthAsync(IMailQueue queue, CancellationToken cancellationToken)
    {
        var depth = await queue.GetDepthAsync(cancellationToken);
        return Results.Ok(new QueueDepthView(depth.Waiting, depth.Parked));
    }

    /// <summary>A JSON array, streamed.</summary>
    private static IAsyncEnumerable<ParkedView> ListParkedAsync(IMailQueue queue, CancellationToken cancellationToken) => queue.ListParkedAsync(cancellationToken).Select(parked => new ParkedView(
        parked.Message.Id.ToString(),
        parked.ParkedAt,
        parked.Reason,
        parked.Message.Tenant.Value,
        parked.Message.Envelope.Sender?.ToString() ?? "",
        parked.Message.Envelope.Recipients.Select(r => r.Address.ToString()),
        parked.Message.Body.Length));

    private static async Task<IResult> ReplayAsync(string id, Act act, IMailQueue queue, CancellationToken cancellationToken)
    {
        if (!DeliveryId.TryParse(id, out var delivery))
        {
            return Problem.BadRequest($"'{id}' is no delivery id: it has 32 hexadecimal digits, as /admin/v1/queue/parked lists it");
        }

        if (!await queue.ReplayParkedAsync(delivery, cancellationToken))
        {
            return Problem.NotFound($"{id} is not parked: it was replayed already, or never was");
        }

        act.Changed(new { place = "parked" }, new { place = "queue" });
        return Results.Ok(new ReplayedEntry(id));
    }

    private sealed record QueueDepthView(long Waiting, long Parked);

    private sealed record ReplayedEntry(string Id);

    private sealed record ParkedView(string Id, DateTimeOffset ParkedAt, string Reason, string Tenant, string Sender, IEnumerable<string> Recipients, long Octets);
}
