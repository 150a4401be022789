using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MailCloud.AzureStorage;

namespace MailCloud.Journal.Azure;

/// <summary>
/// A journal is an append blob under its name. Invariants:
/// <list type="number">
/// <item>Every write carries <c>If-Match</c> with the ETag that the writer last saw (the first of all, <c>If-None-Match: *</c>): the position alone would let in a writer
/// from before a replacement, once the journal has come to its position again.</item>
/// <item>A write under <c>If-Match</c> is sent once. A repeat after a lost answer would meet its own work as a conflict, or, unfenced, write it twice.</item>
/// <item>One append is one block, which the service writes whole or not at all.</item>
/// <item>A replacement makes the blob anew over itself: fence, truncation and new manifest are one call.</item>
/// </list>
/// </summary>
internal sealed class AzureJournal(StorageContainer container) : IJournal, IDisposable
{
    /// <summary>Octets of events that an opened journal keeps for the reading that follows: a grain replaces its journal at 1 MiB.</summary>
    private const long MaxKept = 4 * 1024 * 1024;

    /// <summary>How often a journal is opened that is written to meanwhile.</summary>
    private const int OpenAttempts = 10;

    // The position is known only by reading, and whoever opens a journal reads it next. So what was read to find the head waits, as long as somebody has that head.
    private readonly ConditionalWeakTable<JournalHead, List<ReadOnlyMemory<byte>>> opened = [];

