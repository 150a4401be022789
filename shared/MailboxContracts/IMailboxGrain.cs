using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// One account's mail: the only writer of its folders, UIDs, flags, modseq and quota. Key: <see cref="AccountId"/>. Any call may fail with an
/// exception when the journal moved or storage is in doubt; the caller then repeats it, with the same operation id where there is one.
/// Every answer, reads too, is given only when all that it saw is durable.
/// </summary>
[Alias("mc.IMailboxGrain")]
public interface IMailboxGrain : IGrainWithStringKey
{
    /// <summary>Makes the mailbox with its first folders, or changes its settings when it exists.</summary>
    [Alias("Create")]
    Task CreateAsync(MailboxSettings settings);

    /// <summary>Files a delivered message, exactly once per delivery id, for 14 days from its acceptance.</summary>
    [Alias("File")]
    Task<FilingOutcome> FileAsync(FilingRequest request);

    /// <summary>Null when there is no such mailbox.</summary>
    [Alias("Quota")]
    Task<MailboxQuota?> GetQuotaAsync();

    /// <summary>All folders, by name; empty when there is no such mailbox.</summary>
    [Alias("Folders")]
    Task<IReadOnlyList<FolderInfo>> ListFoldersAsync();

    /// <summary>Counts of one folder, answered from the manifest. Null when there is no such folder.</summary>
    [Alias("Status")]
    Task<FolderStatus?> GetStatusAsync(string folder);

    /// <summary>
    /// What SELECT and EXAMINE need. With <paramref name="claimRecent"/> the messages that nobody was told of yet become this caller's \Recent
    /// (RFC 3501 §2.3.2). Null when there is no such folder.
    /// </summary>
    [Alias("Open")]
    Task<OpenedFolder?> OpenFolderAsync(string folder, bool claimRecent);

    /// <summary>What changed in a folder after a modseq. Costs next to nothing when nothing did. Null when the folder is gone.</summary>
    [Alias("ChangesSince")]
    Task<FolderChanges?> GetChangesAsync(ChangesRequest request);

    /// <summary>One page of messages in ascending UID order; the caller goes on from the page's <see cref="MessagePage.NextUid"/>.</summary>
    [Alias("Fetch")]
    Task<MessagePage> FetchAsync(FetchRequest request);

    /// <summary>Changes flags of messages; repeats with the same operation id return the first result.</summary>
    [Alias("Store")]
    Task<StoreResult> StoreFlagsAsync(StoreRequest request);

    /// <summary>Makes a folder and the levels above it that are missing (RFC 3501 §6.3.3).</summary>
    [Alias("CreateFolder")]
    Task<FolderResult> CreateFolderAsync(Guid operation, NewFolder folder);

    /// <summary>Deletes a folder with its messages; folders below it stay (RFC 3501 §6.3.4).</summary>
    [Alias("DeleteFolder")]
    Task<FolderResult> DeleteFolderAsync(Guid operation, string name);

    /// <summary>Renames a folder and those below it; INBOX keeps its name and gives its messages to a new folder (RFC 3501 §6.3.5).</summary>
    [Alias("RenameFolder")]
    Task<FolderResult> RenameFolderAsync(Guid operation, string name, string newName);

    /// <summary>Puts a name on the list of subscriptions, where it stays when its folder goes (RFC 3501 §6.3.6), or takes it off.</summary>
    [Alias("Subscribe")]
    Task<FolderResult> SetSubscribedAsync(string name, bool subscribed);

    /// <summary>
    /// Files messages that a client brings: all of them or none (RFC 3502). Their bodies name this mailbox as their owner. Unless the outcome is <see cref="WriteOutcome.Done"/>,
    /// the caller releases the bodies. Repeats with the same operation id return the first result.
    /// </summary>
    [Alias("Append")]
    Task<AppendResult> AppendAsync(AppendRequest request);

    /// <summary>Copies or moves messages into another folder: all of them or none. Repeats with the same operation id return the first result.</summary>
    [Alias("Copy")]
    Task<CopyResult> CopyAsync(CopyRequest request);

    /// <summary>Removes messages that have \Deleted. A repeat with the same operation id removes nothing more.</summary>
    [Alias("Expunge")]
    Task<ExpungeResult> ExpungeAsync(ExpungeRequest request);

