using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// A mailbox at one moment: all of it that is small, and the names of the chunks with the rest. What was written before a member existed reads as null, as no initialiser
/// runs then: later members say what stands for it.
/// </summary>
[GenerateSerializer, Immutable, Alias("mc.MailboxManifest")]
internal sealed record MailboxManifest : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public required long ModSeq { get; init; }

    [Id(1)] public required long QuotaBytes { get; init; }

    [Id(2)] public required long UsedBytes { get; init; }

    [Id(3)] public required int NextFolderId { get; init; }

    [Id(4)] public required uint NextUidValidity { get; init; }

    [Id(5)] public required IReadOnlyList<string> Keywords { get; init => field = value as string[] ?? [.. value]; }

    [Id(6)] public required IReadOnlyList<FolderManifest> Folders { get; init => field = value as FolderManifest[] ?? [.. value]; }

    [Id(7)] public required IReadOnlyList<FiledDayManifest> FiledDays { get; init => field = value as FiledDayManifest[] ?? [.. value]; }

    [Id(8)] public required IReadOnlyList<RememberedOperation> Operations { get; init => field = value as RememberedOperation[] ?? [.. value]; }

    [Id(9)] public required IReadOnlyList<ArchiveSegment> Archives { get; init => field = value as ArchiveSegment[] ?? [.. value]; }

    /// <summary>Names that are subscribed to and have no folder.</summary>
    [Id(10)] public string[] OrphanSubscriptions { get => field ?? []; init; }

    /// <summary>Names that folders had, the latest last, and the highest UIDVALIDITY that was seen under each.</summary>
    [Id(11)] public RetiredName[] RetiredNames { get => field ?? []; init; }

    /// <summary>The highest UIDVALIDITY under names that stand no more in <see cref="RetiredNames"/>.</summary>
    [Id(12)] public uint ForgottenUidValidity { get; init; }

    [Id(13)] public BodyCopies[] BodyCopies { get => field ?? []; init; }

    /// <summary>Bodies to release: nothing here refers to them.</summary>
    [Id(14)] public Guid[] Outbox { get => field ?? []; init; }

    [Id(15)] public DiscardedChunk[] Discards { get => field ?? []; init; }

    /// <summary>Modseqs that were passed over when the mailbox was restored.</summary>
    [Id(16)] public ModSeqGap[] ModSeqGaps { get => field ?? []; init; }

    /// <summary>From which modseq on it is known which Emails left; null in a manifest of before that was kept: from its own.</summary>
    [Id(17)] public long? DeparturesFrom { get; init; }

    [Id(18)] public DepartedEmail[] Departures { get => field ?? []; init; }

    [Id(19)] public DepartedSegmentManifest[] DepartedSegments { get => field ?? []; init; }

    [Id(20)] public DeletedFolder[] DeletedFolders { get => field ?? []; init; }

    /// <summary>The modseq of the last deletion of a folder that stands no more in <see cref="DeletedFolders"/>.</summary>
    [Id(21)] public long ForgottenFolders { get; init; }

    /// <summary>Null: it was never switched.</summary>
    [Id(22)] public VacationSwitch? Vacation { get; init; }
}

/// <summary>A segment of the log of Emails that left: its blob, and the modseq of its last entry.</summary>
[GenerateSerializer, Immutable, Alias("mc.DepartedSegment")]
internal sealed record DepartedSegmentManifest([property: Id(0)] string Blob, [property: Id(1)] long LastModSeq);

/// <summary>A folder that was made at one modseq and deleted at another.</summary>
[GenerateSerializer, Immutable, Alias("mc.DeletedFolder")]
internal readonly record struct DeletedFolder([property: Id(0)] int Id, [property: Id(1)] long CreatedModSeq, [property: Id(2)] long ModSeq);

/// <summary>A client that knows a modseq above <paramref name="From"/> and below <paramref name="To"/> has it of a time that a restore undid.</summary>
[GenerateSerializer, Immutable, Alias("mc.ModSeqGap")]
internal readonly record struct ModSeqGap([property: Id(0)] long From, [property: Id(1)] long To);

/// <summary>A name that a folder had, and its UIDVALIDITY under it.</summary>
[GenerateSerializer, Immutable, Alias("mc.RetiredName")]
internal sealed record RetiredName([property: Id(0)] string Name, [property: Id(1)] uint UidValidity);

/// <summary>A body that several messages of this mailbox refer to, and how many.</summary>
[GenerateSerializer, Immutable, Alias("mc.BodyCopies")]
internal readonly record struct BodyCopies([property: Id(0)] Guid Body, [property: Id(1)] int Count);

/// <summary>A chunk of a deleted folder, whose bodies are still to be released.</summary>
[GenerateSerializer, Immutable, Alias("mc.DiscardedChunk")]
internal sealed record DiscardedChunk([property: Id(0)] string Rows, [property: Id(1)] UidRange[] Uids);

[GenerateSerializer, Immutable, Alias("mc.FolderManifest")]
internal sealed record FolderManifest
{
    [Id(0)] public required int Id { get; init; }

    [Id(1)] public required string Name { get; init; }

    [Id(2)] public required string? SpecialUse { get; init; }

    [Id(3)] public required bool Subscribed { get; init; }

    [Id(4)] public required uint UidValidity { get; init; }

    [Id(5)] public required uint UidNext { get; init; }

    [Id(6)] public required uint RecentFrom { get; init; }

    [Id(7)] public required IReadOnlyList<ChunkManifest> Chunks { get; init => field = value as ChunkManifest[] ?? [.. value]; }

