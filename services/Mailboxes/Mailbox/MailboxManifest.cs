using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>A mailbox at one moment: all of it that is small, and the names of the chunks with the rest.</summary>
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
}

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
}

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
internal sealed record RememberedOperation([property: Id(0)] Guid Id, [property: Id(1)] DateTimeOffset At, [property: Id(2)] uint[] Unmodified);

/// <summary>Events that a seal replaced, kept for a time so that a mailbox can be restored to a moment.</summary>
[GenerateSerializer, Immutable, Alias("mc.ArchiveSegment")]
internal sealed record ArchiveSegment([property: Id(0)] string Blob, [property: Id(1)] DateTimeOffset SealedAt, [property: Id(2)] long LastModSeq);
