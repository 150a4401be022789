using System.Runtime.CompilerServices;
using MailCloud.Backup;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Backup;

/// <summary>Checks that a backup holds all that it refers to, as verification does with the installation: what was not looked at before it is needed is no backup.</summary>
internal sealed class BackupCheck(GrainStorage storage, MailboxesOptions options, BackupPlace place)
{
    /// <param name="backup">Its name; null: the newest.</param>
    /// <param name="counts">Grow while it walks.</param>
    public async IAsyncEnumerable<UpkeepRecord> RunAsync(string? backup, VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var store = place.Open();
        var name = await BackupReader.FindNameAsync(store, backup, cancellationToken);
        await foreach (var record in ContentAsync(store, cancellationToken)
            .Concat(WaitingAsync(store, name, counts, cancellationToken))
            .Concat(JournalsAsync(store, name, counts, cancellationToken)))
        {
            counts.Count(record);
            yield return record;
        }

        var summary = counts.Summary();
        yield return summary with { Text = $"backup {name}: {summary.Text}" };
    }

    private static async IAsyncEnumerable<UpkeepRecord> ContentAsync(BackupStore store, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var fault in store.Blobs.CheckAsync(cancellationToken))
        {
            if (fault.Kind != MailCloud.Blobs.BlobFaultKind.Stray)
            {
                yield return Verifier.Problem(fault.Name, "the backup has its name, and its content is missing or of another length; take another backup");
            }
        }
    }

    private async IAsyncEnumerable<UpkeepRecord> WaitingAsync(BackupStore store, string name, VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var part in new WaitingList(store, storage.Serializer, BackupParts.Waiting(name)).ReadAsync(cancellationToken))
        {
            foreach (var message in part.Messages)
            {
                counts.Waiting++;
                if (await store.Blobs.FindAsync(message.Body.Name, cancellationToken) is not { } body || body.Length != message.Body.Length)
                {
                    // Mail whose end came while it was copied waits no more.
                    yield return new() { Kind = UpkeepKind.Leftover, Subject = message.Id.ToString(), Text = $"its body {message.Body.Name} is not in the backup: it was delivered before that was copied" };
                }
            }
        }
    }

    private async IAsyncEnumerable<UpkeepRecord> JournalsAsync(BackupStore store, string name, VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var copies = storage with { Journal = store.JournalsOf(name), Blobs = store.Blobs };
        var chunks = new ChunkStore(store.Blobs, storage.Serializer, options);
        await foreach (var journal in copies.Journal.ListAsync("", cancellationToken))
        {
            counts.Journals++;
            foreach (var problem in await new JournalCheck(journal, copies, chunks, store.Blobs, counts).RunAsync(cancellationToken))
            {
                yield return problem;
            }
        }
    }
}