    /// <summary>
    /// Gives INBOX to a POP3 session as its maildrop for a minute from now, and a page of it. The session repeats <see cref="HoldMaildropAsync"/> four times as often.
    /// </summary>
    [Alias("OpenMaildrop")]
    Task<MaildropPage> OpenMaildropAsync(MaildropRequest request);

    /// <summary>Takes the maildrop for a session, or renews its hold, for a minute from now. False: another session has it.</summary>
    [Alias("HoldMaildrop")]
    Task<bool> HoldMaildropAsync(Guid session);

    /// <summary>The session is over and has removed nothing.</summary>
    [Alias("ReleaseMaildrop")]
    Task ReleaseMaildropAsync(Guid session);

    /// <summary>
    /// Removes messages for the session that has the maildrop, which is then free. All or none; a repeat with the same operation id removes nothing more.
    /// </summary>
    [Alias("UpdateMaildrop")]
    Task<MaildropOutcome> UpdateMaildropAsync(MaildropUpdate update);

    /// <summary>From here on filing says, or says no more, that the owner is away. What was said before and comes late changes nothing, nor does it where there is no such mailbox.</summary>
    [Alias("SwitchVacation")]
    Task SwitchVacationAsync(VacationSwitch to);

    /// <summary>
    /// Tells an edge of changes for a minute from now; it repeats the call four times as often. Returns the modseq now, so that an edge whose notices
    /// were lost sees that there is something to ask for.
    /// </summary>
    [Alias("Watch")]
    Task<long> WatchAsync(IMailboxObserver observer);

    [Alias("Unwatch")]
    Task UnwatchAsync(IMailboxObserver observer);

    /// <summary>Removes the mailbox for good: its journal and every part of its state. Its bodies have no holder then, and a sweep takes them. A repeat finishes what a crash interrupted.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();

    /// <summary>Of these bodies, the ones that a message of this mailbox still refers to: the sweeper's and the verifier's question.</summary>
    [Alias("Holds")]
    Task<IReadOnlyList<string>> HoldsBodiesAsync(IReadOnlyList<string> bodies);
}

[GenerateSerializer, Immutable, Alias("mc.MailboxSettings")]
public sealed record MailboxSettings
{
    /// <summary>Octets; 0 is unlimited.</summary>
    [Id(0)] public long QuotaBytes { get; init; }

    /// <summary>Folders made with the mailbox, beside INBOX.</summary>
    [Id(1)] public IReadOnlyList<NewFolder> Folders { get; init => field = value as NewFolder[] ?? [.. value]; } = [];
}

/// <summary>A folder to make: its name, levels separated by <c>/</c>, and its special use (RFC 6154, for example <c>\Sent</c>) or null.</summary>
[GenerateSerializer, Immutable, Alias("mc.NewFolder")]
public sealed record NewFolder([property: Id(0)] string Name, [property: Id(1)] string? SpecialUse)
{
    /// <summary>The uses that a folder can be made for. \All and \Flagged would be views of other folders' messages, which there are none of.</summary>
    private static readonly string[] uses = ["\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"];

    public static IReadOnlyList<string> Uses => uses;

    /// <summary>As it is written here; null when there is no such use. Case does not matter.</summary>
    public static string? FindUse(string use) => Array.Find(uses, known => known.Equals(use, StringComparison.OrdinalIgnoreCase));
}

[GenerateSerializer, Immutable, Alias("mc.MailboxQuota")]
public readonly record struct MailboxQuota([property: Id(0)] long UsedBytes, [property: Id(1)] long LimitBytes)
{
    /// <summary>Whether a client may add this much; delivered mail has a grace above it.</summary>
    public bool Allows(long bytes) => LimitBytes == 0 || UsedBytes + bytes <= LimitBytes;
}

[GenerateSerializer, Immutable, Alias("mc.FilingRequest")]
public sealed record FilingRequest
{
    [Id(0)] public required DeliveryId Delivery { get; init; }

    [Id(1)] public required BodyRef Body { get; init; }

    /// <summary>Octets that stand above the body in this mailbox only: Return-Path and Received, with CRLF (RFC 5321 §4.4).</summary>
    [Id(2)] public required byte[] Prefix { get; init; }

    [Id(3)] public required MessageSummary Summary { get; init; }

    [Id(4)] public required DateTimeOffset InternalDate { get; init; }

    [Id(5)] public string Folder { get; init; } = "INBOX";
}

