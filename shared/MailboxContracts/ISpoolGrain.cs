using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>
/// One shard of the mail that waits: local recipients with a transient failure, and everything that goes to other hosts. Key: shard number,
/// see <see cref="SpoolShards"/>. Leases are held in memory only: after a restart an entry may be leased again before its lease ran out, so work on it is idempotent.
/// </summary>
[Alias("mc.ISpoolGrain")]
public interface ISpoolGrain : IGrainWithIntegerKey
{
    /// <summary>Takes over entries durably; one that is or was here already (same delivery and recipient) is not taken twice.</summary>
    [Alias("Add")]
    Task AddAsync(IReadOnlyList<SpoolEntry> entries);

    /// <summary>Leases local entries that are due, as <see cref="LeaseOutboundAsync"/> does those of one destination.</summary>
    [Alias("LeaseLocal")]
    Task<IReadOnlyList<SpoolEntry>> LeaseLocalAsync(int max, TimeSpan duration);

    /// <summary>Records how an attempt ended. Entries that are unknown are ignored: the report may be a repeat.</summary>
    [Alias("Report")]
    Task ReportAsync(IReadOnlyList<SpoolReport> reports);

    /// <summary>
    /// The destinations that have outbound entries due now and not leased. Until <see cref="SpoolWatch.Lasts"/> later the watcher is told of each destination that becomes so:
    /// hints, which may be lost or told twice; a watcher repeats this call before the time is over.
    /// </summary>
    [Alias("Watch")]
    Task<IReadOnlyList<string>> WatchAsync(ISpoolWatcher watcher);

    /// <summary>
    /// Leases outbound entries of one destination that are due: its tenants in turn, within a tenant by priority and then oldest first; entries of one message that are due come
    /// together, as far as <paramref name="max"/> allows, so that they can go in one transaction.
    /// </summary>
    /// <param name="destination">What follows the at sign of the remote addresses, as lower-case A-labels.</param>
    /// <param name="max">At most so many entries.</param>
    /// <param name="duration">How long nobody else gets them, unless they are reported or renewed before.</param>
    [Alias("LeaseOutbound")]
    Task<IReadOnlyList<SpoolEntry>> LeaseOutboundAsync(string destination, int max, TimeSpan duration);

    /// <summary>
    /// Prolongs the leases of entries that are still worked on. After the loss of a silo a shard that was made anew knows of no leases, and leases nothing to relays for one
    /// <see cref="ILimiterGrain.Lease"/>: who renews three times as often has its entries again before anybody else gets them.
    /// </summary>
    [Alias("Renew")]
    Task RenewAsync(IReadOnlyList<string> keys, TimeSpan duration);

    /// <summary>Entries that the filter lets through, in order of their key after the given one, at most <paramref name="count"/>: for listing and verification.</summary>
    [Alias("List")]
    Task<IReadOnlyList<SpoolEntry>> GetPageAsync(SpoolFilter filter, string after, int count);

    /// <summary>Makes entries due now, but for those that are leased, or are put off beyond the end of their hold. Returns how many of them are here, these too.</summary>
    [Alias("Retry")]
    Task<int> RetryAsync(IReadOnlyList<string> keys);

    /// <summary>
    /// Puts entries off until a time, or takes them out for good: those that are neither due nor leased, in one step each. Returns their keys, and those that were taken out by an earlier call that asked for
    /// the same. One that is not among them has left, or is about to, or was never here.
    /// </summary>
    /// <param name="keys">Of the entries.</param>
    /// <param name="until">Null: they are taken out, and their recipients get nothing.</param>
    [Alias("PutOff")]
    Task<IReadOnlyList<string>> PutOffAsync(IReadOnlyList<string> keys, DateTimeOffset? until);

    /// <summary>How many entries wait.</summary>
    [Alias("Counts")]
    Task<SpoolCounts> GetCountsAsync();
}

