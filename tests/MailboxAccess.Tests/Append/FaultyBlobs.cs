using MailCloud.Blobs;

namespace MailCloud.MailboxAccess.Tests.Append;

/// <summary>The real store, whose uploads fail at a point that a test chooses.</summary>
internal sealed class FaultyBlobs(IMessageBlobs real) : IMessageBlobs
{
    /// <summary>Thrown by the next writes; null: they work.</summary>
    public Exception? Write { get; set; }

    /// <summary>Thrown by commits once <see cref="CommitsThatWork"/> have worked; null: they work.</summary>
    public Exception? Commit { get; set; }

    public int CommitsThatWork { get; set; }

    public BlobUpload Create(string name, IReadOnlyList<string> owners) => new Upload(this, real.Create(name, owners));

    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) => real.OpenReadAsync(name, offset, length, cancellationToken);

    public Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken) => real.ReadAsync(name, offset, length, cancellationToken);

    public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => real.ReleaseAsync(name, owner, cancellationToken);

    public IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken) => real.ListAsync(prefix, cancellationToken);

    public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => real.DeleteAsync(names, cancellationToken);

    public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => real.CheckAsync(cancellationToken);

    public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => real.RemoveStrayAsync(grace, cancellationToken);

    private sealed class Upload(FaultyBlobs blobs, BlobUpload upload) : BlobUpload
    {
        public override long Length => upload.Length;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            blobs.Write is { } error ? throw error : upload.WriteAsync(bytes, cancellationToken);

        public override Task CommitAsync(CancellationToken cancellationToken) =>
            blobs.Commit is { } error && blobs.CommitsThatWork-- <= 0 ? throw error : upload.CommitAsync(cancellationToken);

        public override ValueTask DisposeAsync() => upload.DisposeAsync();
    }
}
