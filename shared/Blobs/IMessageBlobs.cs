namespace MailCloud.Blobs;

/// <summary>
/// Immutable blobs under unique names: message bodies, and the chunks and manifests of mailboxes. Names are <c>tenant/kind/…</c>.
/// A body names its owners when it is made; each releases it once; releases are a set, so that a repeated release changes nothing.
/// </summary>
public interface IMessageBlobs
{
    /// <summary>
    /// Starts an upload. Nothing is visible before <see cref="BlobUpload.CommitAsync"/> returns; disposing without it leaves nothing behind.
    /// A name that exists already keeps its content: the commit then succeeds and changes nothing (a repeated deterministic write).
    /// </summary>
    BlobUpload Create(string name, IReadOnlyList<string> owners);

    /// <summary>A forward stream over part of a blob; to its end when <paramref name="length"/> is null. It holds no storage transaction between reads.</summary>
    /// <exception cref="BlobMissingException">There is no such blob.</exception>
    Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken);

    /// <summary>A part of a blob in one piece, for parts known to be small.</summary>
    /// <exception cref="BlobMissingException">There is no such blob.</exception>
    Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken);

    /// <summary>Records that an owner needs the body no more. Unknown blobs and owners are ignored: the release may be a repeat.</summary>
    Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken);

    /// <summary>Blobs whose name begins with the prefix, by name.</summary>
    IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Deletes blobs; those that are missing are ignored.</summary>
    Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken);

    /// <summary>What the store finds wrong in itself: names without their content, content that no name leads to. For verification, at rest.</summary>
    IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Removes content that no name leads to and that is older than <paramref name="grace"/> (younger may be an upload in progress). Returns how many pieces.
    /// </summary>
    Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken);
}

/// <summary>Something wrong inside the blob store. <paramref name="Name"/> is the blob's, or the store's own name of content without one.</summary>
public sealed record BlobFault(string Name, BlobFaultKind Kind);

public enum BlobFaultKind
{
    /// <summary>The name is there and its content is not.</summary>
    ContentMissing = 0,

    /// <summary>The content has another length than was committed.</summary>
    LengthDiffers = 1,

    /// <summary>Content that no name leads to: what a crash left of an upload or of a deletion.</summary>
    Stray = 2,
}

/// <summary>A blob being written. Memory does not grow with its length.</summary>
public abstract class BlobUpload : IAsyncDisposable
{
    /// <summary>Octets written so far.</summary>
    public abstract long Length { get; }

    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Writes a stream to its end, piece by piece.</summary>
    public async Task WriteAsync(Stream content, CancellationToken cancellationToken)
    {
        var piece = new byte[64 * 1024];
        for (int read; (read = await content.ReadAsync(piece, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            await WriteAsync(piece.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns when the blob is durable under its name.</summary>
    /// <exception cref="StorageFullException">The store has no room; nothing was kept.</exception>
    public abstract Task CommitAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A blob as listed: whose it is and which owners have released it.</summary>
public sealed record StoredBlob(string Name, long Length, DateTimeOffset CreatedAt, IReadOnlyList<string> Owners, IReadOnlyList<string> Released)
{
    /// <summary>True when every owner it was made with has released it. A blob made without owners is never released, only deleted.</summary>
    public bool IsReleased => Owners.Count > 0 && Owners.All(Released.Contains);
}

public sealed class BlobMissingException(string name) : Exception($"blob {name} does not exist");

/// <summary>The store refuses writes for want of room (SMTP answers 452 4.3.1).</summary>
public sealed class StorageFullException(Exception inner) : Exception("storage is full", inner);
