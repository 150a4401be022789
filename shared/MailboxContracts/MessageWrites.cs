using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>What became of messages that a client brings or copies.</summary>
public enum WriteOutcome
{
    Done = 0,

    /// <summary>The folder to write to does not exist; a client may make it ([TRYCREATE], RFC 3501 §7.1).</summary>
    NoSuchFolder = 1,

    /// <summary>The mailbox has no room for them.</summary>
    OverQuota = 2,

    /// <summary>A keyword could not be made because the mailbox has its 56 already.</summary>
    KeywordsFull = 3,

    /// <summary>More than <see cref="CopyRequest.MaxMessages"/> messages, or 64 MB of summaries, at once.</summary>
    TooMany = 4,

    /// <summary>The folder that the messages are in does not exist any more.</summary>
    SourceGone = 5,
}

[GenerateSerializer, Immutable, Alias("mc.AppendRequest")]
public sealed record AppendRequest
{
    [Id(0)] public required Guid Operation { get; init; }

    [Id(1)] public required string Folder { get; init; }

    [Id(2)] public required IReadOnlyList<AppendedMessage> Messages { get; init => field = value as AppendedMessage[] ?? [.. value]; }
}

/// <summary>One message that a client brings. Its body is durable under its name.</summary>
[GenerateSerializer, Immutable, Alias("mc.AppendedMessage")]
public sealed record AppendedMessage
{
    [Id(0)] public required BodyRef Body { get; init; }

    [Id(1)] public required MessageSummary Summary { get; init; }

    [Id(2)] public required DateTimeOffset InternalDate { get; init; }

    /// <summary>System flags.</summary>
    [Id(3)] public MessageFlags Flags { get; init; }

    [Id(4)] public IReadOnlyList<string> Keywords { get; init => field = value as string[] ?? [.. value]; } = [];
}

[GenerateSerializer, Immutable, Alias("mc.AppendResult")]
public sealed record AppendResult
{
    [Id(0)] public required WriteOutcome Outcome { get; init; }

    /// <summary>The folder's, for APPENDUID.</summary>
    [Id(1)] public uint UidValidity { get; init; }

    /// <summary>UIDs of the messages in the order of the request, as ranges.</summary>
    [Id(2)] public UidRange[] Uids { get; init; } = [];
}

[GenerateSerializer, Immutable, Alias("mc.CopyRequest")]
public sealed record CopyRequest
{
    /// <summary>What one call copies at most: their summaries stand in memory and go into the journal in one append.</summary>
    public const int MaxMessages = 10_000;

    [Id(0)] public required Guid Operation { get; init; }

    /// <summary>The folder they are in.</summary>
    [Id(1)] public required int FolderId { get; init; }

    /// <summary>Which messages, as ascending ranges; UIDs without a message are skipped.</summary>
    [Id(2)] public required UidRange[] Uids { get; init; }

    /// <summary>The name of the folder to copy to.</summary>
    [Id(3)] public required string Target { get; init; }

    /// <summary>True: they leave the folder they are in, in the same step (RFC 6851).</summary>
    [Id(4)] public bool Move { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.CopyResult")]
public sealed record CopyResult
{
    [Id(0)] public required WriteOutcome Outcome { get; init; }

    /// <summary>The target folder's, for COPYUID.</summary>
    [Id(1)] public uint UidValidity { get; init; }

    /// <summary>The messages that were copied; as many as <see cref="Targets"/>, in the same order. Empty when none was there.</summary>
    [Id(2)] public UidRange[] Sources { get; init; } = [];

    [Id(3)] public UidRange[] Targets { get; init; } = [];
}

[GenerateSerializer, Immutable, Alias("mc.ExpungeRequest")]
public sealed record ExpungeRequest
{
    [Id(0)] public required Guid Operation { get; init; }

    [Id(1)] public required int FolderId { get; init; }

    /// <summary>Only these (UID EXPUNGE, RFC 4315), as ascending ranges; null is the whole folder.</summary>
    [Id(2)] public UidRange[]? Uids { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.ExpungeResult")]
public sealed record ExpungeResult
{
    /// <summary>How many messages were removed by this operation; 0 in the answer to a repeat.</summary>
    [Id(0)] public required int Expunged { get; init; }

    /// <summary>The highest modseq of the folder afterwards (RFC 7162 §3.2.7).</summary>
    [Id(1)] public required long HighestModSeq { get; init; }
}
