using System.Globalization;
using System.Security.Cryptography;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>
/// One long work, which goes on whoever dies: its state says how far it is, and its queue calls it until it has ended. Key: its id, see <see cref="JobIds"/>.
/// </summary>
[Alias("mc.IJobGrain")]
public interface IJobGrain : IGrainWithStringKey
{
    /// <summary>Makes it. Null: its id is too old, and its queue may have forgotten it.</summary>
    [Alias("Create")]
    Task<JobInfo?> CreateAsync(JobSpec spec);

    /// <summary>Null when there is none.</summary>
    [Alias("Find")]
    Task<JobInfo?> FindAsync();

    /// <summary>Gives it the blob that it works on, of so many lines; see <see cref="JobInputs"/>. False: it has one, takes none, or has ended.</summary>
    [Alias("TakeInput")]
    Task<bool> TakeInputAsync(string blob, long lines);

    /// <summary>What it found, in order; records after a sequence number.</summary>
    [Alias("Records")]
    Task<IReadOnlyList<JobRecord>> GetRecordsAsync(long after, int count);

    /// <summary>It ends as soon as it may: what it has begun it finishes. One that has ended stays as it is. Null when there is none.</summary>
    [Alias("Cancel")]
    Task<JobInfo?> CancelAsync(string by);

    /// <summary>Begins the work, or goes on with it, unless it is being done. Answers at once.</summary>
    [Alias("GoOn")]
    Task<JobStanding> GoOnAsync();

    /// <summary>Removes one that has ended, with all that is stored of it. False: it has not.</summary>
    [Alias("Forget")]
    Task<bool> ForgetAsync();

    /// <summary>Ends it wherever it is, and removes it.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>The jobs of a tenant or of the platform, the newest first; it makes them. Key: see <see cref="JobLists"/>.</summary>
[Alias("mc.IJobListGrain")]
public interface IJobListGrain : IGrainWithStringKey
{
    /// <summary>Makes a job, which begins when it is its turn, and forgets what has ended and is too old. Null: as many wait as may.</summary>
    [Alias("Begin")]
    Task<JobInfo?> BeginAsync(JobSpec spec);

    /// <summary>Ids after the given one, in order.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<string>> GetPageAsync(string after, int count);

    /// <summary>Ends and removes them all, and the list.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>Which jobs of one kind have not ended, in their order. Key: the <see cref="JobKind"/>.</summary>
[Alias("mc.IJobQueueGrain")]
public interface IJobQueueGrain : IGrainWithIntegerKey
{
    /// <summary>Admits one that is about to be made. False: as many have not ended as may.</summary>
    [Alias("Add")]
    Task<bool> AddAsync(string id, TenantId? tenant);

    /// <summary>It has ended: the next one begins.</summary>
    [Alias("Ended")]
    Task EndedAsync(string id);

    /// <summary>Has those whose turn it is go on. Repeated every <see cref="JobQueues.PokedEvery"/>, whatever died.</summary>
    [Alias("Poke")]
    Task PokeAsync();
}

/// <summary>All jobs of the installation. Key: 0.</summary>
[Alias("mc.IJobNamesGrain")]
public interface IJobNamesGrain : IGrainWithIntegerKey
{
    /// <summary>Ids after the given one, in order.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<string>> GetPageAsync(string after, int count);
}

public enum JobKind
{
    /// <summary>Checks everything stored.</summary>
    Verify = 0,

    /// <summary>Deletes what nothing refers to.</summary>
    Sweep = 1,

    /// <summary>Makes accounts of lines.</summary>
    ImportAccounts = 2,

    /// <summary>Takes a backup.</summary>
    Backup = 3,

    /// <summary>Checks what a backup holds.</summary>
    CheckBackup = 4,

    /// <summary>Brings back into an account's mailbox what it lacks of a backup.</summary>
    RestoreMailbox = 5,

    /// <summary>Brings back a tenant that is gone, or into the mailboxes of one that is there what they lack.</summary>
    RestoreTenant = 6,
}

public enum JobStatus
{
    /// <summary>It waits for its turn, or for its input.</summary>
    Queued = 0,

    Running = 1,

    Done = 2,

    /// <summary>It was given up; <see cref="JobInfo.Why"/> says why.</summary>
    Failed = 3,

    Cancelled = 4,
}

/// <summary>What a job answers its queue.</summary>
public enum JobStanding
{
    /// <summary>There is no such job.</summary>
    Missing = 0,

    AwaitsInput = 1,

    Running = 2,

    Ended = 3,
}

/// <summary>What is to be done.</summary>
[GenerateSerializer, Immutable, Alias("mc.JobSpec")]
public sealed record JobSpec
{
    [Id(0)] public required JobKind Kind { get; init; }

