using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>A page of a group has its first member.</summary>
[GenerateSerializer, Immutable, Alias("mc.GroupPageUsed")]
internal sealed record GroupPageUsed([property: Id(0)] int Page) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.GroupState")]
internal sealed record GroupState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Pages that have or had a member, in order.</summary>
    [Id(0)] public SortedSet<int> Used { get; init; } = [];
}

/// <summary>Members come and go.</summary>
[GenerateSerializer, Immutable, Alias("mc.GroupPageChanged")]
internal sealed record GroupPageChanged([property: Id(0)] EmailAddress[] Added, [property: Id(1)] string[] Removed) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <param name="Key">The address' <see cref="EmailAddress.Key"/>.</param>
/// <param name="Address">As it was given: another host may tell upper case from lower.</param>
[GenerateSerializer, Immutable, Alias("mc.GroupMember")]
internal sealed record GroupMember([property: Id(0)] string Key, [property: Id(1)] EmailAddress Address);

[GenerateSerializer, Alias("mc.GroupPageState")]
internal sealed record GroupPageState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Sorted by key, by ordinal: a page begins with a binary search.</summary>
    [Id(0)] public List<GroupMember> Members { get; init; } = [];
}

[GenerateSerializer, Immutable, Alias("mc.ExpansionEvent")]
internal abstract record ExpansionEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Immutable, Alias("mc.ExpansionPageFixed")]
internal sealed record ExpansionPageFixed([property: Id(0)] ExpansionPage Page) : ExpansionEvent;

[GenerateSerializer, Immutable, Alias("mc.ExpansionEnded")]
internal sealed record ExpansionEnded([property: Id(0)] ExpansionEnd End) : ExpansionEvent;

[GenerateSerializer, Alias("mc.ExpansionState")]
internal sealed record ExpansionState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>The page that was fixed last; null: none is, or it is over.</summary>
    [Id(0)] public ExpansionPage? Page { get; set; }

    /// <summary>Groups to walk, the one that is being walked first.</summary>
    [Id(1)] public List<GroupCursor> Waiting { get; init; } = [];

    /// <summary>Keys of the groups that it has met: each is walked once, so that loops end.</summary>
    [Id(2)] public HashSet<string> Met { get; init; } = [];

    [Id(3)] public ExpansionEnd End { get; set; }
}
