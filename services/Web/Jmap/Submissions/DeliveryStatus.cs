using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>What became of a submission for each of its recipients (RFC 8621 §7), as the trace of messages has it now. Nothing is kept of it.</summary>
internal static class DeliveryStatus
{
    /// <summary>Mail is given up after 5 days, and what is late is told of within hours.</summary>
    private static readonly TimeSpan LongestDelivery = TimeSpan.FromDays(6);

    private const string Queued = "250 2.0.0 queued";

    private const int MaxEvents = 1000;

    private const int ShardsAtATime = 4;

    /// <summary>Reports that are told of: those of two a recipient, late and failed, to so many.</summary>
    private const int MostReports = 100;

    /// <param name="Status">By address.</param>
    /// <param name="Reports">Messages that were sent to its sender about it, the oldest first.</param>
    public sealed record Told(JsonObject Status, IReadOnlyList<DeliveryId> Reports);

    public static async Task<Told> ReadAsync(JmapServices services, MailSubmission submission, CancellationToken cancellationToken)
    {
        var reports = new List<TraceEvent>();
        var outcomes = submission.Undo == UndoStatus.Final ? await FindAsync(services, submission, reports, cancellationToken).ConfigureAwait(false) : [];
        var isOver = services.Time.GetUtcNow() > submission.SendAt + LongestDelivery;
        return new(
            new(submission.To.Select(to => KeyValuePair.Create(to.Email, (JsonNode?)Of(to, submission.Undo, outcomes, isOver)))),
            [.. reports.OrderBy(report => report.At).Select(report => report.Other).OfType<DeliveryId>().Distinct().Take(MostReports)]);
    }

    private static JsonObject Of(SentAddress to, UndoStatus undo, Dictionary<string, TraceEvent> outcomes, bool isOver)
    {
        var last = EmailAddress.TryParse(to.Email, out var address) ? outcomes.GetValueOrDefault(address.Key) : null;
        var (reply, delivered) = last?.Kind switch
        {
            TraceKind.Filed or TraceKind.Shown => ("250 2.1.5 delivered", "yes"),

            // The next host has it: what became of it there it tells nobody, or in a report.
            TraceKind.Relayed => (last.Reply ?? Queued, "unknown"),
            TraceKind.Expanded => ("250 2.1.5 sent to the members", "unknown"),
            TraceKind.Failed => (last.Reply ?? "550 5.0.0 failed", "no"),
            TraceKind.Cancelled => ("550 5.0.0 cancelled", "no"),
            TraceKind.Deferred => (last.Reply ?? Queued, "queued"),
            _ => undo == UndoStatus.Canceled ? (Queued, "no") : (Queued, isOver ? "unknown" : "queued"),
        };
        return new() { ["smtpReply"] = reply, ["delivered"] = delivered, ["displayed"] = "unknown" };
    }

    /// <summary>The last event of each recipient by the address' key, and what its sender was told. The hours are asked one after another until all recipients have their outcome, which most have in the first.</summary>
    private static async Task<Dictionary<string, TraceEvent>> FindAsync(
        JmapServices services, MailSubmission submission, List<TraceEvent> reports, CancellationToken cancellationToken)
    {
        var outcomes = new Dictionary<string, TraceEvent>(StringComparer.Ordinal);
        var now = services.Time.GetUtcNow();
        var until = submission.SendAt + LongestDelivery < now ? submission.SendAt + LongestDelivery : now;
        foreach (var message in submission.Messages)
        {
            var id = message.Delivery.ToString();
            var from = submission.SendAt > now - services.Sending.TraceRetention ? submission.SendAt : now - services.Sending.TraceRetention;
            foreach (var shards in TraceShards.Between(id, from, until).Chunk(ShardsAtATime))
            {
                foreach (var happened in (await AskAsync(services, shards, id, cancellationToken).ConfigureAwait(false)).OrderBy(happened => happened.At).ThenBy(happened => happened.Kind))
                {
                    Take(outcomes, reports, happened);
                }

                if (message.Recipients.All(recipient => outcomes.GetValueOrDefault(recipient.Address.Key) is { } last && IsFinal(last.Kind)))
                {
                    break;
                }
            }
        }

        return outcomes;
    }

    private static async Task<IEnumerable<TraceEvent>> AskAsync(JmapServices services, string[] shards, string id, CancellationToken cancellationToken)
    {
        var found = new ConcurrentBag<TraceEvent>();
        await Parallel.ForEachAsync(shards, cancellationToken, async (shard, ct) =>
        {
            foreach (var happened in await services.Calls.CallAsync(() => services.Grains.GetGrain<ITraceGrain>(shard).FindAsync(id, MaxEvents), ct).ConfigureAwait(false))
            {
                found.Add(happened);
            }
        }).ConfigureAwait(false);
        return found;
    }

    private static void Take(Dictionary<string, TraceEvent> outcomes, List<TraceEvent> reports, TraceEvent happened)
    {
        if (happened.Kind == TraceKind.Reported)
        {
            reports.Add(happened);
        }
        else if (happened.Kind is TraceKind.Spooled or TraceKind.Deferred || IsFinal(happened.Kind))
        {
            foreach (var name in happened.Recipients)
            {
                // "address (to other)" is one that is forwarded.
                if (EmailAddress.TryParse(name.Split(' ')[0], out var address))
                {
                    outcomes[address.Key] = happened;
                }
            }
        }
    }

    private static bool IsFinal(TraceKind kind) =>
        kind is TraceKind.Filed or TraceKind.Shown or TraceKind.Relayed or TraceKind.Failed or TraceKind.Cancelled or TraceKind.Expanded;
}
