using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Traces;

/// <summary>What a shard took in about a second: one event of its journal.</summary>
[GenerateSerializer, Immutable, Alias("mc.TraceBatch")]
internal sealed record TraceBatch([property: Id(0)] TraceEvent[] Events) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <summary>What a journal held when it was sealed: a blob that nothing changes.</summary>
[GenerateSerializer, Immutable, Alias("mc.TraceSegment")]
internal sealed record TraceSegment([property: Id(0)] TraceEvent[] Events) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <param name="Blob">The name of a <see cref="TraceSegment"/>.</param>
/// <param name="Filter">Which ids it may have events about: a <see cref="TraceFilter"/>.</param>
[GenerateSerializer, Immutable, Alias("mc.TraceSegmentLine")]
internal sealed record TraceSegmentLine([property: Id(0)] string Blob, [property: Id(1)] byte[] Filter);

/// <summary>A shard: its segments, and in memory what is in none of them yet.</summary>
[GenerateSerializer, Alias("mc.TraceState")]
internal sealed record TraceState : IStoredRecord
{
    [NonSerialized]
    private List<TraceEvent> tail = [];

    public static byte FormatVersion => 1;

    /// <summary>The oldest first.</summary>
    [Id(0)] public List<TraceSegmentLine> Segments { get; init; } = [];

    /// <summary>Events of the journal.</summary>
    public List<TraceEvent> Tail
    {
        get => tail;
        set => tail = value;
    }
}
