using System.Buffers;
using MailCloud.Blobs;
using MailCloud.Embedded.Sqlite;

namespace MailCloud.Embedded.Blobs;

/// <summary>A blob being written: in pooled memory while it is small enough for a row, in an unfinished file beyond that.</summary>
internal sealed class SqliteBlobUpload(SqliteBlobs blobs, BlobFiles files, RecentBlobs recent, string name, IReadOnlyList<string> owners) : BlobUpload
{
    /// <summary>The largest blob that is a row. Larger ones would go through the WAL, which writes every octet twice.</summary>
    public const int MaxRow = 64 * 1024;

    private const int FirstBuffer = 8 * 1024;

    private byte[]? buffer;
    private FileStream? file;
    private long length;
    private bool broken;

    public override long Length => length;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        // Cleared at the end only: after a write that failed midway the content is not what the caller gave.
        var whole = !broken;
        broken = true;
        try
        {
            if (file is null && length + bytes.Length <= MaxRow)
            {
                Keep(bytes.Span);
            }
            else
            {
                file ??= await SpillAsync(cancellationToken).ConfigureAwait(false);
                await file.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            }

            length += bytes.Length;
            broken = !whole;
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            throw new StorageFullException(e);
        }
    }

    public override async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (broken)
        {
            throw new InvalidOperationException($"a write to blob {name} failed; it cannot be committed");
        }

        try
        {
            if (file is null)
            {
                await CommitRowAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            // A sync may take long; it is no work for the thread that runs a session.
            var kept = await Task.Run(() => files.Keep(file), cancellationToken).ConfigureAwait(false);
            await blobs.AddFileAsync(name, owners, kept, length, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw new StorageFullException(e);
        }
    }

    // The row is bound from the buffer on the writer's thread: the buffer is the commit's until that answers, also when the caller has given up and disposed us.
    private async Task CommitRowAsync(CancellationToken cancellationToken)
    {
        var bound = buffer ?? [];
        buffer = null;
        broken = true;
        var added = await blobs.AddRowAsync(name, owners, bound.AsMemory(0, (int)length), cancellationToken).ConfigureAwait(false);
        if (bound.Length == 0)
        {
            return;
        }

        if (added)
        {
            recent.Add(name, bound, (int)length);
        }
        else
        {
            ArrayPool<byte>.Shared.Return(bound);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }

        if (file is not null)
        {
            await file.DisposeAsync().ConfigureAwait(false);

            // After a commit it bears another name, and there is nothing to delete.
            File.Delete(file.Name);
            file = null;
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var needed = (int)length + bytes.Length;
        if (buffer is null || buffer.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, FirstBuffer));
            if (buffer is not null)
            {
                buffer.AsSpan(0, (int)length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
            }

            buffer = larger;
        }

        bytes.CopyTo(buffer.AsSpan((int)length));
    }

    private async Task<FileStream> SpillAsync(CancellationToken cancellationToken)
    {
        var spilled = files.CreateUnfinished();
        file = spilled;
        if (buffer is not null)
        {
            await spilled.WriteAsync(buffer.AsMemory(0, (int)length), cancellationToken).ConfigureAwait(false);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }

        return spilled;
    }
}
