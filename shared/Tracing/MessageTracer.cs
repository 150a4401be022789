using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Tracing;

/// <summary>
/// Records what becomes of messages, for <c>mailcloud trace</c>. It costs its caller no wait and no write: events go into a bounded buffer. What one step may record of one message is bounded too.
/// </summary>
public sealed class MessageTracer
{
    /// <summary>Events that one step records of one message; what is beyond is one event of each kind.</summary>
    private const int MaxEvents = 100;

    /// <summary>Addresses that the events of one step name.</summary>
    private const int MaxNamed = 200;

    /// <summary>Characters of a reply; what the relay keeps of one.</summary>
    private const int MaxText = 1000;

    private readonly TraceBuffer? buffer;

    internal MessageTracer(TraceBuffer buffer, TracingOptions options, TimeProvider time)
    {
        this.buffer = options.Retention > TimeSpan.Zero ? buffer : null;
        Time = time;
    }

    public TimeProvider Time { get; }

    /// <summary>An entry's recipient, and where its copy goes when that is another address.</summary>
    public static string NameOf(SpoolEntry entry) =>
        entry is { Kind: SpoolKind.Outbound, Recipient: { Address: var address, Remote: [var remote, ..] } } && address.Key != remote.Key ? $"{address} (to {remote})" : entry.Recipient.Address.ToString();

    /// <summary>A message got its delivery id, or is refused under it.</summary>
    /// <param name="messageId">Normalized; empty when it has none, so that it can be asked for by its delivery id only.</param>
    /// <param name="happened">What is recorded of it.</param>
    public void Began(string messageId, TraceEvent happened)
    {
        if (messageId.Length > 0)
        {
            buffer?.Add(new() { Delivery = happened.Delivery, At = happened.At, Kind = TraceKind.Named, MessageId = messageId });
        }

        Add([messageId.Length > 0 ? happened with { MessageId = messageId } : happened]);
    }

    /// <summary>What one step made of one message.</summary>
    /// <param name="happened">One event for each recipient, or several; those that say the same become one.</param>
    public void Add(IReadOnlyList<TraceEvent> happened)
    {
        if (buffer is null)
        {
            return;
        }

        var room = MaxNamed;
        foreach (var one in happened.Count == 1 ? happened : Summarised(happened))
        {
            var named = Math.Min(room, one.Recipients.Count);
            room -= named;
            buffer.Add(one with { Count = Math.Max(one.Count, one.Recipients.Count), Recipients = [.. one.Recipients.Take(named)], Reply = Cut(one.Reply) });
        }
    }

    private static IEnumerable<TraceEvent> Summarised(IReadOnlyList<TraceEvent> happened)
    {
        var same = happened.GroupBy(e => (e.Kind, e.Reply, e.Filing, e.Hop, e.Other, e.DueAt)).Select(Together).ToList();
        return same.Take(MaxEvents).Concat(same.Skip(MaxEvents).GroupBy(e => e.Kind).Select(rest => Together(rest) with { Reply = null, Filing = null, Hop = null, Other = null, DueAt = null }));
    }

    private static TraceEvent Together(IEnumerable<TraceEvent> events)
    {
        var all = events.ToList();
        return all.Count == 1
            ? all[0]
            : all[0] with { Recipients = [.. all.SelectMany(e => e.Recipients).Take(MaxNamed)], Count = all.Sum(e => Math.Max(e.Count, e.Recipients.Count)) };
    }

    private static string? Cut(string? text) => text?.Length > MaxText ? text[..MaxText] : text;
}