/// <param name="Result">What became of it.</param>
/// <param name="Uid">Of the message, if this call filed it.</param>
/// <param name="UidValidity">Of its folder.</param>
/// <param name="Folder">Its name.</param>
/// <param name="Vacation">True when the message is in the mailbox, and the account may answer it (<see cref="IVacationGrain"/>). Null: there is nothing to ask for, as of nearly all accounts, or an older silo answered.</param>
[GenerateSerializer, Immutable, Alias("mc.FilingOutcome")]
public readonly record struct FilingOutcome(
    [property: Id(0)] FilingResult Result,
    [property: Id(1)] uint Uid = 0,
    [property: Id(2)] uint UidValidity = 0,
    [property: Id(3)] string? Folder = null,
    [property: Id(4)] bool? Vacation = null);

public enum FilingResult
{
    /// <summary>The message is durably in the mailbox, by this call.</summary>
    Filed = 0,

    /// <summary>An earlier call of the same delivery filed it, whatever became of the message since.</summary>
    AlreadyFiled = 1,

    /// <summary>Transient: the mailbox is over its quota and the grace above it.</summary>
    OverQuota = 2,

    /// <summary>Permanent: there is no such mailbox.</summary>
    NoSuchMailbox = 3,

    /// <summary>Accepted longer ago than the mailbox remembers deliveries: an operator must decide.</summary>
    TooOld = 4,
}

[GenerateSerializer, Immutable, Alias("mc.FolderInfo")]
public sealed record FolderInfo
{
    [Id(0)] public required int Id { get; init; }

    [Id(1)] public required string Name { get; init; }

    [Id(2)] public string? SpecialUse { get; init; }

    [Id(3)] public bool Subscribed { get; init; }

