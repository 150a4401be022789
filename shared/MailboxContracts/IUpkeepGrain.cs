namespace MailCloud.MailboxContracts;

/// <summary>
/// The operator's checks over all that is stored. Key: 0. Both walk in pages and may run while mail flows; a caller that stops reading stops the walk.
/// </summary>
[Alias("mc.IUpkeepGrain")]
public interface IUpkeepGrain : IGrainWithIntegerKey
{
    /// <summary>Checks every reference (queue, journal, chunk, body, count) and changes nothing. Findings as they are met; the last record is the summary.</summary>
    [Alias("Verify")]
    IAsyncEnumerable<UpkeepRecord> VerifyAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Deletes what nothing refers to any more and that is older than <paramref name="grace"/>; null: than the configured grace periods. One record per deletion; the last
    /// is the summary. Less than the configured periods is safe only while no mail flows.
    /// </summary>
    [Alias("Sweep")]
    IAsyncEnumerable<UpkeepRecord> SweepAsync(TimeSpan? grace, CancellationToken cancellationToken);

    /// <summary>Whether backups can be taken and read here. It does not open their place, which a backup under way may be using.</summary>
    [Alias("HasBackupPlace")]
    Task<bool> HasBackupPlaceAsync();

    /// <summary>Whole backups, the oldest first.</summary>
    [Alias("Backups")]
    Task<IReadOnlyList<BackupInfo>> ListBackupsAsync();
}

/// <summary>A whole backup.</summary>
/// <param name="Name">By which it is asked for.</param>
/// <param name="BegunAt">Everything that was acknowledged before is in it.</param>
/// <param name="EndedAt">When its last part was written.</param>
/// <param name="Counts">What it holds, by name.</param>
[GenerateSerializer, Immutable, Alias("mc.BackupInfo")]
public sealed record BackupInfo(
    [property: Id(0)] string Name, [property: Id(1)] DateTimeOffset BegunAt, [property: Id(2)] DateTimeOffset EndedAt, [property: Id(3)] IReadOnlyDictionary<string, long> Counts);

[GenerateSerializer, Immutable, Alias("mc.UpkeepRecord")]
public sealed record UpkeepRecord
{
    [Id(0)] public required UpkeepKind Kind { get; init; }

    /// <summary>What it is about: a blob's name, a mailbox's or a delivery's id; empty in the summary.</summary>
    [Id(1)] public string Subject { get; init; } = "";

    /// <summary>One sentence for the operator.</summary>
    [Id(2)] public required string Text { get; init; }

    /// <summary>Only in the summary: what was looked at, by name (<c>mailboxes</c>, <c>messages</c>, <c>bodies</c> …), and how many problems or deletions there were.</summary>
    [Id(3)] public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>();
}

public enum UpkeepKind
{
    /// <summary>Something is wrong: a reference leads nowhere, or a count is off.</summary>
    Problem = 0,

    /// <summary>Not wrong, but left for a sweep: a body without an owner.</summary>
    Leftover = 1,

    /// <summary>The sweep deleted it.</summary>
    Deleted = 2,

    /// <summary>The last record: the walk is complete.</summary>
    Summary = 3,

    /// <summary>It came back from a backup.</summary>
    Restored = 4,
}