/// <summary>A relay that wants to know what became due.</summary>
[Alias("mc.ISpoolWatcher")]
public interface ISpoolWatcher : IGrainObserver
{
    /// <summary>A destination in this shard has entries that are due.</summary>
    [OneWay, Alias("Due")]
    Task DueAsync(int shard, string destination);
}

public static class SpoolWatch
{
    /// <summary>How long a watch lasts: a relay renews every 30 s (DESIGN.md §4) and may miss one.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromSeconds(75);
}

/// <summary>Which entries are asked for; what is null lets everything through.</summary>
[GenerateSerializer, Immutable, Alias("mc.SpoolFilter")]
public sealed record SpoolFilter
{
    public static readonly SpoolFilter Everything = new();

    [Id(0)] public SpoolKind? Kind { get; init; }

    [Id(1)] public TenantId? Tenant { get; init; }

    /// <summary>The domain an outbound entry goes to, as lower-case A-labels.</summary>
    [Id(2)] public string? Destination { get; init; }

    [Id(3)] public DeliveryId? Message { get; init; }

    /// <summary>Only what was accepted before.</summary>
    [Id(4)] public DateTimeOffset? AcceptedBefore { get; init; }
}

/// <summary>How many entries a shard holds, by kind, and how many of them are in memory.</summary>
[GenerateSerializer, Immutable, Alias("mc.SpoolCounts")]
public readonly record struct SpoolCounts([property: Id(0)] long Local, [property: Id(1)] long Outbound, [property: Id(2)] long InMemory);

public enum SpoolKind
{
    /// <summary>For a mailbox here; LocalDelivery retries it.</summary>
    Local = 0,

    /// <summary>For another host.</summary>
    Outbound = 1,
}

/// <summary>One recipient of one message that waits.</summary>
[GenerateSerializer, Immutable, Alias("mc.SpoolEntry")]
public sealed record SpoolEntry
{
    /// <summary>The message, its envelope narrowed to this one recipient, who has exactly one mailbox or one remote address.</summary>
    [Id(0)] public required QueuedMessage Message { get; init; }

    [Id(1)] public required SpoolKind Kind { get; init; }

    [Id(2)] public int Attempts { get; init; }

    [Id(3)] public DateTimeOffset DueAt { get; init; }

    /// <summary>What the last attempt ended with.</summary>
    [Id(4)] public string? LastError { get; init; }

    /// <summary>True once the sender was told of the delay.</summary>
    [Id(5)] public bool DelayReported { get; init; }

    public EnvelopeRecipient Recipient => Message.Envelope.Recipients[0];

    /// <summary>Unique over all time: delivery and the mailbox or address it goes to.</summary>
    public string Key => $"{Message.Id}:{(Kind == SpoolKind.Local ? Recipient.Mailboxes[0].Value : Recipient.Remote[0].Key)}";
}

[GenerateSerializer, Immutable, Alias("mc.SpoolReport")]
public sealed record SpoolReport
{
    [Id(0)] public required string Key { get; init; }

    /// <summary>True: the recipient has its final outcome and the entry goes. False: it is tried again on the schedule.</summary>
    [Id(1)] public required bool Final { get; init; }

    /// <summary>What the attempt ended with; null: what is known of the last one stays.</summary>
    [Id(2)] public string? Error { get; init; }

    [Id(3)] public bool DelayReported { get; init; }

    /// <summary>When it is tried again, if not on the schedule: a destination that said so, or one that is suspended. Null when nothing was tried: it is due as it was before.</summary>
    [Id(4)] public DateTimeOffset? DueAt { get; init; }

    /// <summary>False when nothing was tried, so that the schedule does not move on.</summary>
    [Id(5)] public bool Attempted { get; init; } = true;
}

/// <summary>The spool's fixed shards, by the domain an entry goes to.</summary>
public static class SpoolShards
{
    public const int Count = 256;

    public static int Of(string asciiDomain) => (int)(StableHash.Of(asciiDomain) % Count);
}