    /// <summary>True: a name that is subscribed to and has no folder; its <see cref="Id"/> is 0.</summary>
    [Id(4)] public bool NonExistent { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.FolderStatus")]
public sealed record FolderStatus
{
    [Id(0)] public required int Messages { get; init; }

    [Id(1)] public required int Unseen { get; init; }

    [Id(2)] public required int Recent { get; init; }

    [Id(3)] public required uint UidNext { get; init; }

    [Id(4)] public required uint UidValidity { get; init; }

    /// <summary>The highest modseq of this folder (RFC 7162 §3.1.2.1), not of the mailbox.</summary>
    [Id(5)] public required long HighestModSeq { get; init; }

    /// <summary>Octets of all messages (STATUS SIZE, RFC 8438).</summary>
    [Id(6)] public required long Bytes { get; init; }

    /// <summary>Null from an older silo.</summary>
    [Id(7)] public int? FolderId { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.OpenedFolder")]
public sealed record OpenedFolder
{
    [Id(0)] public required int FolderId { get; init; }

    [Id(1)] public required uint UidValidity { get; init; }

    [Id(2)] public required uint UidNext { get; init; }

    /// <summary>The highest modseq of this folder (RFC 7162 §3.1.2.1).</summary>
    [Id(3)] public required long HighestModSeq { get; init; }

    /// <summary>The UIDs of all messages, as ascending ranges.</summary>
    [Id(4)] public required UidRange[] Uids { get; init; }

    /// <summary>UIDs from here on are \Recent in this session.</summary>
    [Id(5)] public required uint RecentFrom { get; init; }

    /// <summary>The UID of the first message without \Seen; 0 when all are seen.</summary>
    [Id(6)] public required uint FirstUnseen { get; init; }

    /// <summary>Keywords in use: bit 8 + i of a flag set is the i-th.</summary>
    [Id(7)] public required IReadOnlyList<string> Keywords { get; init => field = value as string[] ?? [.. value]; }

    /// <summary>The mailbox's modseq: the answer is complete up to here.</summary>
    [Id(8)] public required long ModSeq { get; init; }
}

/// <summary>UIDs from First to Last, both included.</summary>
[GenerateSerializer, Immutable, Alias("mc.UidRange")]
public readonly record struct UidRange([property: Id(0)] uint First, [property: Id(1)] uint Last)
{
    public int Count => (int)(Last - First + 1);
}

[GenerateSerializer, Immutable, Alias("mc.ChangesRequest")]
public sealed record ChangesRequest
{
    [Id(0)] public required int FolderId { get; init; }

    /// <summary>Changes up to here are known to the caller; at least 0.</summary>
    [Id(1)] public required long SinceModSeq { get; init; }

    /// <summary>Messages from this UID on are new to the caller; 0 when it does not ask for them.</summary>
    [Id(2)] public uint UidNext { get; init; }

    /// <summary>True: new messages that nobody was told of become this caller's \Recent.</summary>
    [Id(3)] public bool ClaimRecent { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.FolderChanges")]
public sealed record FolderChanges
{
    /// <summary>The answer is complete up to this modseq, the mailbox's.</summary>
    [Id(0)] public required long ModSeq { get; init; }

    [Id(1)] public required uint UidNext { get; init; }

    /// <summary>Messages, old and new, whose flags changed after the modseq.</summary>
    [Id(3)] public IReadOnlyList<FlagsOfMessage> Flags { get; init => field = value as FlagsOfMessage[] ?? [.. value]; } = [];

    [Id(4)] public required IReadOnlyList<string> Keywords { get; init => field = value as string[] ?? [.. value]; }

    /// <summary>UIDs expunged after the modseq, as ascending ranges; also some that the caller never knew.</summary>
    [Id(5)] public UidRange[] Expunged { get; init; } = [];

    /// <summary>UIDs of messages that exist, from the caller's <see cref="ChangesRequest.UidNext"/> on, as ascending ranges.</summary>
    [Id(6)] public UidRange[] Arrived { get; init; } = [];

    /// <summary>Of those that arrived, the ones from here on are \Recent to this caller.</summary>
    [Id(7)] public uint RecentFrom { get; init; } = uint.MaxValue;

    /// <summary>The highest modseq of this folder.</summary>
    [Id(8)] public long HighestModSeq { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.FlagsOfMessage")]
public readonly record struct FlagsOfMessage([property: Id(0)] uint Uid, [property: Id(1)] MessageFlags Flags, [property: Id(2)] long ModSeq);

/// <summary>A set of flags as bits: the system flags of RFC 3501 §2.3.2, and from bit 8 on the mailbox's keywords.</summary>
[Flags]
public enum MessageFlags : ulong
{
    None = 0,
    Seen = 1,
    Answered = 2,
    Flagged = 4,
    Deleted = 8,
    Draft = 16,

    /// <summary>All system flags.</summary>
    System = Seen | Answered | Flagged | Deleted | Draft,
}

[GenerateSerializer, Immutable, Alias("mc.FetchRequest")]
public sealed record FetchRequest
{
    [Id(0)] public required int FolderId { get; init; }

    /// <summary>Which messages, as ascending ranges; UIDs without a message are skipped.</summary>
    [Id(1)] public required UidRange[] Uids { get; init; }

    /// <summary>True adds <see cref="FetchedMessage.Content"/>, which costs a read of the summaries.</summary>
    [Id(2)] public bool WithContent { get; init; }

    /// <summary>Only messages with a higher modseq (CHANGEDSINCE, RFC 7162); 0 is all.</summary>
    [Id(3)] public long ChangedSince { get; init; }

    /// <summary>True adds <see cref="FetchedMessage.Thread"/> of those messages too whose row does not have it yet, which costs a read of their summaries.</summary>
    [Id(4)] public bool WithThreads { get; init; }
}

/// <summary>At most 1,000 messages, or about 1 MB with content.</summary>
[GenerateSerializer, Immutable, Alias("mc.MessagePage")]
public sealed record MessagePage
{
    [Id(0)] public required IReadOnlyList<FetchedMessage> Messages { get; init => field = value as FetchedMessage[] ?? [.. value]; }

    /// <summary>Where to go on; 0 when this was the last page.</summary>
    [Id(1)] public required uint NextUid { get; init; }

    [Id(2)] public required IReadOnlyList<string> Keywords { get; init => field = value as string[] ?? [.. value]; }

    /// <summary>
    /// The folder's highest modseq when the page was read: a caller that knows changes up to there need not ask for them. The highest number when the folder is gone,
    /// or when the silo is of before this was said: then it must ask.
    /// </summary>
    [Id(3)] public long HighestModSeq { get; init; } = long.MaxValue;
}

[GenerateSerializer, Immutable, Alias("mc.FetchedMessage")]
public sealed record FetchedMessage
{
    [Id(0)] public required uint Uid { get; init; }

    [Id(1)] public required MessageFlags Flags { get; init; }

    [Id(2)] public required long ModSeq { get; init; }

    [Id(3)] public required DateTimeOffset InternalDate { get; init; }

    /// <summary>RFC822.SIZE: prefix and body, octets.</summary>
    [Id(4)] public required long Size { get; init; }

    [Id(5)] public required BodyRef Body { get; init; }

    [Id(6)] public MessageContent? Content { get; init; }

    /// <summary>As <see cref="EmailRecord.Thread"/>; null when it is not known without its content, and from an older silo.</summary>
    [Id(7)] public ulong? Thread { get; init; }
}

/// <summary>
/// What a mailbox keeps of a message's content beside its body. What BODY[], its header and its text need stands by itself; the rest of the summary stays encoded until somebody
/// asks for it, which is the reader of the message and not its mailbox.
/// </summary>
[GenerateSerializer, Immutable, Alias("mc.MessageContent")]
public sealed record MessageContent : IStoredRecord
{
    [NonSerialized]
    private MessageSummary? decoded;

    public MessageContent(byte[] prefix, MessageSummary summary)
    {
        (Prefix, Header, BodyOffset, ShownLength) = (prefix, summary.Header, summary.Structure.BodyOffset, summary.ShownLength);
        Rest = StoredSummary.Encode(summary with { Header = null });
    }

    /// <summary>2: the summary is encoded by itself; 1 had it as a member.</summary>
    public static byte FormatVersion => 2;

    /// <summary>Octets that stand above the body in this mailbox only.</summary>
    [Id(0)] public byte[] Prefix { get; private init; }

    /// <summary>As <see cref="MessageSummary.Header"/>.</summary>
    [Id(2)] public byte[]? Header { get => field ?? Version1?.Header; private init; }

    /// <summary>Where the text begins: right after the header's empty line, octets of the body.</summary>
    [Id(3)] public long BodyOffset { get => Version1?.Structure.BodyOffset ?? field; private init; }

    /// <summary>As <see cref="MessageSummary.ShownLength"/>.</summary>
    [Id(4)] public long? ShownLength { get => field ?? Version1?.ShownLength; private init; }

    /// <summary>Decoded when it is first asked for, and kept.</summary>
    public MessageSummary Summary => decoded ??= Version1 ?? StoredSummary.Decode(Rest!) with { Header = Header };

    [Id(1)] private MessageSummary? Version1 { get; init; }

    [Id(5)] private byte[]? Rest { get; init; }

    /// <summary>Octets of the body as shown, of which the blob has <paramref name="stored"/>.</summary>
    public long LengthShown(long stored) => ShownLength ?? stored;
}

[GenerateSerializer, Immutable, Alias("mc.StoreRequest")]
public sealed record StoreRequest
{
    [Id(0)] public required Guid Operation { get; init; }

    [Id(1)] public required int FolderId { get; init; }

    [Id(2)] public required UidRange[] Uids { get; init; }

    [Id(3)] public required FlagChange Change { get; init; }

    /// <summary>System flags of the change.</summary>
    [Id(4)] public MessageFlags Flags { get; init; }

    /// <summary>Keywords of the change, by name; unknown ones are made.</summary>
    [Id(5)] public IReadOnlyList<string> Keywords { get; init => field = value as string[] ?? [.. value]; } = [];

    /// <summary>Messages with a higher modseq stay as they are (UNCHANGEDSINCE, RFC 7162); null is no condition.</summary>
    [Id(6)] public long? UnchangedSince { get; init; }
}

public enum FlagChange
{
    Replace = 0,
    Add = 1,
    Remove = 2,
}

[GenerateSerializer, Immutable, Alias("mc.StoreResult")]
public sealed record StoreResult
{
    /// <summary>Flags of all the messages named, after the change.</summary>
    [Id(0)] public required IReadOnlyList<FlagsOfMessage> Messages { get; init => field = value as FlagsOfMessage[] ?? [.. value]; }

    /// <summary>UIDs left alone because of UNCHANGEDSINCE.</summary>
    [Id(1)] public IReadOnlyList<uint> Unmodified { get; init => field = value as uint[] ?? [.. value]; } = [];

    [Id(2)] public required IReadOnlyList<string> Keywords { get; init => field = value as string[] ?? [.. value]; }

    /// <summary>False: a keyword could not be made because the mailbox has its 56 already.</summary>
    [Id(3)] public bool KeywordsFit { get; init; } = true;
}
