using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

[GenerateSerializer, Immutable, Alias("mc.AppPasswordEvent")]
internal abstract record AppPasswordEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Immutable, Alias("mc.AppPasswordAdded")]
internal sealed record AppPasswordAdded([property: Id(0)] KeptAppPassword Kept) : AppPasswordEvent;

[GenerateSerializer, Immutable, Alias("mc.AppPasswordRemoved")]
internal sealed record AppPasswordRemoved([property: Id(0)] Guid Password) : AppPasswordEvent;

[GenerateSerializer, Immutable, Alias("mc.AppPasswordUsed")]
internal sealed record AppPasswordUsed([property: Id(0)] Guid Password, [property: Id(1)] AppPasswordUse Use) : AppPasswordEvent;

/// <param name="Digest">Of its secret.</param>
[GenerateSerializer, Immutable, Alias("mc.KeptAppPassword")]
internal sealed record KeptAppPassword([property: Id(0)] AppPassword Password, [property: Id(1)] string Digest);

[GenerateSerializer, Alias("mc.AppPasswordsState")]
internal sealed record AppPasswordsState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>The oldest first; fifty at most, so that one is found by a look at each.</summary>
    [Id(0)] public List<KeptAppPassword> Kept { get; init; } = [];
}