    /// <summary>0 in a manifest of before folders had one: then the mailbox's.</summary>
    [Id(8)] public long HighestModSeq { get; init; }

    /// <summary>What was expunged since the last segment of the log.</summary>
    [Id(9)] public ExpungedRange[] Expunged { get => field ?? []; init; }

    [Id(10)] public ExpungedSegmentManifest[] ExpungedSegments { get => field ?? []; init; }

    [Id(11)] public int SortOrder { get; init; }

    /// <summary>The modseq at which it was made; 0 in a manifest of before it was kept.</summary>
    [Id(12)] public long CreatedModSeq { get; init; }

    /// <summary>The modseq of the last change of what it is, not of what is in it; 0 likewise.</summary>
    [Id(13)] public long ChangedModSeq { get; init; }
}

/// <summary>A segment of a folder's log of expunged messages: its blob, and the modseq of its last entry.</summary>
[GenerateSerializer, Immutable, Alias("mc.ExpungedSegment")]
internal sealed record ExpungedSegmentManifest([property: Id(0)] string Blob, [property: Id(1)] long LastModSeq);

/// <summary>One chunk: its three blobs, its counts, its UIDs, and the flag changes that its flags blob does not have yet.</summary>
[GenerateSerializer, Immutable, Alias("mc.ChunkManifest")]
internal sealed record ChunkManifest
{
    [Id(0)] public required string Rows { get; init; }

    [Id(1)] public required string Contents { get; init; }

    [Id(2)] public required string Flags { get; init; }

    [Id(3)] public required UidRange[] Uids { get; init; }

    [Id(4)] public required int Unseen { get; init; }

    [Id(5)] public required int Deleted { get; init; }

    [Id(6)] public required long Bytes { get; init; }

    [Id(7)] public required long MaxModSeq { get; init; }

    /// <summary>Acceptance times of the earliest and latest body, milliseconds since 1970: which chunks may refer to a body.</summary>
    [Id(8)] public required long FirstBodyAt { get; init; }

    [Id(9)] public required long LastBodyAt { get; init; }

    [Id(10)] public required FlagsOfMessage[] Overrides { get; init; }

    /// <summary>INTERNALDATEs of the earliest and latest message, milliseconds since 1970; null in a manifest of before they were kept, until the chunk is next looked at.</summary>
    [Id(11)] public long? FirstDate { get; init; }

    [Id(12)] public long? LastDate { get; init; }

    /// <summary>Messages that have neither \Seen nor \Draft; null likewise.</summary>
    [Id(13)] public int? Unread { get; init; }

    /// <summary>The modseq at which it came from another folder as a whole; 0: it did not.</summary>
    [Id(14)] public long AddedFrom { get; init; }

    /// <summary>Whether all its rows have their thread: not in a manifest of before threads were kept.</summary>
    [Id(15)] public bool HasThreads { get; init; }
}

/// <summary>The deliveries of one accept day that were filed: today's inline, a past day's in a blob.</summary>
[GenerateSerializer, Immutable, Alias("mc.FiledDayManifest")]
internal sealed record FiledDayManifest
{
    /// <summary>Days since 0001-01-01.</summary>
    [Id(0)] public required int Day { get; init; }

    [Id(1)] public required string? Blob { get; init; }

    [Id(2)] public required Guid[] Inline { get; init; }
}

/// <summary>A past day's filed deliveries.</summary>
[GenerateSerializer, Immutable, Alias("mc.FiledDay")]
internal sealed record FiledDay : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public required Guid[] Deliveries { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.RememberedOperation")]
internal sealed record RememberedOperation([property: Id(0)] Guid Id, [property: Id(1)] DateTimeOffset At, [property: Id(2)] uint[] Unmodified)
{
    /// <summary>What was copied or moved.</summary>
    [Id(3)] public UidRange[] Sources { get => field ?? []; init; }

    /// <summary>The UIDs that the messages got.</summary>
    [Id(4)] public UidRange[] Targets { get => field ?? []; init; }

    /// <summary>The UIDVALIDITY of the folder that they got them in.</summary>
    [Id(5)] public uint UidValidity { get; init; }

    /// <summary>What became of Emails; null when the operation was not on Emails.</summary>
    [Id(6)] public RememberedEmails? Emails { get; init; }

    /// <summary>What it takes to remember it, about: those that every operation has, and those of its result.</summary>
    public int Numbers => 16 + Unmodified.Length + (2 * (Sources.Length + Targets.Length)) + (Emails?.Outcomes.Length ?? 0);
}

/// <summary>The result of an operation on Emails or their folders, for its repeats.</summary>
[GenerateSerializer, Immutable, Alias("mc.RememberedEmails")]
internal sealed record RememberedEmails
{
    /// <summary>Of the mailbox before and after it.</summary>
    [Id(0)] public required long OldModSeq { get; init; }

    [Id(1)] public required long ModSeq { get; init; }

    /// <summary>Of each Email, in order; empty when all are <see cref="EmailOutcome.Done"/>.</summary>
    [Id(2)] public EmailOutcome[] Outcomes { get => field ?? []; init; }

    /// <summary>Of a message that was added.</summary>
    [Id(3)] public ulong Thread { get; init; }

    /// <summary>That was made.</summary>
    [Id(4)] public int Folder { get; init; }
}

/// <summary>Events that a seal replaced, kept for a time so that a mailbox can be restored to a moment.</summary>
[GenerateSerializer, Immutable, Alias("mc.ArchiveSegment")]
internal sealed record ArchiveSegment([property: Id(0)] string Blob, [property: Id(1)] DateTimeOffset SealedAt, [property: Id(2)] long LastModSeq);
