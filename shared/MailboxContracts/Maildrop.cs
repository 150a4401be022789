namespace MailCloud.MailboxContracts;

/// <summary>Opens the maildrop of POP3 (RFC 1939 §4), or reads on in it.</summary>
[GenerateSerializer, Immutable, Alias("mc.MaildropRequest")]
public sealed record MaildropRequest
{
    /// <summary>The session that wants the maildrop, or has it.</summary>
    [Id(0)] public required Guid Session { get; init; }

    /// <summary>The page begins at this UID; 1 for the first.</summary>
    [Id(1)] public uint FromUid { get; init; } = 1;
}

public enum MaildropOutcome
{
    /// <summary>The session has the maildrop, and what it asked for was done.</summary>
    Done = 0,

    /// <summary>Another session has it.</summary>
    InUse = 1,

    /// <summary>There is no such mailbox.</summary>
    NoSuchMailbox = 2,
}

/// <summary>Some of INBOX's messages by UID: about 10,000 at most.</summary>
[GenerateSerializer, Immutable, Alias("mc.MaildropPage")]
public sealed record MaildropPage
{
    [Id(0)] public required MaildropOutcome Outcome { get; init; }

    [Id(1)] public int FolderId { get; init; }

    [Id(2)] public uint UidValidity { get; init; }

    /// <summary>UIDs of the page, as ascending ranges.</summary>
    [Id(3)] public UidRange[] Uids { get; init; } = [];

    /// <summary>Octets of each of them as shown, prefix and body (RFC822.SIZE).</summary>
    [Id(4)] public long[] Sizes { get; init; } = [];

    /// <summary>Where to go on; 0 when this was the last page.</summary>
    [Id(5)] public uint NextUid { get; init; }
}

/// <summary>The UPDATE state (RFC 1939 §6): removes these messages, whatever their flags, all or none.</summary>
[GenerateSerializer, Immutable, Alias("mc.MaildropUpdate")]
public sealed record MaildropUpdate
{
    [Id(0)] public required Guid Operation { get; init; }

    [Id(1)] public required Guid Session { get; init; }

    [Id(2)] public required int FolderId { get; init; }

    /// <summary>Which messages, as ascending ranges; UIDs without a message are skipped.</summary>
    [Id(3)] public required UidRange[] Uids { get; init; }
}
