using System.Runtime.CompilerServices;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.Mailboxes.Audit;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Spool;
using MailCloud.Mailboxes.Traces;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Which blobs a grain's state consists of, and which are left of states that were replaced.</summary>
internal sealed class StateParts(IJournal journal, IMessageBlobs blobs, ChunkStore chunks)
{
    private const string MailboxPrefix = "mailbox/";
    private const string SpoolPrefix = "spool/";
    private const string TracePrefix = "trace/";
    private const string AuditPrefix = "audit/";

    public static AccountId? AccountOf(string journalName) =>
        journalName.StartsWith(MailboxPrefix, StringComparison.Ordinal) ? new(journalName[MailboxPrefix.Length..]) : null;

    /// <summary>Every blob that a mailbox's manifest names, with the manifest itself.</summary>
    public static HashSet<string> Of(string manifestName, MailboxManifest manifest) =>
    [
        manifestName,
        .. manifest.Folders.SelectMany(folder => folder.Chunks).SelectMany(chunk => (string[])[chunk.Rows, chunk.Contents, chunk.Flags]),
        .. manifest.FiledDays.Select(day => day.Blob).OfType<string>(),
        .. manifest.Archives.Select(archive => archive.Blob),
        .. manifest.Folders.SelectMany(folder => folder.ExpungedSegments).Select(segment => segment.Blob),
        .. manifest.Discards.Select(discard => discard.Rows),
    ];

    /// <summary>
    /// Blobs of a journal's grain that its manifest does not name, made before a moment. Nothing when the manifest is younger than that: what it replaced may be being read.
    /// </summary>
    public async IAsyncEnumerable<StoredBlob> ListReplacedAsync(string journalName, DateTimeOffset before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var head = await journal.OpenAsync(journalName, cancellationToken);
        var named = await NamedAsync(journalName, head.Manifest, before, cancellationToken);
        if (named is null)
        {
            yield break;
        }

        var prefix = AccountOf(journalName) is { } account ? MailboxSeal.BlobPrefix(account) : $"state/{journalName}/";
        await foreach (var blob in blobs.ListAsync(prefix, cancellationToken))
        {
            // A slash in the rest: it belongs to a grain whose key begins like this one's.
            if (blob.CreatedAt <= before && !blob.Name.AsSpan(prefix.Length).Contains('/') && !named.Contains(blob.Name))
            {
                yield return blob;
            }
        }
    }

    private async Task<HashSet<string>?> NamedAsync(string journalName, string? manifest, DateTimeOffset before, CancellationToken cancellationToken)
    {
        if (manifest is null)
        {
            return [];
        }

        // A manifest that is missing or does not load is for verification to report; nothing is deleted on its account.
        if (await blobs.FindAsync(manifest, cancellationToken) is not { } stored || stored.CreatedAt > before)
        {
            return null;
        }

        try
        {
            return AccountOf(journalName) is not null ? Of(manifest, await chunks.LoadAsync<MailboxManifest>(manifest, cancellationToken))
                : journalName.StartsWith(SpoolPrefix, StringComparison.Ordinal) ? [manifest, .. (await chunks.LoadAsync<SpoolState>(manifest, cancellationToken)).Blobs()]
                : journalName.StartsWith(TracePrefix, StringComparison.Ordinal) ? [manifest, .. (await chunks.LoadAsync<TraceState>(manifest, cancellationToken)).Segments.Select(s => s.Blob)]
                : journalName.StartsWith(AuditPrefix, StringComparison.Ordinal) ? [manifest, .. (await chunks.LoadAsync<AuditState>(manifest, cancellationToken)).Segments.Select(s => s.Blob)]
                : journalName.StartsWith(JobGrain.Prefix, StringComparison.Ordinal) ? [manifest, .. (await chunks.LoadAsync<JobState>(manifest, cancellationToken)).Segments.Select(s => s.Blob)]
                : [manifest];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return null;
        }
    }
}