    public async ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken)
    {
        var blob = await BlobAsync(journal, cancellationToken).ConfigureAwait(false);
        for (var attempt = 0; attempt < OpenAttempts; attempt++)
        {
            using var found = await DownloadAsync(blob, cancellationToken).ConfigureAwait(false);
            if (found is null)
            {
                return new JournalHead(0, 0, 0, null, null);
            }

            if (await ReadHeadAsync(journal, found, cancellationToken).ConfigureAwait(false) is { } head)
            {
                return head;
            }
        }

        throw new JournalMovedException(journal, "it was written to each time it was opened");
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string journal, JournalHead head, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (opened.TryGetValue(head, out var kept))
        {
            opened.Remove(head);
            foreach (var recorded in kept)
            {
                yield return recorded;
            }

            yield break;
        }

        if (head.Position == 0)
        {
            yield break;
        }

        await foreach (var recorded in DownloadEventsAsync(journal, head, cancellationToken).ConfigureAwait(false))
        {
            yield return recorded;
        }
    }

    public async ValueTask<JournalHead?> AppendAsync(
        string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(events.Count);
        if (JournalBlock.LengthOf(events) > JournalBlock.MaxLength)
        {
            throw new JournalFullException(journal, $"events of {JournalBlock.LengthOf(events)} octets are more than one append takes");
        }

        if (await ETagAsync(journal, head, cancellationToken).ConfigureAwait(false) is not { } etag)
        {
            return null;
        }

        using var block = new MemoryStream(JournalBlock.Write(head.Epoch, head.Position, events), writable: false);
        var blob = await BlobForOneAttemptAsync(journal, cancellationToken).ConfigureAwait(false);
        try
        {
            var options = new AppendBlobAppendBlockOptions { Conditions = new() { IfMatch = etag } };
            BlobAppendInfo written = await blob.AppendBlockAsync(block, options, cancellationToken).ConfigureAwait(false);
            return head with { Position = head.Position + events.Count, Bytes = head.Bytes + events.Sum(e => (long)e.Length), ETag = written.ETag.ToString() };
        }
        catch (RequestFailedException e) when (IsMoved(e))
        {
            return null;
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlockCountExceedsLimit)
        {
            throw new JournalFullException(journal, "an append blob takes 50,000 appends", e);
        }
    }

    public async ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken)
    {
        if (await ETagAsync(journal, head, cancellationToken).ConfigureAwait(false) is not { } etag)
        {
            return null;
        }

        var metadata = JournalMetadata.New(head.Epoch + 1, manifest);
        var blob = await BlobForOneAttemptAsync(journal, cancellationToken).ConfigureAwait(false);
        try
        {
            var options = new AppendBlobCreateOptions { Metadata = metadata.ToDictionary(), Conditions = new() { IfMatch = etag } };
            BlobContentInfo made = await blob.CreateAsync(options, cancellationToken).ConfigureAwait(false);
            return new JournalHead(metadata.Epoch, 0, 0, manifest, made.ETag.ToString());
        }
        catch (RequestFailedException e) when (IsMoved(e))
        {
            await ThrowIfOwnAsync(journal, metadata, cancellationToken).ConfigureAwait(false);
            return null;
        }
    }

    public async Task DeleteAsync(string journal, CancellationToken cancellationToken)
    {
        var blob = await BlobAsync(journal, cancellationToken).ConfigureAwait(false);
        await blob.DeleteIfExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) =>
        ListAsync(new GetBlobsOptions { Prefix = StoredName.Encode(prefix) }, cancellationToken).Select(StoredName.Decode);

    /// <summary>By the names as they are stored, which the service has in order. It begins there, with the name itself; one that does not know how gives those before too.</summary>
    public IAsyncEnumerable<string> ListAsync(string prefix, string after, CancellationToken cancellationToken)
    {
        var stored = StoredName.Encode(after);
        var options = new GetBlobsOptions { Prefix = StoredName.Encode(prefix), StartFrom = stored };
        return ListAsync(options, cancellationToken).Where(name => string.CompareOrdinal(name, stored) > 0).Select(StoredName.Decode);
    }

    public void Dispose() => container.Dispose();

    private async IAsyncEnumerable<string> ListAsync(GetBlobsOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await container.OpenAsync(cancellationToken).ConfigureAwait(false);
        await foreach (var item in client.GetBlobsAsync(options, cancellationToken).ConfigureAwait(false))
        {
            yield return item.Name;
        }
    }

    /// <summary>The condition was not met, or the blob is gone: in both cases the service wrote nothing.</summary>
    private static bool IsMoved(RequestFailedException e) => e.Status == 412 || e.ErrorCode == BlobErrorCode.BlobNotFound;

    /// <summary>
    /// The head, counted from the content; null when head and content are not of one moment. The service answers with one moment's. Azurite takes the content first and
    /// the ETag and the count of blocks at the end, so that an append in between would be fenced by nothing.
    /// </summary>
    private async ValueTask<JournalHead?> ReadHeadAsync(string journal, BlobDownloadStreamingResult found, CancellationToken cancellationToken)
    {
        var metadata = JournalMetadata.Read(found.Details.Metadata);
        var (blocks, position, bytes) = (0, 0L, 0L);
        List<ReadOnlyMemory<byte>> kept = [];
        await using var read = JournalBlock.ReadAllAsync(journal, metadata.Epoch, found.Content, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(journal, read).ConfigureAwait(false))
        {
            blocks++;
            position += read.Current.Count;
            bytes += read.Current.Sum(e => (long)e.Length);
            kept.AddRange(bytes <= MaxKept ? read.Current : []);
        }

        if (blocks != found.Details.BlobCommittedBlockCount)
        {
            return null;
        }

        var head = new JournalHead(metadata.Epoch, position, bytes, metadata.Manifest, found.Details.ETag.ToString());
        if (bytes <= MaxKept)
        {
            opened.Add(head, kept);
        }

        return head;
    }

    private static async Task<BlobDownloadStreamingResult?> DownloadAsync(AppendBlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return await blob.DownloadStreamingAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            return null;
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> DownloadEventsAsync(
        string journal, JournalHead head, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var blob = await BlobAsync(journal, cancellationToken).ConfigureAwait(false);
        using var found = await DownloadAsync(blob, cancellationToken).ConfigureAwait(false) ?? throw new JournalMovedException(journal, "it is gone");
        if (JournalMetadata.Read(found.Details.Metadata) is var metadata && (metadata.Epoch, metadata.Manifest) != (head.Epoch, head.Manifest))
        {
            throw new JournalMovedException(journal, "it was replaced since it was opened");
        }

        var position = 0L;
        await using var blocks = JournalBlock.ReadAllAsync(journal, head.Epoch, found.Content, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (position < head.Position)
        {
            if (!await NextAsync(journal, blocks).ConfigureAwait(false))
            {
                throw new JournalMovedException(journal, "it is shorter than it was");
            }

            foreach (var recorded in blocks.Current)
            {
                yield return recorded;
            }

            position += blocks.Current.Count;
        }
    }

    /// <summary>After a broken connection the SDK goes on only with the blob as it was.</summary>
    private static async ValueTask<bool> NextAsync(string journal, IAsyncEnumerator<IReadOnlyList<ReadOnlyMemory<byte>>> blocks)
    {
        try
        {
            return await blocks.MoveNextAsync().ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (IsMoved(e))
        {
            throw new JournalMovedException(journal, "it was written to while it was read");
        }
    }

    /// <summary>The ETag to write under; of a journal never written that of the empty blob, which is made first. Null: it was written since.</summary>
    private async ValueTask<ETag?> ETagAsync(string journal, JournalHead head, CancellationToken cancellationToken)
    {
        if (head.ETag is { } known)
        {
            return new ETag(known);
        }

        var blob = await BlobAsync(journal, cancellationToken).ConfigureAwait(false);
        try
        {
            var options = new AppendBlobCreateOptions { Metadata = JournalMetadata.New(0, null).ToDictionary(), Conditions = new() { IfNoneMatch = ETag.All } };
            BlobContentInfo made = await blob.CreateAsync(options, cancellationToken).ConfigureAwait(false);
            return made.ETag;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // Still empty, it is as if never written, whoever made it: an earlier attempt, or another writer who has come no further. The append decides between them.
            BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return found.ContentLength == 0 && JournalMetadata.Read(found.Metadata).Epoch == 0 ? found.ETag : null;
        }
    }

    /// <summary>
    /// A request without content, as a replacement is, may be sent again by the HTTP layer below the SDK when a kept connection breaks before the answer. The second one then meets
    /// the work of the first as a conflict.
    /// </summary>
    private async Task ThrowIfOwnAsync(string journal, JournalMetadata written, CancellationToken cancellationToken)
    {
        var blob = await BlobAsync(journal, cancellationToken).ConfigureAwait(false);
        try
        {
            BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            if (JournalMetadata.Read(found.Metadata) != written)
            {
                return;
            }
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return;
        }

        throw new JournalMovedException(journal, "the replacement was made, and its answer was lost");
    }

    private async ValueTask<AppendBlobClient> BlobAsync(string journal, CancellationToken cancellationToken) =>
        (await container.OpenAsync(cancellationToken).ConfigureAwait(false)).GetAppendBlobClient(StoredName.Encode(journal));

    private async ValueTask<AppendBlobClient> BlobForOneAttemptAsync(string journal, CancellationToken cancellationToken) =>
        (await container.OpenForOneAttemptAsync(cancellationToken).ConfigureAwait(false)).GetAppendBlobClient(StoredName.Encode(journal));
}
