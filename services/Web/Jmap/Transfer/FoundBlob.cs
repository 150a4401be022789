namespace MailCloud.Web.Jmap.Transfer;

/// <summary>A blob that the account has, not opened yet.</summary>
/// <param name="type">Its media type, as a part of a message says it.</param>
/// <param name="size">Octets; null: it is known only when it has been read, as of a part in base64.</param>
/// <param name="open">Opens it from an offset on.</param>
internal sealed class FoundBlob(BlobId id, string type, long? size, Func<long, CancellationToken, Task<Stream>> open)
{
    public BlobId Id => id;

    public string Type => type;

    public long? Size => size;

    /// <summary>A forward stream to its end, or one that has ended when the offset lies beyond. Memory does not grow with the blob.</summary>
    /// <exception cref="MailCloud.Blobs.BlobMissingException">It is gone meanwhile.</exception>
    public Task<Stream> OpenAsync(long offset, CancellationToken cancellationToken) => size <= offset ? Task.FromResult(Stream.Null) : open(offset, cancellationToken);

    /// <inheritdoc cref="OpenAsync(long, CancellationToken)"/>
    public Task<Stream> OpenAsync(CancellationToken cancellationToken) => OpenAsync(0, cancellationToken);
}
