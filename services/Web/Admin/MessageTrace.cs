using System.Collections.Concurrent;
using System.Text.Json;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET /admin/v1/trace?message-id=</c>: what became of the messages with a Message-ID, or with a delivery id: <c>{messages: [{id, messageId, events}], more}</c>, each message's events in order
/// of time.
/// A Message-ID says which delivery ids it has, and these say what happened.
/// </summary>
internal static class MessageTrace
{
    private const int ShardsAtATime = 16;

    /// <summary>Messages that are shown: a Message-ID that more of them have is some mass mailer's.</summary>
    private const int MaxMessages = 20;

    /// <summary>Events of one message. Five days of attempts at one destination are about 60.</summary>
    private const int MaxEvents = 1000;

    public static void Map(IEndpointRouteBuilder admin) => admin.MapGet("/trace", GetAsync)
        .Requires(AdminPermission.ReadMail, Reach.Platform).Answers<TraceView>("trace", "What became of messages with a Message-ID, or with a delivery id");

    private static async Task<IResult> GetAsync(
        [FromQuery(Name = "message-id")] string? messageId, IGrainFactory grains, TracingOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var id = MessageIds.Normalize(messageId ?? "");
        if (id.Length == 0)
        {
            return Problem.BadRequest("message-id is a Message-ID or a delivery id: /admin/v1/trace?message-id=ID");
        }

        if (options.Retention == TimeSpan.Zero)
        {
            return Problem.NotFound("what becomes of messages is not recorded here: Tracing:Retention is 0");
        }

        var reader = new Reader(grains, time.GetUtcNow() - options.Retention, time.GetUtcNow(), cancellationToken);
        var waiting = await DeliveriesOf(id, reader);
        var messages = new List<TracedMessage>();
        var seen = new HashSet<DeliveryId>();
        while (messages.Count < MaxMessages && waiting.TryDequeue(out var delivery))
        {
            if (seen.Add(delivery) && await reader.FindAsync(delivery.ToString(), delivery.AcceptedAt) is { Count: > 0 } events)
            {
                messages.Add(View(delivery, events));

                // What goes on as another message belongs to it.
                foreach (var other in events.Where(e => e.Kind is TraceKind.Returned or TraceKind.Expanded && e.Other is not null))
                {
                    waiting.Enqueue(other.Other!.Value);
                }
            }
        }

        return messages.Count == 0
            ? Problem.NotFound($"nothing is known of {id}: no message with it came in the last {options.Retention.TotalDays:0.#} days, or all its recipients were refused before it began")
            : Results.Ok(new TraceView(messages, waiting.Count > 0));
    }

    private static async Task<Queue<DeliveryId>> DeliveriesOf(string id, Reader reader)
    {
        var named = (await reader.FindAsync(id, DateTimeOffset.MinValue)).Where(e => e.Kind == TraceKind.Named).Select(e => e.Delivery).Distinct();
        return new(DeliveryId.TryParse(id, out var delivery) ? [delivery, .. named] : named);
    }

    private static TracedMessage View(DeliveryId id, IReadOnlyList<TraceEvent> events) => new(id.ToString(), events.FirstOrDefault(e => e.MessageId is not null)?.MessageId, events.Select(View));

    private static TraceEventView View(TraceEvent happened) => new(
        happened.At,
        JsonNamingPolicy.CamelCase.ConvertName(happened.Kind.ToString()),
        happened.Recipients,
        happened.Count,
        happened.Reply,
        happened.Session,
        happened.Filing,
        happened.Hop,
        happened.Other?.ToString(),
        happened.DueAt);

    /// <param name="More">There are more messages than are shown.</param>
    private sealed record TraceView(IReadOnlyList<TracedMessage> Messages, bool More);

    private sealed record TracedMessage(string Id, string? MessageId, IEnumerable<TraceEventView> Events);

    private sealed record TraceEventView(
        DateTimeOffset At, string Kind, IReadOnlyList<string> Recipients, int Count, string? Reply, TraceSession? Session, TraceFiling? Filing, TraceHop? Hop, string? Other, DateTimeOffset? DueAt);

    /// <summary>Asks the shards of the hours between two moments.</summary>
    private sealed class Reader(IGrainFactory grains, DateTimeOffset oldest, DateTimeOffset newest, CancellationToken cancellationToken)
    {
        /// <summary>In order of time; what a shard took twice, because its answer was lost, once.</summary>
        public async Task<IReadOnlyList<TraceEvent>> FindAsync(string id, DateTimeOffset since)
        {
            var found = new ConcurrentBag<TraceEvent>();
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = ShardsAtATime, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(TraceShards.Between(id, since > oldest ? since : oldest, newest), parallel, async (shard, _) =>
            {
                foreach (var happened in await grains.GetGrain<ITraceGrain>(shard).FindAsync(id, MaxEvents))
                {
                    found.Add(happened);
                }
            });
            return [.. found.OrderBy(e => e.At).ThenBy(e => e.Kind).DistinctBy(e => JsonSerializer.Serialize(View(e))).Take(MaxEvents)];
        }
    }
}
