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
        .. manifest.DepartedSegments.Select(segment => segment.Blob),
    ];

    /// <summary>
    /// Blobs of a journal's grain that its manifest does not name, made before a moment. Nothing when the manifest is younger than that: what it replaced may be being read. Nothing either when a later build
    /// made it, which may name blobs in members that this one does not know, or have grains that it does not know.
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
        if (!JournalCheck.Knows(journalName))
        {
            return null;
        }

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
            return AccountOf(journalName) is not null ? await NamedByAsync<MailboxManifest>(manifest, mailbox => Of(manifest, mailbox), cancellationToken)
                : journalName.StartsWith(SpoolPrefix, StringComparison.Ordinal) ? await NamedByAsync<SpoolState>(manifest, spool => [manifest, .. spool.Blobs()], cancellationToken)
                : journalName.StartsWith(TracePrefix, StringComparison.Ordinal) ? await NamedByAsync<TraceState>(manifest, trace => [manifest, .. trace.Segments.Select(s => s.Blob)], cancellationToken)
                : journalName.StartsWith(AuditPrefix, StringComparison.Ordinal) ? await NamedByAsync<AuditState>(manifest, audit => [manifest, .. audit.Segments.Select(s => s.Blob)], cancellationToken)
                : journalName.StartsWith(JobGrain.Prefix, StringComparison.Ordinal) ? await NamedByAsync<JobState>(manifest, job => [manifest, .. job.Segments.Select(s => s.Blob)], cancellationToken)
                : [manifest];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<HashSet<string>?> NamedByAsync<T>(string manifest, Func<T, HashSet<string>> named, CancellationToken cancellationToken)
        where T : IStoredRecord => await chunks.LoadWholeAsync<T>(manifest, cancellationToken) is { } whole ? named(whole) : null;
}
