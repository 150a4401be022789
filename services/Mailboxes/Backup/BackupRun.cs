using System.Text;
using MailCloud.Backup;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.Mailboxes.Backup;

/// <summary>The copying of one backup, steps 2 to 5 of <see cref="BackupTaker"/>.</summary>
internal sealed class BackupRun(
    GrainStorage storage, IMailQueue queue, WaitingMail mail, BackupStore store, string name, UpkeepTurn turn, BackupCounts counts)
{
    /// <summary>Names in a blob of a list of them.</summary>
    private const int NamesAtOnce = 10_000;

    private readonly IJournal target = store.JournalsOf(name);
    private readonly WaitingList waiting = new(store, storage.Serializer, BackupParts.Waiting(name));
    private readonly HashSet<DeliveryId> listed = [];

    public async Task CopyAsync(CancellationToken cancellationToken)
    {
        await CopyJournalsAsync(storage.Journal.ListAsync(BackupParts.Expansions, cancellationToken), cancellationToken);

        await ListQueueAsync(cancellationToken);
        var spool = await ListSpoolAsync(cancellationToken);
        await ListQueueAsync(cancellationToken);
        await CopyJournalsAsync(storage.Journal.ListAsync(BackupParts.Spool, cancellationToken), cancellationToken);
        await KeepFinishedAsync(spool, cancellationToken);
        await waiting.FlushAsync(cancellationToken);

        var further = storage.Journal.ListAsync("", cancellationToken).Where(journal => BackupParts.HasJournal(journal) && !IsCopiedApart(journal));
        await CopyJournalsAsync(further, cancellationToken);
        await CopyJournalsAsync(storage.Journal.ListAsync(BackupParts.Mailboxes, cancellationToken), cancellationToken);

        await CopyBlobsAsync(cancellationToken);
        await MendAsync(cancellationToken);
    }

    private static bool IsCopiedApart(string journal) =>
        journal.StartsWith(BackupParts.Expansions, StringComparison.Ordinal)
        || journal.StartsWith(BackupParts.Spool, StringComparison.Ordinal)
        || journal.StartsWith(BackupParts.Mailboxes, StringComparison.Ordinal);

    // Parked entries before and after the rest: they come back to the queue by a replay, and go from it.
    private async Task ListQueueAsync(CancellationToken cancellationToken)
    {
        var entries = queue.ListParkedAsync(cancellationToken).Select(parked => parked.Message)
            .Concat(queue.ListAsync(cancellationToken))
            .Concat(queue.ListParkedAsync(cancellationToken).Select(parked => parked.Message));
        await foreach (var message in entries.Where(message => listed.Add(message.Id)))
        {
            turn.ThrowIfLost();
            await waiting.AddAsync(message, null, cancellationToken);
            counts.AddWaiting(1);
        }
    }

    private async Task<IReadOnlyList<(long Shard, WaitingList Entries)>> ListSpoolAsync(CancellationToken cancellationToken)
    {
        var shards = new List<(long, WaitingList)>();
        await foreach (var shard in mail.ShardsAsync(cancellationToken))
        {
            turn.ThrowIfLost();
            var entries = new WaitingList(store, storage.Serializer, BackupParts.Spooled(name, shard));
            await foreach (var entry in mail.ListShardAsync(shard, cancellationToken))
            {
                await entries.AddAsync(entry.Message, entry.Key, cancellationToken);
            }

            await entries.FlushAsync(cancellationToken);
            shards.Add((shard, entries));
        }

        return shards;
    }

    // An entry that is there now was there when its shard's journal was copied. One that is not had its end meanwhile, and its report may be on the way.
    private async Task KeepFinishedAsync(IReadOnlyList<(long Shard, WaitingList Entries)> spool, CancellationToken cancellationToken)
    {
        foreach (var (shard, entries) in spool)
        {
            turn.ThrowIfLost();
            var present = await mail.ListShardAsync(shard, cancellationToken).Select(entry => entry.Key).ToHashSetAsync(StringComparer.Ordinal, cancellationToken);
            await foreach (var part in entries.ReadAsync(cancellationToken))
            {
                foreach (var (message, key) in part.Messages.Zip(part.Keys).Where(entry => !present.Contains(entry.Second)))
                {
                    await waiting.AddAsync(message, null, cancellationToken);
                    counts.AddWaiting(1);
                }
            }

            await entries.DeleteAsync(cancellationToken);
        }
    }

    private Task CopyJournalsAsync(IAsyncEnumerable<string> journals, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(journals, Lanes.Options(cancellationToken), async (journal, token) =>
        {
            turn.ThrowIfLost();
            if (await JournalCopy.CopyAsync(storage.Journal, target, journal, token) is { } octets)
            {
                counts.AddJournal(octets);
            }
        });

    private async Task CopyBlobsAsync(CancellationToken cancellationToken)
    {
        var gone = new List<string>();
        var parts = 0;
        var source = storage.Blobs.ListAsync("", cancellationToken).Where(blob => BackupParts.HasBlob(blob.Name));
        await Parallel.ForEachAsync(MissingAsync(), Lanes.Options(cancellationToken), CopyBlobAsync);
        await FlushGoneAsync();

        async IAsyncEnumerable<StoredBlob> MissingAsync()
        {
            await foreach (var (ours, theirs) in BlobDifference.CompareAsync(source, store.ListBlobsAsync(cancellationToken), cancellationToken))
            {
                if (theirs is null)
                {
                    yield return ours!;
                }
                else if (ours is not null)
                {
                    counts.AddShared();
                }
                else if (await storage.Blobs.FindAsync(theirs.Name, cancellationToken) is null)
                {
                    gone.Add(theirs.Name);
                    await (gone.Count == NamesAtOnce ? FlushGoneAsync() : Task.CompletedTask);
                }
            }
        }

        async Task FlushGoneAsync()
        {
            if (gone.Count > 0)
            {
                await store.WriteAsync($"{BackupParts.Gone(name)}{parts++:D9}", Encoding.UTF8.GetBytes(string.Join('\n', gone)), cancellationToken);
                gone.Clear();
            }
        }
    }

    private async ValueTask CopyBlobAsync(StoredBlob blob, CancellationToken cancellationToken)
    {
        turn.ThrowIfLost();
        if (await BlobCopy.CopyAsync(storage.Blobs, store.Blobs, blob, cancellationToken))
        {
            counts.AddBlob(blob.Length);
        }
    }

    // What is destroyed at once, as a revoked token, may have gone between its journal and its blob: what it is now is copied then. Turns keep all that has more than one blob.
    private Task MendAsync(CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(target.ListAsync("", cancellationToken), Lanes.Options(cancellationToken), async (journal, token) =>
        {
            var head = await target.OpenAsync(journal, token);
            while (head.Manifest is { } manifest && await store.Blobs.FindAsync(manifest, token) is null)
            {
                await JournalCopy.CopyAsync(storage.Journal, target, journal, token);
                head = await target.OpenAsync(journal, token);
                if (head.Manifest is { } newer && await storage.Blobs.FindAsync(newer, token) is { } blob)
                {
                    await BlobCopy.CopyAsync(storage.Blobs, store.Blobs, blob, token);
                }
            }
        });
}
