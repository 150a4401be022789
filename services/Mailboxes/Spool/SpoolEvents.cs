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

/// <summary>An attempt ended without a final outcome.</summary>
[GenerateSerializer, Immutable, Alias("mc.AttemptFailed")]
internal sealed record AttemptFailed(
    [property: Id(0)] string Key,
    [property: Id(1)] DateTimeOffset DueAt,
    [property: Id(2)] string? Error,
    [property: Id(3)] bool DelayReported) : SpoolEvent;

/// <summary>The recipient has its final outcome.</summary>
[GenerateSerializer, Immutable, Alias("mc.EntryFinished")]
internal sealed record EntryFinished([property: Id(0)] string Key, [property: Id(1)] DateTimeOffset At) : SpoolEvent;
