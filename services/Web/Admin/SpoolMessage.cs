using System.Collections.Concurrent;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// One message that waits, for those of its recipients who wait: <c>GET /admin/v1/spool/{id}</c>, <c>POST /admin/v1/spool/{id}/retry</c> (it is due now) and <c>POST /admin/v1/spool/{id}/cancel</c>
/// (it is given up, and
/// nobody is told). Its recipients' domains choose the shards, so all of them are asked.
/// </summary>
internal static class SpoolMessage
{
    private const int ShardsAtATime = 16;

    /// <summary>Recipients of one message in one shard that are taken at a time.</summary>
    private const int PageSize = 500;

    public static void Map(IEndpointRouteBuilder admin)
    {
        admin.MapGet("/spool/{id}", (string id, Caller caller, IGrainFactory grains, CancellationToken cancellationToken) =>
            WithEntriesAsync(id, caller, grains, found => Task.FromResult(Results.Ok(new SpoolEntriesView(found.SelectMany(f => f.Entries).Select(SpoolList.View)))), cancellationToken))
                .Requires(AdminPermission.ReadMail, Reach.Caller).Answers<SpoolEntriesView>("getWaitingMessage", "One message that waits, a recipient each");
        admin.MapPost("/spool/{id}/retry", (string id, Caller caller, Act act, IGrainFactory grains, CancellationToken cancellationToken) =>
            WithEntriesAsync(id, caller, grains, found => RetryAsync(found, act, grains), cancellationToken))
            .Requires(AdminPermission.ManageMail, Reach.Caller).Answers<ChangedRecipients>("retryMessage", "It is due now");
        admin.MapPost("/spool/{id}/cancel", (string id, Caller caller, Act act, IGrainFactory grains, IMessageBlobs blobs, MessageTracer tracer, CancellationToken cancellationToken) =>
            WithEntriesAsync(id, caller, grains, found => CancelAsync(found, act, grains, blobs, tracer, cancellationToken), cancellationToken))
            .Requires(AdminPermission.ManageMail, Reach.Caller).Answers<ChangedRecipients>("cancelMessage", "It is given up, and nobody is told");
    }

    private static async Task<IResult> WithEntriesAsync(
        string id, Caller caller, IGrainFactory grains, Func<IReadOnlyCollection<Waiting>, Task<IResult>> act, CancellationToken cancellationToken)
    {
        if (!DeliveryId.TryParse(id, out var message))
        {
            return Problem.BadRequest($"'{id}' is no delivery id: it has 32 hexadecimal digits, as /admin/v1/spool lists it");
        }

        var found = new ConcurrentBag<Waiting>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ShardsAtATime, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, SpoolShards.Count), parallel, async (shard, _) =>
        {
            var entries = await EntriesAsync(grains.GetGrain<ISpoolGrain>(shard), SpoolFilter.Everything with { Message = message, Tenant = caller.Tenant });
            if (entries.Count > 0)
            {
                found.Add(new(shard, entries));
            }
        });
        return found.IsEmpty ? Problem.NotFound($"{id} does not wait: all its recipients have their outcome, or it is still in the delivery queue") : await act(found);
    }

    private static async Task<IReadOnlyList<SpoolEntry>> EntriesAsync(ISpoolGrain spool, SpoolFilter filter)
    {
        var entries = new List<SpoolEntry>();
        IReadOnlyList<SpoolEntry> page;
        do
        {
            page = await spool.GetPageAsync(filter, entries.Count == 0 ? "" : entries[^1].Key, PageSize);
            entries.AddRange(page);
        }
        while (page.Count == PageSize);
        return entries;
    }

    private static async Task<IResult> RetryAsync(IReadOnlyCollection<Waiting> found, Act act, IGrainFactory grains)
    {
        act.Changed(null, Written(found));
        var due = 0;
        foreach (var (shard, entries) in found)
        {
            due += await grains.GetGrain<ISpoolGrain>(shard).RetryAsync([.. entries.Select(e => e.Key)]);
        }

        return Results.Ok(new ChangedRecipients(due));
    }

    // The outcome first: a body that loses its owner before is missed by whoever has the entry in hand.
    private static async Task<IResult> CancelAsync(IReadOnlyCollection<Waiting> found, Act act, IGrainFactory grains, IMessageBlobs blobs, MessageTracer tracer, CancellationToken cancellationToken)
    {
        act.Changed(Written(found), null);
        foreach (var (shard, entries) in found)
        {
            await grains.GetGrain<ISpoolGrain>(shard).ReportAsync([.. entries.Select(e => new SpoolReport { Key = e.Key, Final = true })]);
            tracer.Add([.. entries.Select(e => Cancelled(e, tracer.Time.GetUtcNow()))]);
            foreach (var entry in entries)
            {
                var owner = entry.Kind == SpoolKind.Local ? BodyOwner.Mailbox(entry.Recipient.Mailboxes[0]) : BodyOwner.Spool(entry.Message.Id, entry.Recipient.Remote[0]);
                await blobs.ReleaseAsync(entry.Message.Body.Name, owner, cancellationToken);
            }
        }

        return Results.Ok(new ChangedRecipients(found.Sum(f => f.Entries.Count)));
    }

    // As the audit log has it: whose message, and who waits. Said before it is done, as half of it may be.
    private static object Written(IReadOnlyCollection<Waiting> found)
    {
        var entries = found.SelectMany(waiting => waiting.Entries).ToList();
        return new
        {
            Tenant = entries[0].Message.Tenant.Value,
            Sender = entries[0].Message.Envelope.Sender?.ToString() ?? "",
            Recipients = entries.Select(entry => entry.Recipient.Address.ToString()).Order(StringComparer.Ordinal),
        };
    }

    private static TraceEvent Cancelled(SpoolEntry entry, DateTimeOffset now) => new()
    {
        Delivery = entry.Message.Id,
        At = now,
        Kind = TraceKind.Cancelled,
        Recipients = [MessageTracer.NameOf(entry)],
    };

    private sealed record SpoolEntriesView(IEnumerable<SpoolEntryView> Entries);

    private sealed record ChangedRecipients(int Recipients);

    private sealed record Waiting(int Shard, IReadOnlyList<SpoolEntry> Entries);
}
