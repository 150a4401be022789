using MailCloud.Backup;
using MailCloud.MailboxContracts;
using Orleans.Concurrency;
using Orleans.Placement;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Runs the walks where the stores are; it holds nothing but walks under way, which would break off if it moved to another silo.</summary>
[Reentrant, Immovable]
internal sealed class UpkeepGrain(Verifier verifier, Sweeper sweeper, BackupPlace backups, MailboxesOptions options) : Grain, IUpkeepGrain
{
    public IAsyncEnumerable<UpkeepRecord> VerifyAsync(CancellationToken cancellationToken) => verifier.RunAsync(cancellationToken);

    public IAsyncEnumerable<UpkeepRecord> SweepAsync(TimeSpan? grace, CancellationToken cancellationToken) =>
        sweeper.RunAsync(grace ?? options.SweepReleasedAfter, grace ?? options.SweepAbandonedAfter, cancellationToken);

    public Task<bool> HasBackupPlaceAsync() => Task.FromResult(backups.Options.IsSet);

    public async Task<IReadOnlyList<BackupInfo>> ListBackupsAsync()
    {
        await using var store = backups.Open();
        return await store.ListAsync(CancellationToken.None)
            .Select(backup => new BackupInfo(backup.Name, backup.BegunAt, backup.EndedAt, new Dictionary<string, long>(backup.Counts)))
            .ToArrayAsync();
    }
}
