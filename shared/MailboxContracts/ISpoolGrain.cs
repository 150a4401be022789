using MailCloud.Messages;

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

    /// <summary>Leases entries of a kind that are due, oldest first.</summary>
    [Alias("Lease")]
    Task<IReadOnlyList<SpoolEntry>> LeaseAsync(SpoolKind kind, int max, TimeSpan duration);

    /// <summary>Records how an attempt ended. Entries that are unknown are ignored: the report may be a repeat.</summary>
    [Alias("Report")]
    Task ReportAsync(IReadOnlyList<SpoolReport> reports);

    /// <summary>Entries in order of their key after the given one: for listing and verification.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<SpoolEntry>> GetPageAsync(string after, int count);
}

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

    [Id(2)] public string? Error { get; init; }

    [Id(3)] public bool DelayReported { get; init; }
}

/// <summary>The spool's fixed shards, by the domain an entry goes to.</summary>
public static class SpoolShards
{
    public const int Count = 256;

    public static int Of(string asciiDomain) => (int)(StableHash.Of(asciiDomain) % Count);
}
