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

/// <summary>
/// The mailbox is as it was when a backup was taken, and clients may have seen what it became since. So UIDs and modseqs go on above all that can have been given, and UIDVALIDITIES of new folders too.
/// </summary>
[GenerateSerializer, Immutable, Alias("mc.MailboxRestored")]
internal sealed record MailboxRestored : MailboxEvent
{
    [Id(0)] public required DateTimeOffset At { get; init; }

    /// <summary>How many UIDs of each folder are passed over.</summary>
    [Id(1)] public required uint UidGap { get; init; }

    [Id(2)] public required long ModSeqGap { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.QuotaChanged")]
internal sealed record QuotaChanged : MailboxEvent
{
    [Id(0)] public required long QuotaBytes { get; init; }

    /// <summary>What changes instead, beside the quota as it was: no event of its own, which a build that answers nobody could not read. Null: it is as it was.</summary>
    [Id(1)] public VacationSwitch? Vacation { get; init; }
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

    /// <summary>With the last event of a change of Emails: its result.</summary>
    [Id(7)] public RememberedEmails? Emails { get; init; }
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

/// <summary>What a client did to the mailbox: its result is remembered under its id, so that a repeat does nothing more.</summary>
[GenerateSerializer, Immutable, Alias("mc.MailboxOperation")]
internal abstract record MailboxOperation : MailboxEvent
{
    [Id(0)] public required Guid Operation { get; init; }

    [Id(1)] public required DateTimeOffset At { get; init; }

    [Id(2)] public required long ModSeq { get; init; }

    /// <summary>With the last event of a change of Emails or of their folders: its result.</summary>
    [Id(3)] public RememberedEmails? Emails { get; init; }

    /// <summary>What the operation remembers of itself.</summary>
    public virtual RememberedOperation ToRemember() => new(Operation, At, []) { Emails = Emails };
}

[GenerateSerializer, Immutable, Alias("mc.FolderCreated")]
internal sealed record FolderCreated : MailboxOperation
{
    [Id(0)] public required int FolderId { get; init; }

    [Id(1)] public required string Name { get; init; }

    [Id(2)] public required string? SpecialUse { get; init; }

    [Id(3)] public required uint UidValidity { get; init; }

    /// <summary>Null is 0.</summary>
    [Id(4)] public int? SortOrder { get; init; }
}

/// <summary>A folder went with all its messages.</summary>
[GenerateSerializer, Immutable, Alias("mc.FolderDeleted")]
internal sealed record FolderDeleted : MailboxOperation
{
    [Id(0)] public required int FolderId { get; init; }
}

/// <summary>A folder and those below it have new names.</summary>
[GenerateSerializer, Immutable, Alias("mc.FoldersRenamed")]
internal sealed record FoldersRenamed : MailboxOperation
{
    [Id(0)] public required RenamedFolder[] Folders { get; init; }

    /// <summary>
    /// Raises the mailbox's modseq and does nothing else, in every build: beside an event whose own modseq a build of before passes over, and would then give a second time.
    /// </summary>
    public static FoldersRenamed Nothing(long modSeq, DateTimeOffset at) => new() { Folders = [], Operation = Guid.NewGuid(), At = at, ModSeq = modSeq };
}

/// <summary>A folder's new name and the UIDVALIDITY that it has under it.</summary>
[GenerateSerializer, Immutable, Alias("mc.RenamedFolder")]
internal sealed record RenamedFolder([property: Id(0)] int FolderId, [property: Id(1)] string Name, [property: Id(2)] uint UidValidity)
{
    /// <summary>Null: they stay as they are. With them the name may be the one that it has.</summary>
    [Id(3)] public FolderSettings? Settings { get; init; }
}

/// <summary>What a folder has beside its name (RFC 8621 §2).</summary>
[GenerateSerializer, Immutable, Alias("mc.FolderSettings")]
internal sealed record FolderSettings([property: Id(0)] string? SpecialUse, [property: Id(1)] int SortOrder);

/// <summary>INBOX gave all its messages to a new folder, which keeps their UIDs under a UIDVALIDITY of its own (RFC 3501 §6.3.5).</summary>
[GenerateSerializer, Immutable, Alias("mc.InboxRenamed")]
internal sealed record InboxRenamed : MailboxOperation
{
    [Id(0)] public required int FolderId { get; init; }

    [Id(1)] public required string Name { get; init; }

    [Id(2)] public required uint UidValidity { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.SubscriptionChanged")]
internal sealed record SubscriptionChanged : MailboxEvent
{
    [Id(0)] public required string Name { get; init; }

    [Id(1)] public required bool Subscribed { get; init; }

    /// <summary>The modseq of the event that follows, which raises the mailbox's; 0: of before it was kept.</summary>
    [Id(2)] public long ModSeq { get; init; }
}

/// <summary>A message that came into a folder by APPEND or COPY. Its content is the encoded <see cref="MessageContent"/>.</summary>
[GenerateSerializer, Immutable, Alias("mc.AddedMessage")]
internal sealed record AddedMessage([property: Id(0)] MessageRow Row, [property: Id(1)] MessageFlags Flags, [property: Id(2)] ReadOnlyMemory<byte> Content);

[GenerateSerializer, Immutable, Alias("mc.MessagesAppended")]
internal sealed record MessagesAppended : MailboxOperation
{
    [Id(0)] public required int FolderId { get; init; }

    [Id(1)] public required AddedMessage[] Messages { get; init; }

    /// <summary>Keywords that this change added to the mailbox's list.</summary>
    [Id(2)] public required string[] NewKeywords { get; init; }

    [Id(3)] public required uint UidValidity { get; init; }

    public UidRange[] Uids => UidRanges.From(Messages.Select(m => m.Row.Uid));

    public override RememberedOperation ToRemember() => base.ToRemember() with { Targets = Uids, UidValidity = UidValidity };
}

/// <summary>Messages were copied, or moved, in one step. The messages as they are in the target stand in the order of the sources.</summary>
[GenerateSerializer, Immutable, Alias("mc.MessagesCopied")]
internal sealed record MessagesCopied : MailboxOperation
{
    [Id(0)] public required int SourceId { get; init; }

    [Id(1)] public required UidRange[] Sources { get; init; }

    [Id(2)] public required int TargetId { get; init; }

    [Id(3)] public required AddedMessage[] Messages { get; init; }

    [Id(4)] public required bool Move { get; init; }

    [Id(5)] public required uint UidValidity { get; init; }

    public UidRange[] Targets => UidRanges.From(Messages.Select(m => m.Row.Uid));

    public override RememberedOperation ToRemember() => base.ToRemember() with { Sources = Sources, Targets = Targets, UidValidity = UidValidity };
}

/// <summary>Messages were removed. It carries what they counted for, so that counts follow without loading a chunk.</summary>
[GenerateSerializer, Immutable, Alias("mc.MessagesExpunged")]
internal sealed record MessagesExpunged : MailboxOperation
{
    [Id(0)] public required int FolderId { get; init; }

    [Id(1)] public required RemovedMessage[] Messages { get; init; }
}

/// <summary>A message that leaves a folder: what it counted for, the id in its body's name, and its thread and the modseq of its making as its row has them.</summary>
[GenerateSerializer, Immutable, Alias("mc.RemovedMessage")]
internal readonly record struct RemovedMessage(
    [property: Id(0)] uint Uid,
    [property: Id(1)] MessageFlags Flags,
    [property: Id(2)] long Size,
    [property: Id(3)] Guid Body,
    [property: Id(4)] ulong Thread = 0,
    [property: Id(5)] long CreatedModSeq = 0)
{
    public static RemovedMessage Of(MessageRow row, MessageFlags flags) => new(row.Uid, flags, row.Size, row.Body, row.Thread, row.CreatedModSeq);
}

/// <summary>A chunk of a deleted folder was read: these are the bodies of its messages.</summary>
[GenerateSerializer, Immutable, Alias("mc.DiscardRead")]
internal sealed record DiscardRead : MailboxEvent
{
    [Id(0)] public required string RowsBlob { get; init; }

    [Id(1)] public required Guid[] Bodies { get; init; }

    /// <summary>Of each of these messages its thread; empty: of before threads were kept.</summary>
    [Id(2)] public ulong[] Threads { get => field ?? []; init; }

    /// <summary>Of each the modseq of its making; empty likewise.</summary>
    [Id(3)] public long[] CreatedModSeqs { get => field ?? []; init; }

    /// <summary>The modseq of the event that follows, which raises the mailbox's: from then on it is known that these messages are gone. 0: of before it was kept.</summary>
    [Id(4)] public long ModSeq { get; init; }
}

/// <summary>Bodies that nothing here refers to any more are released: the blob store knows.</summary>
[GenerateSerializer, Immutable, Alias("mc.BodiesReleased")]
internal sealed record BodiesReleased : MailboxEvent
{
    [Id(0)] public required Guid[] Bodies { get; init; }
}
