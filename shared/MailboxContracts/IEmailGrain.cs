using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>
/// The same mailbox as <see cref="IMailboxGrain"/>, by messages instead of by folders and UIDs, as JMAP sees it (RFC 8621): a message (an Email) has one id for its life, is in one or more
/// folders, and has one set of flags. Copies of a message that IMAP made in other folders are one Email in several of them; where their flags differ, \Seen and $seen are those that all have,
/// every other flag is set when one has it, and \Deleted is no flag of an Email. Key: <see cref="AccountId"/>; the grain is the mailbox's own.
/// <para>States are modseqs of the mailbox. Every answer is given only when all that it saw is durable.</para>
/// </summary>
[Alias("mc.IEmailGrain")]
public interface IEmailGrain : IGrainWithStringKey
{
    /// <summary>The modseq of the mailbox; null when there is no such mailbox.</summary>
    [Alias("State")]
    Task<long?> GetStateAsync();

    /// <summary>Who watches the mailbox is told that what stands beside it has changed (<see cref="IMailboxObserver.OthersChangedAsync"/>). A hint, which may be lost.</summary>
    [OneWay, Alias("TellOfOthers")]
    Task TellOfOthersAsync();

    /// <summary>All folders with their counts, by id. Null when there is no such mailbox.</summary>
    [Alias("Folders")]
    Task<EmailFolders?> GetFoldersAsync();

    /// <summary>All folders, by id, and their counts only if asked for: these cost a look at all rows when they are asked for the first time in a while. Null when there is no such mailbox.</summary>
    [Alias("ReadFolders")]
    Task<EmailFolders?> ReadFoldersAsync(bool withCounts);

    /// <summary>Folders made, changed and deleted after a modseq.</summary>
    [Alias("FolderChanges")]
    Task<EmailFolderChanges> GetFolderChangesAsync(long since);

    /// <summary>Emails by their ids; those that do not exist are left out. At most <see cref="EmailPage.MaxIds"/> ids, answered in pages: ask again for those of <see cref="EmailPage.Left"/>.</summary>
    [Alias("Get")]
    Task<EmailPage> GetAsync(IReadOnlyList<Guid> emails, bool withContent);

    /// <summary>Emails made, changed and destroyed after a state, in order, up to a number.</summary>
    [Alias("Changes")]
    Task<EmailChanges> GetChangesAsync(EmailState since, int max);

    /// <summary>The Emails of threads, by receivedAt and id; threads without any are left out.</summary>
    [Alias("Threads")]
    Task<IReadOnlyList<EmailThread>> GetThreadsAsync(IReadOnlyList<ulong> threads);

    /// <summary>A window of the Emails that match, in order (RFC 8620 §5.5).</summary>
    [Alias("Query")]
    Task<EmailQueryResult> QueryAsync(EmailQuery query, EmailWindow window);

    /// <summary>What a client changes in the result of the same query that it has as of a modseq (RFC 8620 §5.6).</summary>
    [Alias("QueryChanges")]
    Task<EmailQueryChanges> QueryChangesAsync(EmailQuery query, EmailQueryChangesRequest request);

    /// <summary>
    /// A page of the Emails that may match, with content if asked for, in the order of receivedAt, the latest first: for conditions and orders that need more than rows. The cursor is null for the first page, and after the last.
    /// </summary>
    [Alias("Scan")]
    Task<EmailScanPage> ScanAsync(EmailFilter filter, EmailCursor? cursor, bool withContent);

    /// <summary>Files a new Email into one or more folders, in one step. Repeats with the same operation id return the first result. Unless it is <see cref="EmailOutcome.Done"/>, the caller releases the body.</summary>
    [Alias("Add")]
    Task<EmailResult> AddAsync(NewEmail email);

    /// <summary>Changes flags and folders of Emails and destroys Emails, each whole or not at all, in one step. Repeats with the same operation id return the first results.</summary>
    [Alias("Update")]
    Task<EmailUpdateResult> UpdateAsync(EmailUpdates updates);

    /// <summary>Makes a folder (RFC 8621 §2.5). The id is in the result.</summary>
    [Alias("AddFolder")]
    Task<EmailFolderResult> AddFolderAsync(Guid operation, NewEmailFolder folder);

    /// <summary>Changes name, parent, use, order and subscription of a folder; null is left as it is.</summary>
    [Alias("UpdateFolder")]
    Task<EmailFolderResult> UpdateFolderAsync(Guid operation, EmailFolderUpdate update);

