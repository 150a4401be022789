using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>
/// A shard at one moment: what it has in memory, a line per page, and the hashes of keys that it has taken over. Version 1 had all entries and the keys of finished ones; a build that knows
/// only that would take a manifest with pages for a shard without them.
/// </summary>
[GenerateSerializer, Immutable, Alias("mc.SpoolState")]
internal sealed record SpoolState : IStoredRecord
{
    public static byte FormatVersion => 2;

    /// <summary>Of version 1: every entry by its key.</summary>
    [Id(0)] public Dictionary<string, SpoolEntry>? Entries { get; init; }

    /// <summary>Of version 1: keys that had their outcome, with its time.</summary>
    [Id(1)] public Dictionary<string, DateTimeOffset>? Finished { get; init; }

    [Id(2)] public SpoolEntry[] Inline { get => field ?? []; init; }

    [Id(3)] public SpoolPageManifest[] Pages { get => field ?? []; init; }

    /// <summary>Changes of entries in pages.</summary>
    [Id(4)] public EntryChange[] Amendments { get => field ?? []; init; }

    [Id(5)] public TakenOverDay[] TakenOver { get => field ?? []; init; }

    /// <summary>The highest number that a page ever had.</summary>
    [Id(6)] public int LastPage { get; init; }

    /// <summary>The blobs that this manifest names.</summary>
    public IEnumerable<string> Blobs() => Pages.Select(page => page.Blob).Concat(TakenOver.SelectMany(day => day.Segments).Select(segment => segment.Blob));
}

/// <summary>What a page holds, so that it is loaded only when it is needed.</summary>
[GenerateSerializer, Immutable, Alias("mc.SpoolPageManifest")]
internal sealed record SpoolPageManifest
{
    /// <summary>Never given to another page of the shard.</summary>
    [Id(0)] public required int Number { get; init; }

    [Id(1)] public required string Blob { get; init; }

    [Id(2)] public required int Local { get; init; }

    [Id(3)] public required int Outbound { get; init; }

    [Id(4)] public required DateTimeOffset MinDue { get; init; }

    /// <summary>The lowest and the highest key, which begin with the time of acceptance.</summary>
    [Id(5)] public required string FirstKey { get; init; }

    [Id(6)] public required string LastKey { get; init; }

    [Id(7)] public required int MaxPriority { get; init; }

    /// <summary>Null when there are many.</summary>
    [Id(8)] public string[]? Tenants { get; init; }

    /// <summary>Null when there are many; local entries have the empty one.</summary>
    [Id(9)] public string[]? Destinations { get; init; }

    /// <summary>The lowest and the highest destination.</summary>
    [Id(10)] public required string FirstDestination { get; init; }

    [Id(11)] public required string LastDestination { get; init; }
}

/// <summary>The entries of a page.</summary>
[GenerateSerializer, Immutable, Alias("mc.SpoolPage")]
internal sealed record SpoolPageEntries : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public required SpoolEntry[] Entries { get; init; }
}

/// <summary>What was taken over of one day's accepted mail.</summary>
[GenerateSerializer, Immutable, Alias("mc.TakenOverDay")]
internal sealed record TakenOverDay
{
    /// <summary>The day of acceptance, in days since 0001-01-01.</summary>
    [Id(0)] public required int Day { get; init; }

    /// <summary>The day on which the last of them was taken over.</summary>
    [Id(1)] public required int LastTaken { get; init; }

    /// <summary>Hashes that are in no segment yet, 16 octets each, ascending.</summary>
    [Id(2)] public required byte[] Recent { get; init; }

    /// <summary>Acceptance of the first and the last of them, milliseconds since 1970.</summary>
    [Id(3)] public required long FirstAccepted { get; init; }

    [Id(4)] public required long LastAccepted { get; init; }

    [Id(5)] public required TakenOverSegment[] Segments { get; init; }
}

/// <summary>A blob of hashes, and when the mail was accepted that they are of.</summary>
[GenerateSerializer, Immutable, Alias("mc.TakenOverSegment")]
internal sealed record TakenOverSegment(
    [property: Id(0)] string Blob, [property: Id(1)] int Count, [property: Id(2)] long FirstAccepted, [property: Id(3)] long LastAccepted);

/// <summary>The hashes of a segment.</summary>
[GenerateSerializer, Immutable, Alias("mc.TakenOverKeys")]
internal sealed record TakenOverKeys : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>16 octets each, ascending.</summary>
    [Id(0)] public required byte[] Hashes { get; init; }
}
