using System.Runtime.CompilerServices;
using MailCloud.Backup;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Upkeep;

namespace MailCloud.Mailboxes.Backup;

/// <summary>Checks that a backup holds all that it refers to, as verification does with the installation: what was not looked at before it is needed is no backup.</summary>
internal sealed class BackupCheck(GrainStorage storage, MailboxesOptions options, BackupPlace place)
{
    /// <param name="backup">Its name; null: the newest.</param>
    /// <param name="counts">Grow while it walks.</param>
    public async IAsyncEnumerable<UpkeepRecord> RunAsync(string? backup, VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var from = await BackupReader.OpenAsync(place, backup, storage.Serializer, options, cancellationToken);
        await foreach (var record in ContentAsync(from, cancellationToken)
            .Concat(WaitingAsync(from, counts, cancellationToken))
            .Concat(JournalsAsync(from, counts, cancellationToken)))
        {
            counts.Count(record);
            yield return record;
        }

        var summary = counts.Summary();
        yield return summary with { Text = $"backup {from.Name}: {summary.Text}" };
    }

    private static async IAsyncEnumerable<UpkeepRecord> ContentAsync(BackupReader from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var fault in from.Blobs.CheckAsync(cancellationToken))
        {
            if (fault.Kind != BlobFaultKind.Stray)
            {
                yield return Verifier.Problem(fault.Name, "the backup has its name, and its content is missing or of another length; take another backup");
            }
        }
    }

    private static async IAsyncEnumerable<UpkeepRecord> WaitingAsync(BackupReader from, VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var part in from.Waiting.ReadAsync(cancellationToken))
        {
            foreach (var message in part.Messages)
            {
                counts.Waiting++;
                if (await from.Blobs.FindAsync(message.Body.Name, cancellationToken) is not { } body || body.Length != message.Body.Length)
                {
                    // Mail whose end came while it was copied waits no more.
                    yield return new() { Kind = UpkeepKind.Leftover, Subject = message.Id.ToString(), Text = $"its body {message.Body.Name} is not in the backup: it was delivered before that was copied" };
                }
            }
        }
    }

    private async IAsyncEnumerable<UpkeepRecord> JournalsAsync(BackupReader from, VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var copies = storage with { Journal = from.Journals, Blobs = from.Blobs };
        await foreach (var journal in copies.Journal.ListAsync("", cancellationToken))
        {
            counts.Journals++;
            foreach (var problem in await new JournalCheck(journal, copies, from.Chunks, from.Blobs, counts).RunAsync(cancellationToken))
            {
                yield return problem;
            }
        }
    }
}