    /// <summary>Whose it is, and beyond whom it reaches nothing; null: the platform's.</summary>
    [Id(1)] public TenantId? Tenant { get; init; }

    /// <summary>Who began it.</summary>
    [Id(2)] public required string By { get; init; }

    /// <summary>Of a sweep: see <see cref="IUpkeepGrain.SweepAsync"/>.</summary>
    [Id(3)] public TimeSpan? Grace { get; init; }

    /// <summary>What is restored: an address' key, or a tenant.</summary>
    [Id(4)] public string? Subject { get; init; }

    /// <summary>Of a mailbox that is restored: below which folder; null: each message comes back into the folder of the name that it was in.</summary>
    [Id(5)] public string? Folder { get; init; }

    /// <summary>The name of the backup that is read; null: the newest.</summary>
    [Id(6)] public string? Backup { get; init; }
}

/// <summary>A job as it is now.</summary>
[GenerateSerializer, Immutable, Alias("mc.JobInfo")]
public sealed record JobInfo
{
    [Id(0)] public required string Id { get; init; }

    [Id(1)] public required JobSpec Spec { get; init; }

    [Id(2)] public required JobStatus Status { get; init; }

    /// <summary>It does nothing before it has one.</summary>
    [Id(3)] public bool AwaitsInput { get; init; }

    /// <summary>Things looked at or lines worked off.</summary>
    [Id(4)] public long Done { get; init; }

    /// <summary>Null when nobody knows.</summary>
    [Id(5)] public long? Total { get; init; }

    /// <summary>By name: of a walk what it looked at and found or did, of an import the lines <c>created</c>, <c>updated</c>, <c>unchanged</c> and <c>failed</c>.</summary>
    [Id(6)] public required IReadOnlyDictionary<string, long> Counts { get; init; }

    [Id(7)] public DateTimeOffset? StartedAt { get; init; }

    [Id(8)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>A sentence about how it ended, or what it waits for.</summary>
    [Id(9)] public string? Why { get; init; }
}

/// <summary>Something that a job found, or a line that it could not do.</summary>
[GenerateSerializer, Immutable, Alias("mc.JobRecord")]
public sealed record JobRecord
{
    /// <summary>Its place among those of its job; they rise.</summary>
    [Id(0)] public long Sequence { get; init; }

    /// <summary><c>problem</c>, <c>leftover</c>, <c>deleted</c>, <c>restored</c>; of a line <c>failed</c>.</summary>
    [Id(1)] public required string Kind { get; init; }

    /// <summary>What it is about: a blob's name, a mailbox's or a delivery's id, an address; empty when there is none.</summary>
    [Id(2)] public string Subject { get; init; } = "";

    [Id(3)] public required string Text { get; init; }

    /// <summary>The number of a line of an input.</summary>
    [Id(4)] public long? Line { get; init; }
}

/// <summary>
/// Ids of jobs, 32 lower-case hexadecimal digits. The first twelve are the milliseconds that are left until the year 10889: in the order of ids the newest comes first, in a list of names too.
/// </summary>
public static class JobIds
{
    private const int Length = 32;
    private const int TimeDigits = 12;
    private const long Last = 0xFFFF_FFFF_FFFF;

    public static string New(DateTimeOffset at) => $"{Last - at.ToUnixTimeMilliseconds():x12}{RandomNumberGenerator.GetHexString(Length - TimeDigits, lowercase: true)}";

    public static bool IsId(string text) => text.Length == Length && text.All(char.IsAsciiHexDigitLower);

    public static DateTimeOffset MadeAt(string id) => DateTimeOffset.FromUnixTimeMilliseconds(Last - long.Parse(id.AsSpan(0, TimeDigits), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}

public static class JobLists
{
    /// <summary>Jobs of one list; what has ended beyond these is forgotten.</summary>
    public const int Kept = 100;

    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    /// <param name="tenant">Null: the platform.</param>
    public static string KeyOf(TenantId? tenant) => tenant is { } id ? $"tenant/{id}" : "platform";
}

public static class JobQueues
{
    /// <summary>Jobs of a kind that have not ended: 60 kB.</summary>
    public const int MostOpen = 1000;

    /// <summary>Of these one tenant's, or the platform's: nobody fills the queue alone.</summary>
    public const int MostOfOne = 10;

    /// <summary>How long after a death a job stands still.</summary>
    public static readonly TimeSpan PokedEvery = TimeSpan.FromSeconds(10);

    public static IEnumerable<JobKind> Kinds => Enum.GetValues<JobKind>();

    /// <summary>
    /// Jobs of a kind that are worked on at a time: a walk reads everything stored. Of imports four, each of another tenant, so that nobody waits for the end of another's million lines.
    /// </summary>
    public static int AtOnce(JobKind kind) => kind == JobKind.ImportAccounts ? 4 : 1;
}
