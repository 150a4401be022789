using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MailCloud.AzureStorage;

namespace MailCloud.Blobs.Azure;

/// <summary>
/// Blobs as block blobs of one container. Every write may be repeated: contents are written only where no blob is (<c>If-None-Match: *</c>), releases only over what was read
/// (<c>If-Match</c>), so that an attempt whose answer was lost is found done by the next.
/// </summary>
internal sealed class AzureBlobs(StorageContainer container, BlobsTelemetry telemetry) : IMessageBlobs, IDisposable
{
    /// <summary>Deletions at once; each is a request of its own.</summary>
    private const int ParallelDeletions = 16;

    /// <summary>Beyond one for each owner: of those who release at once one always succeeds.</summary>
    private const int SpareReleaseAttempts = 10;

    /// <summary>Milliseconds between two attempts at a release, at most.</summary>
    private const int MaxReleasePause = 250;

    public BlobUpload Create(string name, IReadOnlyList<string> owners) => new AzureBlobUpload(this, name, owners);

    public async Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken)
    {
        var blob = await BlobAsync(name, cancellationToken).ConfigureAwait(false);
        var response = await DownloadAsync(blob, name, offset, length, cancellationToken).ConfigureAwait(false);
        return response is null ? Stream.Null : new BlobReadStream(blob, name, offset, length, response, container.RetryDelay, telemetry);
    }

    public async Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
    {
        await using var stream = await OpenReadAsync(name, offset, length, cancellationToken).ConfigureAwait(false);
        if (stream is not BlobReadStream part)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        var bytes = new byte[part.Length];
        await part.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    public async Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken)
    {
        var blob = await BlobAsync(name, cancellationToken).ConfigureAwait(false);
        var attempts = SpareReleaseAttempts;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
                var owners = await ReadOwnersAsync(blob, found.Metadata, cancellationToken).ConfigureAwait(false);
                attempts = owners.Owners.Count + SpareReleaseAttempts;
                if (owners.Release(owner))
                {
                    await blob.SetMetadataAsync(owners.ToMetadata(), new BlobRequestConditions { IfMatch = found.ETag }, cancellationToken).ConfigureAwait(false);
                }

                return;
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                return; // It was deleted: what the release is for.
            }
            catch (RequestFailedException e) when (e.Status == 412 && attempt < attempts)
            {
                // Another owner's release came between, or this one's own did and its answer was lost.
                await Task.Delay(Random.Shared.Next(Math.Min(10 * attempt, MaxReleasePause)), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async IAsyncEnumerable<StoredBlob> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await container.OpenAsync(cancellationToken).ConfigureAwait(false);
        var options = new GetBlobsOptions { Traits = BlobTraits.Metadata, Prefix = StoredName.Encode(prefix) };
        await foreach (var item in client.GetBlobsAsync(options, cancellationToken).ConfigureAwait(false))
        {
            var owners = await TryReadOwnersAsync(client.GetBlockBlobClient(item.Name), item.Metadata, cancellationToken).ConfigureAwait(false);
            if (owners is not null)
            {
                var length = BlobOwners.BodyLength(item.Metadata, item.Properties.ContentLength!.Value);
                yield return new StoredBlob(StoredName.Decode(item.Name), length, item.Properties.CreatedOn!.Value, owners.Owners, owners.Released);
            }
        }
    }

    public async Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var client = await container.OpenAsync(cancellationToken).ConfigureAwait(false);
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelDeletions, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            names,
            options,
            async (name, token) => await client.GetBlockBlobClient(StoredName.Encode(name))
                .DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: token).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Nothing: a name and its content are one thing to the service, which checks its copies itself.</summary>
    public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<BlobFault>();

    /// <summary>None: the only content without a name is blocks that were never committed; the service drops them after a week, and has no call to drop them before.</summary>
    public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => Task.FromResult(0);

    public void Dispose() => container.Dispose();

    /// <summary>The blob of this name as the SDK has it.</summary>
    internal async ValueTask<BlockBlobClient> BlobAsync(string name, CancellationToken cancellationToken) =>
        (await container.OpenAsync(cancellationToken).ConfigureAwait(false)).GetBlockBlobClient(StoredName.Encode(name));

    internal void Written(long octets) => telemetry.Written(octets);

    /// <summary>Asks for a part, whose octets then come as they are read; null when there is nothing at that offset.</summary>
    internal static async Task<BlobDownloadStreamingResult?> DownloadAsync(
        BlockBlobClient blob, string name, long offset, long? length, CancellationToken cancellationToken)
    {
        try
        {
            // Of no octets there is no range; the first one then stands for the question whether the blob is there.
            var whole = offset == 0 && length is null;
            var options = new BlobDownloadOptions { Range = whole ? default : new HttpRange(offset, length is 0 ? 1 : length) };
            return await blob.DownloadStreamingAsync(options, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            throw new BlobMissingException(name);
        }
        catch (RequestFailedException e) when (e.Status == 416)
        {
            return null;
        }
    }

    private static async Task<BlobOwners?> TryReadOwnersAsync(BlockBlobClient blob, IDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadOwnersAsync(blob, metadata, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null; // Deleted since it was listed.
        }
    }

    private static ValueTask<BlobOwners> ReadOwnersAsync(BlockBlobClient blob, IDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        BlobOwners.ReadAsync(metadata, async at =>
        {
            var options = new BlobDownloadOptions { Range = new HttpRange(at) };
            BlobDownloadResult trailer = await blob.DownloadContentAsync(options, cancellationToken).ConfigureAwait(false);
            return trailer.Content.ToString();
        });
}
