using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Jobs;

[GenerateSerializer, Immutable, Alias("mc.JobEvent")]
internal abstract record JobEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Immutable, Alias("mc.JobCreated")]
internal sealed record JobCreated([property: Id(0)] JobSpec Spec) : JobEvent;

[GenerateSerializer, Immutable, Alias("mc.JobInputTaken")]
internal sealed record JobInputTaken([property: Id(0)] string Blob, [property: Id(1)] long Lines) : JobEvent;

/// <summary>The work begins, or goes on in another activation.</summary>
[GenerateSerializer, Immutable, Alias("mc.JobBegun")]
internal sealed record JobBegun([property: Id(0)] DateTimeOffset At) : JobEvent;

/// <summary>So many octets more of the input are done, whatever became of its lines.</summary>
[GenerateSerializer, Immutable, Alias("mc.JobAdvanced")]
internal sealed record JobAdvanced(
    [property: Id(0)] long Octets, [property: Id(1)] long Lines, [property: Id(2)] Dictionary<string, long> Counts, [property: Id(3)] JobRecord[] Records) : JobEvent;

/// <summary>A walk found something.</summary>
[GenerateSerializer, Immutable, Alias("mc.JobFound")]
internal sealed record JobFound([property: Id(0)] JobRecord Record) : JobEvent;

[GenerateSerializer, Immutable, Alias("mc.JobCancelled")]
internal sealed record JobCancelled([property: Id(0)] string By) : JobEvent;

/// <param name="Counts">Of a walk that is complete; else null.</param>
[GenerateSerializer, Immutable, Alias("mc.JobEnded")]
internal sealed record JobEnded(
    [property: Id(0)] DateTimeOffset At, [property: Id(1)] JobStatus Status, [property: Id(2)] string? Why, [property: Id(3)] Dictionary<string, long>? Counts) : JobEvent;

/// <summary>Records of a job that change no more: a blob.</summary>
[GenerateSerializer, Immutable, Alias("mc.JobSegment")]
internal sealed record JobSegment([property: Id(0)] JobRecord[] Records) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <param name="Blob">The name of a <see cref="JobSegment"/>.</param>
/// <param name="Last">The sequence number of its last record.</param>
[GenerateSerializer, Immutable, Alias("mc.JobSegmentLine")]
internal sealed record JobSegmentLine([property: Id(0)] string Blob, [property: Id(1)] long Last);

[GenerateSerializer, Alias("mc.JobState")]
internal sealed record JobState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Null: there is no such job.</summary>
    [Id(0)] public JobSpec? Spec { get; set; }

    /// <summary>The name of the blob of what it works on.</summary>
    [Id(1)] public string? Input { get; set; }

    /// <summary>Lines of the input.</summary>
    [Id(2)] public long? Total { get; set; }

    [Id(3)] public DateTimeOffset? StartedAt { get; set; }

    [Id(4)] public DateTimeOffset? EndedAt { get; set; }

    [Id(5)] public JobStatus Status { get; set; }

    [Id(6)] public string? Why { get; set; }

    /// <summary>Who wants it to end.</summary>
    [Id(7)] public string? CancelledBy { get; set; }

    /// <summary>How often it was begun since it last advanced.</summary>
    [Id(8)] public int Attempts { get; set; }

    /// <summary>Octets of the input that are done.</summary>
    [Id(9)] public long Offset { get; set; }

    /// <summary>Lines of the input that are done.</summary>
    [Id(10)] public long Done { get; set; }

    [Id(11)] public Dictionary<string, long> Counts { get; init; } = [];

    /// <summary>The sequence number of the last record.</summary>
    [Id(12)] public long Sequence { get; set; }

    /// <summary>The oldest first.</summary>
    [Id(13)] public List<JobSegmentLine> Segments { get; init; } = [];

    /// <summary>Records that came after the segments.</summary>
    [Id(14)] public List<JobRecord> Tail { get; init; } = [];
}

/// <param name="IsListed">False: it is off the list.</param>
[GenerateSerializer, Immutable, Alias("mc.JobListed")]
internal sealed record JobListed([property: Id(0)] string Job, [property: Id(1)] bool IsListed) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.JobListState")]
internal sealed record JobListState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>In order: the newest first.</summary>
    [Id(0)] public List<string> Listed { get; init; } = [];
}

/// <param name="Owner">The key of the list that it is on.</param>
/// <param name="IsOpen">False: it has ended.</param>
[GenerateSerializer, Immutable, Alias("mc.JobQueued")]
internal sealed record JobQueued([property: Id(0)] string Job, [property: Id(1)] string Owner, [property: Id(2)] bool IsOpen) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.JobQueueState")]
internal sealed record JobQueueState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>In the order in which they came.</summary>
    [Id(0)] public List<JobQueued> Open { get; init; } = [];
}
