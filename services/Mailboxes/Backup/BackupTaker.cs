using System.Globalization;
using System.Runtime.CompilerServices;
using MailCloud.Backup;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Queue;

namespace MailCloud.Mailboxes.Backup;

/// <summary>
/// Takes a backup while the installation runs. Everything that was acknowledged before it began is in it. What moves meanwhile is met because places are copied in the direction in which mail moves:
/// a message goes from the queue to the spool, comes back to the queue as a report, perhaps to the spool again, and ends in a mailbox. Steps:
/// <list type="number">
/// <item>The turn is taken: no sweep deletes what is still to be copied.</item>
/// <item>How far messages to groups are expanded is copied before the queue: a message that is met there after goes on from there, and repeats what it has sent since.</item>
/// <item>The queue is listed, then the spool, then the queue again, then the spool's journals are copied: of the four places of a message and its report each is looked at after the one before it.</item>
/// <item>The directory and the rest are copied, then the mailboxes: what left the queue and the spool before is in them.</item>
/// <item>Blobs come last: what a journal refers to was there before it was copied, and is there still.</item>
/// <item>The description is written, and backups beyond those to keep are removed.</item>
/// </list>
/// A death leaves a part of a backup, which is none, and which the next one removes.
/// </summary>
internal sealed class BackupTaker(GrainStorage storage, IMailQueue queue, WaitingMail mail, UpkeepTurns turns, BackupPlace place)
{
    public async IAsyncEnumerable<UpkeepRecord> RunAsync(BackupCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var store = place.Open();
        await using var turn = await turns.BeginAsync(UpkeepWork.Backup, cancellationToken);
        var begunAt = storage.Time.GetUtcNow();
        var name = begunAt.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        await RemoveUnfinishedAsync(store, cancellationToken);
        await store.WriteAsync(BackupParts.Begun(name), ReadOnlyMemory<byte>.Empty, cancellationToken);

        await new BackupRun(storage, queue, mail, store, name, turn, counts).CopyAsync(cancellationToken);
        turn.ThrowIfLost();
        var endedAt = storage.Time.GetUtcNow();
        await store.CompleteAsync(new(name, begunAt, endedAt, counts.ByName()), cancellationToken);

        await foreach (var removed in new BackupRetention(store, storage.Blobs, place.Options.Keep).RunAsync(cancellationToken))
        {
            yield return new() { Kind = UpkeepKind.Deleted, Subject = removed, Text = "a backup that is older than those to keep" };
        }

        var by = counts.ByName();
        yield return new()
        {
            Kind = UpkeepKind.Summary,
            Text = $"backup {name} has {by["journals"]} journals, {by["waiting"]} waiting messages and {by["blobs"] + by["shared"]} blobs, of which {by["blobs"]} are new",
            Counts = by,
        };
    }

    private static async Task RemoveUnfinishedAsync(BackupStore store, CancellationToken cancellationToken)
    {
        var whole = await store.ListAsync(cancellationToken).Select(backup => backup.Name).ToListAsync(cancellationToken);
        foreach (var unfinished in (await store.ListBegunAsync(cancellationToken)).Except(whole))
        {
            await store.RemoveAsync(unfinished, cancellationToken);
        }
    }
}
