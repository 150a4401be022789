using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Suppressions;

[GenerateSerializer, Immutable, Alias("mc.SuppressionEvent")]
internal abstract record SuppressionEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <summary>The address is listed from now on, in the place of what was said of it before.</summary>
[GenerateSerializer, Immutable, Alias("mc.SuppressionAdded")]
internal sealed record SuppressionAdded([property: Id(0)] Suppression Suppression) : SuppressionEvent;

[GenerateSerializer, Immutable, Alias("mc.SuppressionRemoved")]
internal sealed record SuppressionRemoved([property: Id(0)] string Address) : SuppressionEvent;

[GenerateSerializer, Alias("mc.SuppressionState")]
internal sealed record SuppressionState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Sorted by address, by ordinal: a page begins with a binary search.</summary>
    [Id(0)] public List<Suppression> Listed { get; init; } = [];
}

/// <summary>A part of the list has its first address.</summary>
[GenerateSerializer, Immutable, Alias("mc.SuppressionBucketUsed")]
internal sealed record SuppressionBucketUsed([property: Id(0)] int Bucket) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.SuppressionIndexState")]
internal sealed record SuppressionIndexState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>A bit for each part that has or had an address.</summary>
    [Id(0)] public ulong Used { get; set; }
}
