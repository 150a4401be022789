using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Backup;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>What is done for each kind of job.</summary>
internal sealed class JobWorks(
    GrainStorage storage, Verifier verifier, Sweeper sweeper, AccountImporter importer, BackupTaker taker, BackupCheck check, MailboxRestore mailboxes, TenantRestore tenants,
    MailboxesOptions options)
{
    /// <summary>Records of a job: of more, the counts tell. Some 20 MB.</summary>
    public const int MostRecords = 100_000;

    /// <summary>The work of a job that has begun.</summary>
    public IJobWork New(JobState state, CancellationToken cancellationToken) => state.Spec! switch
    {
        { Kind: JobKind.ImportAccounts } spec => new ImportWork(spec, importer, storage.Blobs, storage.Time),
        { Kind: JobKind.Verify } => NewVerify(cancellationToken),
        { Kind: JobKind.Sweep } spec => NewSweep(spec.Grace, cancellationToken),
        { Kind: JobKind.Backup } => NewBackup(cancellationToken),
        { Kind: JobKind.CheckBackup } spec => NewBackupCheck(spec.Backup, cancellationToken),
        { Kind: JobKind.RestoreMailbox } spec => NewMailboxRestore(spec, state.StartedAt!.Value, cancellationToken),
        { Kind: JobKind.RestoreTenant } spec => NewTenantRestore(spec, state.StartedAt!.Value, cancellationToken),
        var spec => throw new JobRefusedException($"this server knows no job of kind {spec.Kind}: a newer one has begun it"),
    };

    /// <summary>Whether a walk that begins anew finds all of it again, and not only what it has not done yet.</summary>
    public static bool FindsAllAgain(JobKind kind) => kind is JobKind.Verify or JobKind.CheckBackup;

    /// <summary>How many things a walk has looked at, of what it counts.</summary>
    public static long LookedAt(JobKind kind, IReadOnlyDictionary<string, long> counts)
    {
        string[] names = kind switch
        {
            JobKind.Backup => ["journals", "blobs", "shared"],
            JobKind.RestoreMailbox => ["messages"],
            JobKind.RestoreTenant => ["journals", "messages"],
            _ => ["journals", "bodies"],
        };
        return names.Sum(name => counts.GetValueOrDefault(name));
    }

    private WalkWork NewVerify(CancellationToken cancellationToken)
    {
        var counts = new VerifyCounts();
        return new(verifier.RunAsync(counts, cancellationToken), counts.ByName, storage.Time);
    }

    private WalkWork NewSweep(TimeSpan? grace, CancellationToken cancellationToken)
    {
        var counts = new SweepCounts();
        return new(sweeper.RunAsync(grace ?? options.SweepReleasedAfter, grace ?? options.SweepAbandonedAfter, counts, cancellationToken), counts.ByName, storage.Time);
    }

    private WalkWork NewBackup(CancellationToken cancellationToken)
    {
        var counts = new BackupCounts();
        return new(taker.RunAsync(counts, cancellationToken), counts.ByName, storage.Time);
    }

    private WalkWork NewBackupCheck(string? backup, CancellationToken cancellationToken)
    {
        var counts = new VerifyCounts();
        return new(check.RunAsync(backup, counts, cancellationToken), counts.ByName, storage.Time);
    }

    private WalkWork NewMailboxRestore(JobSpec spec, DateTimeOffset begunAt, CancellationToken cancellationToken)
    {
        var counts = new RestoreCounts();
        return new(mailboxes.RunAsync(spec.Subject!, spec.Tenant, new(spec.Backup, spec.Folder, begunAt), counts, cancellationToken), counts.ByName, storage.Time);
    }

    private WalkWork NewTenantRestore(JobSpec spec, DateTimeOffset begunAt, CancellationToken cancellationToken)
    {
        var counts = new RestoreCounts();
        return new(tenants.RunAsync(new TenantId(spec.Subject!), new(spec.Backup, null, begunAt), counts, cancellationToken), counts.ByName, storage.Time);
    }
}
