using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

[GenerateSerializer, Immutable, Alias("mc.SpoolEvent")]
internal abstract record SpoolEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Immutable, Alias("mc.EntriesAdded")]
internal sealed record EntriesAdded([property: Id(0)] SpoolEntry[] Entries) : SpoolEvent;

/// <summary>An attempt ended without a final outcome. Written until shards had pages; read for ever.</summary>
[GenerateSerializer, Immutable, Alias("mc.AttemptFailed")]
internal sealed record AttemptFailed(
    [property: Id(0)] string Key,
    [property: Id(1)] DateTimeOffset DueAt,
    [property: Id(2)] string? Error,
    [property: Id(3)] bool DelayReported) : SpoolEvent;

/// <summary>The recipient has its final outcome. Written until shards had pages; read for ever.</summary>
[GenerateSerializer, Immutable, Alias("mc.EntryFinished")]
internal sealed record EntryFinished([property: Id(0)] string Key, [property: Id(1)] DateTimeOffset At) : SpoolEvent;

/// <summary>What was reported of several entries, or asked for them, in one call.</summary>
[GenerateSerializer, Immutable, Alias("mc.EntriesChanged")]
internal sealed record EntriesChanged([property: Id(0)] EntryChange[] Changes) : SpoolEvent;

/// <summary>A change of one entry. It names the page that the entry came from, so that replay, which loads none, keeps it for when that page is loaded.</summary>
[GenerateSerializer, Immutable, Alias("mc.EntryChange")]
internal sealed record EntryChange
{
    [Id(0)] public required string Key { get; init; }

    /// <summary>0: the entry stands in the manifest, or in the journal.</summary>
    [Id(1)] public int Page { get; init; }

    /// <summary>True: the recipient has its final outcome and the entry is gone.</summary>
    [Id(2)] public bool Final { get; init; }

    /// <summary>Attempts that were made, 0 or more.</summary>
    [Id(3)] public int Attempts { get; init; }

    [Id(4)] public DateTimeOffset DueAt { get; init; }

    /// <summary>Null: as before.</summary>
    [Id(5)] public string? Error { get; init; }

    [Id(6)] public bool DelayReported { get; init; }

    [Id(7)] public SpoolKind Kind { get; init; }

    /// <summary>True: it was taken out before its time (<see cref="Final"/>), which a repeat of the call has to know.</summary>
    [Id(8)] public bool TakenOut { get; init; }

    public SpoolEntry ApplyTo(SpoolEntry entry) => entry with
    {
        Attempts = entry.Attempts + Attempts,
        DueAt = DueAt,
        LastError = Error ?? entry.LastError,
        DelayReported = entry.DelayReported || DelayReported,
    };

    /// <summary>This change and a later one of the same entry, as one.</summary>
    public EntryChange Then(EntryChange later) => Final ? this : later with
    {
        Attempts = Attempts + later.Attempts,
        Error = later.Error ?? Error,
        DelayReported = DelayReported || later.DelayReported,
    };
}
