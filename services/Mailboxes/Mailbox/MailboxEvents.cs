using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>One thing that happened to a mailbox. Its bytes are kept: members are only ever added.</summary>
[GenerateSerializer, Immutable, Alias("mc.MailboxEvent")]
internal abstract record MailboxEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <summary>The mailbox was made, with these folders; ids and UIDVALIDITY follow from the order.</summary>
[GenerateSerializer, Immutable, Alias("mc.MailboxCreated")]
internal sealed record MailboxCreated : MailboxEvent
{
    [Id(0)] public required long QuotaBytes { get; init; }

    [Id(1)] public required IReadOnlyList<NewFolder> Folders { get; init => field = value as NewFolder[] ?? [.. value]; }

    /// <summary>UIDVALIDITY of the first folder: seconds since 1970, so that a mailbox made anew never repeats one (RFC 3501 §2.3.1.1).</summary>
    [Id(2)] public required uint UidValidity { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.QuotaChanged")]
internal sealed record QuotaChanged : MailboxEvent
{
    [Id(0)] public required long QuotaBytes { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.MessageFiled")]
internal sealed record MessageFiled : MailboxEvent
{
    [Id(0)] public required int FolderId { get; init; }

    [Id(1)] public required MessageRow Row { get; init; }

    [Id(2)] public required long ModSeq { get; init; }

    [Id(3)] public required DeliveryId Delivery { get; init; }

    /// <summary>The <see cref="MessageContent"/>, encoded.</summary>
    [Id(4)] public required ReadOnlyMemory<byte> Content { get; init; }
}

/// <summary>Flags of messages changed. It carries the flags before, so that counts follow without loading a chunk.</summary>
[GenerateSerializer, Immutable, Alias("mc.FlagsChanged")]
internal sealed record FlagsChanged : MailboxEvent
{
    [Id(0)] public required int FolderId { get; init; }

    [Id(1)] public required long ModSeq { get; init; }

    [Id(2)] public required FlagsBeforeAndAfter[] Changes { get; init; }

    /// <summary>Keywords that this change added to the mailbox's list.</summary>
    [Id(3)] public required IReadOnlyList<string> NewKeywords { get; init => field = value as string[] ?? [.. value]; }

    [Id(4)] public required Guid Operation { get; init; }

    /// <summary>The operation's UIDs that its UNCHANGEDSINCE left alone: the part of its result that cannot be told again from the state.</summary>
    [Id(5)] public required uint[] Unmodified { get; init; }

    [Id(6)] public required DateTimeOffset At { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.FlagsBeforeAndAfter")]
internal readonly record struct FlagsBeforeAndAfter([property: Id(0)] uint Uid, [property: Id(1)] MessageFlags Before, [property: Id(2)] MessageFlags After);

/// <summary>A session was told of all messages below a UID: they are \Recent to nobody else.</summary>
[GenerateSerializer, Immutable, Alias("mc.RecentClaimed")]
internal sealed record RecentClaimed : MailboxEvent
{
    [Id(0)] public required int FolderId { get; init; }

    [Id(1)] public required uint RecentFrom { get; init; }
}