    /// <summary>Deletes a folder. With Emails in it only if <paramref name="removeEmails"/>: those that are in no other folder are destroyed.</summary>
    [Alias("RemoveFolder")]
    Task<EmailFolderResult> RemoveFolderAsync(Guid operation, int folder, bool removeEmails);
}

/// <summary>
/// A place in the order of changes: all up to a modseq, or, where an answer was cut within one modseq, of that only the Emails up to an id. Written <c>123</c> or <c>123-guid</c>.
/// </summary>
[GenerateSerializer, Immutable, Alias("mc.EmailState")]
public readonly record struct EmailState([property: Id(0)] long ModSeq, [property: Id(1)] Guid? UpTo = null);

[GenerateSerializer, Immutable, Alias("mc.EmailFolders")]
public sealed record EmailFolders
{
    [Id(0)] public required long ModSeq { get; init; }

    [Id(1)] public required IReadOnlyList<EmailFolder> Folders { get; init => field = value as EmailFolder[] ?? [.. value]; }
}

/// <summary>A folder with what JMAP counts of it (RFC 8621 §2).</summary>
[GenerateSerializer, Immutable, Alias("mc.EmailFolder")]
public sealed record EmailFolder
{
    [Id(0)] public required int Id { get; init; }

    /// <summary>The whole name, levels separated by <c>/</c>: the parent is the folder with the name above the last one.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary>As <see cref="NewFolder.SpecialUse"/>; null for INBOX too.</summary>
    [Id(2)] public string? SpecialUse { get; init; }

    [Id(3)] public bool Subscribed { get; init; }

    [Id(4)] public required int SortOrder { get; init; }

    /// <summary>This and the other counts: 0 when they were not asked for.</summary>
    [Id(5)] public required int TotalEmails { get; init; }

    /// <summary>Neither \Seen nor \Draft.</summary>
    [Id(6)] public required int UnreadEmails { get; init; }

    [Id(7)] public required int TotalThreads { get; init; }

