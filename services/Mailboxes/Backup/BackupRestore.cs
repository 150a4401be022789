using MailCloud.Backup;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Queue;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Backup;

/// <summary>
/// Brings a whole backup back into an empty installation of which nothing runs. Blobs first, then journals, tenants last of them, then the mail that waited: whatever starts too early finds no tenant.
/// It may be broken off and begun anew.
/// </summary>
internal sealed class BackupRestore(IMessageBlobs blobs, IJournal journal, IMailQueue queue, Serializer serializer, BackupPlace place, TimeProvider time)
{
    private const string Tenants = "tenant/";

    /// <summary>In the installation while a restore is not complete: another journal than its own is there then.</summary>
    private const string Unfinished = "restore/unfinished";

    private static readonly TimeSpan fullFor = TimeSpan.FromSeconds(5);

    /// <param name="backup">Its name; null: the newest.</param>
    /// <param name="counts">Grow while it copies.</param>
    /// <exception cref="InvalidOperationException">There is no such backup, or the installation is not empty.</exception>
    public async Task<string> RunAsync(string? backup, BackupCounts counts, CancellationToken cancellationToken)
    {
        await using var store = place.Open();
        var name = await store.FindAsync(backup, cancellationToken);
        await MarkAsync(name, cancellationToken);

        await CopyBlobsAsync(store, counts, cancellationToken);
        var copies = store.JournalsOf(name);
        await CopyJournalsAsync(copies, copies.ListAsync("", cancellationToken).Where(one => !one.StartsWith(Tenants, StringComparison.Ordinal)), counts, cancellationToken);
        await CopyJournalsAsync(copies, copies.ListAsync(Tenants, cancellationToken), counts, cancellationToken);
        await PublishAsync(new(store, serializer, BackupParts.Waiting(name)), counts, cancellationToken);
        await blobs.DeleteAsync([Unfinished], cancellationToken);
        return name;
    }

    private async Task MarkAsync(string name, CancellationToken cancellationToken)
    {
        if (await blobs.FindAsync(Unfinished, cancellationToken) is not null)
        {
            return;
        }

        if (await journal.ListAsync("", cancellationToken).AnyAsync(cancellationToken))
        {
            throw new InvalidOperationException($"backup {name} is restored into an empty installation only, and this one is not: give it a new folder, or new containers");
        }

        await using var mark = blobs.Create(Unfinished, owners: []);
        await mark.CommitAsync(cancellationToken);
    }

    private async Task CopyBlobsAsync(BackupStore store, BackupCounts counts, CancellationToken cancellationToken)
    {
        var source = store.ListBlobsAsync(cancellationToken);
        var missing = BlobDifference.CompareAsync(source, blobs.ListAsync("", cancellationToken), cancellationToken).Where(pair => pair.Target is null).Select(pair => pair.Source!);
        await Parallel.ForEachAsync(missing, Lanes.Options(cancellationToken), async (blob, token) =>
        {
            if (await BlobCopy.CopyAsync(store.Blobs, blobs, blob, token))
            {
                counts.AddBlob(blob.Length);
            }
        });
    }

    private Task CopyJournalsAsync(IJournal copies, IAsyncEnumerable<string> names, BackupCounts counts, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(names, Lanes.Options(cancellationToken), async (name, token) =>
        {
            if (await RestoredJournal.CopyAsync(copies, journal, serializer, name, time.GetUtcNow(), token) is { } octets)
            {
                counts.AddJournal(octets);
            }
        });

    private async Task PublishAsync(WaitingList waiting, BackupCounts counts, CancellationToken cancellationToken)
    {
        await foreach (var part in waiting.ReadAsync(cancellationToken))
        {
            foreach (var message in part.Messages)
            {
                await PublishAsync(message, cancellationToken);
            }

            counts.AddWaiting(part.Messages.Length);
        }
    }

    private async Task PublishAsync(Messages.QueuedMessage message, CancellationToken cancellationToken)
    {
        if (await blobs.FindAsync(message.Body.Name, cancellationToken) is null)
        {
            // It was delivered while the backup was taken, and its body released.
            return;
        }

        while (true)
        {
            try
            {
                await queue.PublishAsync(message, cancellationToken);
                return;
            }
            catch (QueueFullException)
            {
                await Task.Delay(fullFor, time, cancellationToken);
            }
        }
    }
}
