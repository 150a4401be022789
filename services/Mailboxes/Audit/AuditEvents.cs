using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Audit;

[GenerateSerializer, Immutable, Alias("mc.AuditEvent")]
internal abstract record AuditEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <summary>A record is added, with or without its end.</summary>
[GenerateSerializer, Immutable, Alias("mc.AuditAdded")]
internal sealed record AuditAdded([property: Id(0)] AuditRecord Record) : AuditEvent;

/// <summary>What became of one that was added before.</summary>
[GenerateSerializer, Immutable, Alias("mc.AuditEnded")]
internal sealed record AuditEnded([property: Id(0)] Guid Act, [property: Id(1)] int? Status, [property: Id(2)] string? Before, [property: Id(3)] string? After) : AuditEvent;

/// <summary>Records that change no more: a blob.</summary>
[GenerateSerializer, Immutable, Alias("mc.AuditSegment")]
internal sealed record AuditSegment([property: Id(0)] AuditRecord[] Records) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <param name="Blob">The name of an <see cref="AuditSegment"/>.</param>
/// <param name="Last">The sequence number of its last record.</param>
/// <param name="LastAt">When that was added.</param>
[GenerateSerializer, Immutable, Alias("mc.AuditSegmentLine")]
internal sealed record AuditSegmentLine([property: Id(0)] string Blob, [property: Id(1)] long Last, [property: Id(2)] DateTimeOffset LastAt);

[GenerateSerializer, Alias("mc.AuditState")]
internal sealed record AuditState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Of the last record.</summary>
    [Id(0)] public long Sequence { get; set; }

    /// <summary>The oldest first.</summary>
    [Id(1)] public List<AuditSegmentLine> Segments { get; init; } = [];

    /// <summary>What came after the segments.</summary>
    [Id(2)] public List<AuditRecord> Tail { get; init; } = [];
}