    /// <summary>Threads of which an Email in this folder is unread.</summary>
    [Id(8)] public required int UnreadThreads { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailFolderChanges")]
public sealed record EmailFolderChanges
{
    /// <summary>False: it is not known any more what changed since.</summary>
    [Id(0)] public required bool Known { get; init; }

    [Id(1)] public long ModSeq { get; init; }

    [Id(2)] public int[] Created { get; init; } = [];

    /// <summary>Of these only counts changed.</summary>
    [Id(3)] public int[] Counted { get; init; } = [];

    [Id(4)] public int[] Updated { get; init; } = [];

    [Id(5)] public int[] Destroyed { get; init; } = [];
}

[GenerateSerializer, Immutable, Alias("mc.EmailPage")]
public sealed record EmailPage
{
    public const int MaxIds = 1000;

    [Id(0)] public required long ModSeq { get; init; }

    [Id(1)] public required IReadOnlyList<EmailRecord> Emails { get; init => field = value as EmailRecord[] ?? [.. value]; }

    /// <summary>Keywords in use: bit 8 + i of a flag set is the i-th.</summary>
    [Id(2)] public required IReadOnlyList<string> Keywords { get; init => field = value as string[] ?? [.. value]; }

    /// <summary>Ids that this page, of about 1 MB, had no room for.</summary>
    [Id(3)] public IReadOnlyList<Guid> Left { get; init => field = value as Guid[] ?? [.. value]; } = [];
}

/// <summary>An Email as it is now.</summary>
[GenerateSerializer, Immutable, Alias("mc.EmailRecord")]
public sealed record EmailRecord
{
    [Id(0)] public required Guid Id { get; init; }

    [Id(1)] public required ulong Thread { get; init; }

    [Id(2)] public required int[] Folders { get; init; }

    /// <summary>Without \Deleted.</summary>
    [Id(3)] public required MessageFlags Flags { get; init; }

    /// <summary>INTERNALDATE, to the millisecond.</summary>
    [Id(4)] public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>Prefix and body, octets.</summary>
    [Id(5)] public required long Size { get; init; }

    [Id(6)] public required BodyRef Body { get; init; }

    [Id(7)] public MessageContent? Content { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailChanges")]
public sealed record EmailChanges
{
    /// <summary>False: it is not known any more what changed since.</summary>
    [Id(0)] public required bool Known { get; init; }

    [Id(1)] public EmailState State { get; init; }

    [Id(2)] public bool HasMore { get; init; }

    [Id(3)] public Guid[] Created { get; init; } = [];

    [Id(4)] public Guid[] Updated { get; init; } = [];

    [Id(5)] public Guid[] Destroyed { get; init; } = [];

    /// <summary>The threads of all of them: those that may have other Emails now, or none.</summary>
    [Id(6)] public ulong[] Threads { get; init; } = [];

    /// <summary>True: there are more threads than <see cref="Threads"/>, as messages left that were of before threads were kept.</summary>
    [Id(7)] public bool ThreadsUnknown { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailThread")]
public sealed record EmailThread([property: Id(0)] ulong Id, [property: Id(1)] Guid[] Emails);

public enum EmailFilterKind
{
    /// <summary>All of <see cref="EmailFilter.Conditions"/>; without any it matches everything.</summary>
    And = 0,
    Or = 1,

    /// <summary>None of <see cref="EmailFilter.Conditions"/>.</summary>
    Not = 2,
    InFolder = 3,

    /// <summary>In at least one folder that is not among <see cref="EmailFilter.Folders"/>.</summary>
    InOtherFolder = 4,

    /// <summary>receivedAt is before <see cref="EmailFilter.Number"/>, milliseconds since 1970.</summary>
    Before = 5,

    /// <summary>receivedAt is that or later.</summary>
    After = 6,

    /// <summary>At least <see cref="EmailFilter.Number"/> octets.</summary>
    MinSize = 7,

    /// <summary>Fewer octets.</summary>
    MaxSize = 8,
    HasKeyword = 9,
    AllInThreadHaveKeyword = 10,
    SomeInThreadHaveKeyword = 11,

    /// <summary>May or may not match: what only the caller can tell. Not in a query, only in a scan.</summary>
    Unknown = 12,
}

/// <summary>A condition on what a mailbox knows of a message without its content, or several.</summary>
[GenerateSerializer, Immutable, Alias("mc.EmailFilter")]
public sealed record EmailFilter
{
    public static readonly EmailFilter Everything = new() { Kind = EmailFilterKind.And };

    [Id(0)] public required EmailFilterKind Kind { get; init; }

    [Id(1)] public IReadOnlyList<EmailFilter> Conditions { get; init => field = value as EmailFilter[] ?? [.. value]; } = [];

    /// <summary>One for <see cref="EmailFilterKind.InFolder"/>.</summary>
    [Id(2)] public int[] Folders { get; init; } = [];

    [Id(3)] public long Number { get; init; }

    /// <summary>As JMAP has it: <c>$seen</c>, or any keyword.</summary>
    [Id(4)] public string Keyword { get; init; } = "";
}

public enum EmailSortKey
{
    ReceivedAt = 0,
    Size = 1,
    HasKeyword = 2,
    AllInThreadHaveKeyword = 3,
    SomeInThreadHaveKeyword = 4,
}

/// <param name="Keyword">For the last three.</param>
[GenerateSerializer, Immutable, Alias("mc.EmailSort")]
public sealed record EmailSort([property: Id(0)] EmailSortKey Key, [property: Id(1)] bool Ascending, [property: Id(2)] string Keyword = "");

/// <summary>What equals after all sorts is ordered by id, the later first.</summary>
[GenerateSerializer, Immutable, Alias("mc.EmailQuery")]
public sealed record EmailQuery
{
    [Id(0)] public required EmailFilter Filter { get; init; }

    /// <summary>Empty: receivedAt, the latest first.</summary>
    [Id(1)] public IReadOnlyList<EmailSort> Sort { get; init => field = value as EmailSort[] ?? [.. value]; } = [];

    /// <summary>Only the first Email of each thread, in order.</summary>
    [Id(2)] public bool CollapseThreads { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailWindow")]
public sealed record EmailWindow
{
    public const int MaxLimit = 10_000;

    /// <summary>Negative: from the end.</summary>
    [Id(0)] public long Position { get; init; }

    /// <summary>Then <see cref="Position"/> is not looked at.</summary>
    [Id(1)] public Guid? Anchor { get; init; }

    [Id(2)] public long AnchorOffset { get; init; }

    [Id(3)] public required int Limit { get; init; }

    /// <summary>Costs a look at all that match, unless the filter is one folder or everything.</summary>
    [Id(4)] public bool CalculateTotal { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailQueryResult")]
public sealed record EmailQueryResult
{
    [Id(0)] public required long ModSeq { get; init; }

    /// <summary>False: the anchor is not among those that match.</summary>
    [Id(1)] public bool AnchorFound { get; init; } = true;

    /// <summary>Of the first of <see cref="Emails"/>.</summary>
    [Id(2)] public long Position { get; init; }

    [Id(3)] public Guid[] Emails { get; init; } = [];

    /// <summary>Of all that match; null unless it was asked for.</summary>
    [Id(4)] public long? Total { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailQueryChangesRequest")]
public sealed record EmailQueryChangesRequest
{
    [Id(0)] public required long Since { get; init; }

    [Id(1)] public int? MaxChanges { get; init; }

    /// <summary>The last Email of the result that the client knows: changes beyond it may be left out.</summary>
    [Id(2)] public Guid? UpTo { get; init; }

    [Id(3)] public bool CalculateTotal { get; init; }
}

public enum EmailQueryChangesOutcome
{
    Done = 0,

    /// <summary>More than the caller takes.</summary>
    TooMany = 1,

    /// <summary>It is not known any more what changed since.</summary>
    Unknown = 2,
}

[GenerateSerializer, Immutable, Alias("mc.EmailQueryChanges")]
public sealed record EmailQueryChanges
{
    [Id(0)] public required EmailQueryChangesOutcome Outcome { get; init; }

    [Id(1)] public long ModSeq { get; init; }

    [Id(2)] public Guid[] Removed { get; init; } = [];

    /// <summary>By index, ascending.</summary>
    [Id(3)] public EmailAtIndex[] Added { get; init; } = [];

    [Id(4)] public long? Total { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailAtIndex")]
public readonly record struct EmailAtIndex([property: Id(0)] Guid Email, [property: Id(1)] long Index);

/// <summary>After which Email a scan goes on.</summary>
[GenerateSerializer, Immutable, Alias("mc.EmailCursor")]
public sealed record EmailCursor([property: Id(0)] long ReceivedAt, [property: Id(1)] Guid Email);

[GenerateSerializer, Immutable, Alias("mc.EmailScanPage")]
public sealed record EmailScanPage
{
    [Id(0)] public required long ModSeq { get; init; }

    [Id(1)] public required IReadOnlyList<EmailRecord> Emails { get; init => field = value as EmailRecord[] ?? [.. value]; }

    [Id(2)] public required IReadOnlyList<string> Keywords { get; init => field = value as string[] ?? [.. value]; }

    /// <summary>Null: this was the last page.</summary>
    [Id(3)] public EmailCursor? Next { get; init; }
}

public enum EmailOutcome
{
    Done = 0,

    /// <summary>There is no such Email.</summary>
    NotFound = 1,

    /// <summary>A folder of it does not exist.</summary>
    NoSuchFolder = 2,
    OverQuota = 3,

    /// <summary>A keyword could not be made because the mailbox has its 56 already.</summary>
    KeywordsFull = 4,

    /// <summary>It would be in no folder.</summary>
    NoFolder = 5,

    /// <summary>More than one call may change.</summary>
    TooMany = 6,

    /// <summary>The state is not the one that was asked for (ifInState).</summary>
    StateMismatch = 7,
}

/// <summary>A message that a client brings. Its body is durable under its name and names this mailbox as its owner.</summary>
[GenerateSerializer, Immutable, Alias("mc.NewEmail")]
public sealed record NewEmail
{
    /// <summary>Folders that a client puts one Email into at most (RFC 8621 §1.3.1): each has a copy of its own. What IMAP has copied into more stays there.</summary>
    public const int MaxFolders = 100;

    [Id(0)] public required Guid Operation { get; init; }

    [Id(1)] public required int[] Folders { get; init; }

    [Id(2)] public required AppendedMessage Message { get; init; }

    /// <summary>Only in this state of the mailbox; null is any.</summary>
    [Id(3)] public long? IfModSeq { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailResult")]
public sealed record EmailResult
{
    [Id(0)] public required EmailOutcome Outcome { get; init; }

    [Id(1)] public Guid Email { get; init; }

    [Id(2)] public ulong Thread { get; init; }

    /// <summary>Prefix and body, octets.</summary>
    [Id(3)] public long Size { get; init; }

    /// <summary>Of the mailbox before and after it.</summary>
    [Id(4)] public long OldModSeq { get; init; }

    [Id(5)] public long ModSeq { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailUpdates")]
public sealed record EmailUpdates
{
    /// <summary>What one call changes at most.</summary>
    public const int MaxEmails = 1000;

    [Id(0)] public required Guid Operation { get; init; }

    [Id(1)] public required IReadOnlyList<EmailUpdate> Updates { get; init => field = value as EmailUpdate[] ?? [.. value]; }

    /// <summary>Only in this state of the mailbox; null is any.</summary>
    [Id(2)] public long? IfModSeq { get; init; }
}

/// <summary>What becomes of one Email.</summary>
[GenerateSerializer, Immutable, Alias("mc.EmailUpdate")]
public sealed record EmailUpdate
{
    [Id(0)] public required Guid Email { get; init; }

    /// <summary>Then nothing else is looked at.</summary>
    [Id(1)] public bool Destroy { get; init; }

    /// <summary>These flags and no others, as JMAP names them; null: only those of <see cref="AddKeywords"/> and <see cref="RemoveKeywords"/> change.</summary>
    [Id(2)] public string[]? Keywords { get; init; }

    [Id(3)] public string[] AddKeywords { get; init; } = [];

    [Id(4)] public string[] RemoveKeywords { get; init; } = [];

    /// <summary>These folders and no others; null: only <see cref="AddFolders"/> and <see cref="RemoveFolders"/> change.</summary>
    [Id(5)] public int[]? Folders { get; init; }

    [Id(6)] public int[] AddFolders { get; init; } = [];

    [Id(7)] public int[] RemoveFolders { get; init; } = [];
}

[GenerateSerializer, Immutable, Alias("mc.EmailUpdateResult")]
public sealed record EmailUpdateResult
{
    /// <summary>Of each update, in order.</summary>
    [Id(0)] public required EmailOutcome[] Outcomes { get; init; }

    /// <summary>Of the mailbox before and after it.</summary>
    [Id(1)] public long OldModSeq { get; init; }

    [Id(2)] public long ModSeq { get; init; }
}

/// <param name="Parent">Null: at the top.</param>
/// <param name="Name">Of this level only; a slash in it is refused.</param>
[GenerateSerializer, Immutable, Alias("mc.NewEmailFolder")]
public sealed record NewEmailFolder(
    [property: Id(0)] int? Parent, [property: Id(1)] string Name, [property: Id(2)] string? SpecialUse, [property: Id(3)] int SortOrder, [property: Id(4)] bool Subscribed);

[GenerateSerializer, Immutable, Alias("mc.EmailFolderUpdate")]
public sealed record EmailFolderUpdate
{
    [Id(0)] public required int Folder { get; init; }

    /// <summary>Of this level only.</summary>
    [Id(1)] public string? Name { get; init; }

    /// <summary>True: <see cref="Parent"/> is the new one, null the top.</summary>
    [Id(2)] public bool Moves { get; init; }

    [Id(3)] public int? Parent { get; init; }

    /// <summary>True: <see cref="SpecialUse"/> is the new one, null none.</summary>
    [Id(4)] public bool ChangesUse { get; init; }

    [Id(5)] public string? SpecialUse { get; init; }

    [Id(6)] public int? SortOrder { get; init; }

    [Id(7)] public bool? Subscribed { get; init; }
}

[GenerateSerializer, Immutable, Alias("mc.EmailFolderResult")]
public sealed record EmailFolderResult
{
    [Id(0)] public required EmailFolderOutcome Outcome { get; init; }

    [Id(1)] public int Folder { get; init; }

    /// <summary>Of the mailbox before and after it.</summary>
    [Id(2)] public long OldModSeq { get; init; }

    [Id(3)] public long ModSeq { get; init; }
}

public enum EmailFolderOutcome
{
    Done = 0,
    NotFound = 1,

    /// <summary>There is one of this name under this parent.</summary>
    Exists = 2,

    /// <summary>INBOX cannot be deleted, moved or given another use.</summary>
    NotPermitted = 3,
    InvalidName = 4,
    TooMany = 5,
    NoSuchParent = 6,

    /// <summary>Another folder has this use.</summary>
    UseTaken = 7,

    /// <summary>A folder stands below it.</summary>
    HasChild = 8,

    /// <summary>Emails are in it.</summary>
    HasEmails = 9,
}
