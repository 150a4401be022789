using System.Buffers;
using System.Buffers.Binary;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace MailCloud.Blobs.Azure;

/// <summary>
/// Up to a block is gathered and sent by one request at the commit; of a longer blob each full block is staged when it is full, and the commit names them in order.
/// Staged blocks are no blob yet: without the commit nobody sees them, and the service drops them after a week.
/// </summary>
internal sealed class AzureBlobUpload(AzureBlobs blobs, string name, IReadOnlyList<string> owners) : BlobUpload
{
    /// <summary>Octets held in memory at most. Larger blocks would cost fewer operations (a 50 MB message takes 50), smaller ones less memory for each message that comes in.</summary>
    internal const int BlockSize = 1024 * 1024;

    private const int FirstBuffer = 8 * 1024;

    /// <summary>The HTTP status of a store without room. The service documents no code of its own for that: its accounts end at petabytes.</summary>
    private const int InsufficientStorage = 507;

    // Blocks of two uploads to one name lie side by side until one commits: their ids must differ.
    private readonly Guid upload = Guid.NewGuid();
    private readonly List<string> staged = [];
    private byte[]? buffer;
    private int buffered;
    private long length;
    private bool broken;

    public override long Length => length;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ThrowIfBroken();

        // Cleared at the end only: after a write that failed midway the content is not what the caller gave.
        broken = true;
        length += bytes.Length;
        await BufferAsync(bytes, cancellationToken).ConfigureAwait(false);
        broken = false;
    }

    public override async Task CommitAsync(CancellationToken cancellationToken)
    {
        ThrowIfBroken();
        broken = true;
        var (metadata, trailer) = BlobOwners.ForNew(owners, length);
        await BufferAsync(trailer, cancellationToken).ConfigureAwait(false);
        var blob = await blobs.BlobAsync(name, cancellationToken).ConfigureAwait(false);
        var conditions = new BlobRequestConditions { IfNoneMatch = ETag.All };
        if (await IsWrittenAsync(blob, () => CommitAsync(blob, metadata, conditions, cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            blobs.Written(length);
        }
    }

    public override ValueTask DisposeAsync()
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }

        return ValueTask.CompletedTask;
    }

    private void ThrowIfBroken()
    {
        if (broken)
        {
            throw new InvalidOperationException($"blob {name} is committed already, or a write to it failed");
        }
    }

    private async ValueTask BufferAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            if (buffered == BlockSize)
            {
                await StageAsync(cancellationToken).ConfigureAwait(false);
            }

            var count = Math.Min(bytes.Length, BlockSize - buffered);
            Grow(buffered + count);
            bytes[..count].CopyTo(buffer.AsMemory(buffered));
            buffered += count;
            bytes = bytes[count..];
        }
    }

    private void Grow(int needed)
    {
        if (buffer is null || buffer.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Min(BlockSize, Math.Max(FirstBuffer, 2 * buffered))));
            if (buffer is not null)
            {
                buffer.AsSpan(0, buffered).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
            }

            buffer = larger;
        }
    }

    private async Task StageAsync(CancellationToken cancellationToken)
    {
        var blob = await blobs.BlobAsync(name, cancellationToken).ConfigureAwait(false);
        var id = NextBlockId();
        try
        {
            await SendAsync(content => blob.StageBlockAsync(id, content, cancellationToken: cancellationToken)).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.Status == InsufficientStorage)
        {
            throw new StorageFullException(e);
        }

        staged.Add(id);
    }

    /// <summary>Ids of one blob's blocks must be of one length.</summary>
    private string NextBlockId()
    {
        Span<byte> id = stackalloc byte[20];
        upload.TryWriteBytes(id);
        BinaryPrimitives.WriteInt32BigEndian(id[16..], staged.Count);
        return Convert.ToBase64String(id);
    }

    private async Task CommitAsync(BlockBlobClient blob, Dictionary<string, string> metadata, BlobRequestConditions conditions, CancellationToken cancellationToken)
    {
        if (staged.Count == 0)
        {
            var options = new BlobUploadOptions
            {
                Metadata = metadata,
                Conditions = conditions,
                TransferOptions = new() { InitialTransferSize = 2 * BlockSize }, // In one request, whatever the SDK's default is.
            };
            await SendAsync(content => blob.UploadAsync(content, options, cancellationToken)).ConfigureAwait(false);
            return;
        }

        if (buffered > 0)
        {
            await StageAsync(cancellationToken).ConfigureAwait(false);
        }

        await blob.CommitBlockListAsync(staged, new CommitBlockListOptions { Metadata = metadata, Conditions = conditions }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends what is buffered. While a request is under way the buffer is its own: a caller who gives up and disposes this upload must not hand it to somebody
    /// else, whose octets would then be sent. So it returns to the pool only after an answer.
    /// </summary>
    private async Task SendAsync(Func<Stream, Task> send)
    {
        var bytes = buffer ?? [];
        var count = buffered;
        (buffer, buffered) = (null, 0);
        using var content = new MemoryStream(bytes, 0, count, writable: false);
        await send(content).ConfigureAwait(false);
        buffer = bytes.Length > 0 ? bytes : null;
    }

    /// <summary>False: the name was taken, by an earlier upload or by an attempt of this one whose answer was lost; its content stands.</summary>
    private static async Task<bool> IsWrittenAsync(BlockBlobClient blob, Func<Task> write, CancellationToken cancellationToken)
    {
        try
        {
            await write().ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobAlreadyExists || e.ErrorCode == BlobErrorCode.ConditionNotMet)
        {
            return false;
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.InvalidBlockList)
        {
            // Another upload's commit drops the blocks of this one.
            return await blob.ExistsAsync(cancellationToken).ConfigureAwait(false) ? false : throw new IOException("the staged blocks are gone", e);
        }
        catch (RequestFailedException e) when (e.Status == InsufficientStorage)
        {
            throw new StorageFullException(e);
        }
    }
}
