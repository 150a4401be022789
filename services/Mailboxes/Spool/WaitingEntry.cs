using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>An entry in memory. It stands in one place: among its tenant's that are ready, or in the line of those that wait for a moment (their due time, or the end of a lease).</summary>
internal sealed class WaitingEntry(string key, SpoolEntry entry, int page)
{
    public string Key => key;

    public SpoolEntry Entry { get; set; } = entry;

    /// <summary>The page that it was loaded from; 0 when it stands in the manifest or in the journal.</summary>
    public int Page { get; set; } = page;

    public TenantQueue Queue { get; set; } = null!;

    /// <summary>In which order entries came into memory: of two with the same time the first goes first.</summary>
    public long Sequence { get; set; }

    /// <summary>The moment that it waits for.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>Null while nobody has it.</summary>
    public DateTimeOffset? LeasedUntil { get; set; }

    /// <summary>Null while it is not ready.</summary>
    public MessageGroup? Group { get; set; }

    /// <summary>The order in which a tenant's entries are leased: by priority, then by due time.</summary>
    public static int InOrder(WaitingEntry a, WaitingEntry b) =>
        b.Entry.Message.Envelope.Priority.CompareTo(a.Entry.Message.Envelope.Priority) is not 0 and var byPriority ? byPriority
        : a.Entry.DueAt.CompareTo(b.Entry.DueAt) is not 0 and var byDue ? byDue
        : a.Sequence.CompareTo(b.Sequence);

    public static int ByMoment(WaitingEntry a, WaitingEntry b) => a.At.CompareTo(b.At) is not 0 and var byMoment ? byMoment : a.Sequence.CompareTo(b.Sequence);

    public static string DestinationOf(SpoolEntry entry) => entry.Kind == SpoolKind.Local ? SpoolQueues.Local : entry.Recipient.Remote[0].AsciiDomain;
}

/// <summary>The ready entries of one message for one destination: they are leased together.</summary>
internal sealed class MessageGroup(WaitingEntry first)
{
    public DeliveryId Message { get; } = first.Entry.Message.Id;

    public int Priority { get; } = first.Entry.Message.Envelope.Priority;

    public DateTimeOffset DueAt { get; } = first.Entry.DueAt;

    public List<WaitingEntry> Entries { get; } = [];

    private readonly long sequence = first.Sequence;

    public static int InOrder(MessageGroup a, MessageGroup b) =>
        b.Priority.CompareTo(a.Priority) is not 0 and var byPriority ? byPriority
        : a.DueAt.CompareTo(b.DueAt) is not 0 and var byDue ? byDue
        : a.sequence.CompareTo(b.sequence);
}
