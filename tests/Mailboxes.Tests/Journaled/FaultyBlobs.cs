using MailCloud.Blobs;

namespace MailCloud.Mailboxes.Tests.Journaled;

/// <summary>A real blob store whose commits of a mailbox's state fail one time in four: before the write, or after it.</summary>
internal sealed class FaultyBlobs(IMessageBlobs inner, int seed) : IMessageBlobs
{
    private readonly Random random = new(seed);

    /// <summary>Commits fail while this is set.</summary>
    public bool Failing { get; set; }

    public int Faults { get; private set; }

    public BlobUpload Create(string name, IReadOnlyList<string> owners) => new FaultyUpload(this, inner.Create(name, owners));

    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(name, offset, length, cancellationToken);

    public Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken) =>
        inner.ReadAsync(name, offset, length, cancellationToken);

    public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => inner.ReleaseAsync(name, owner, cancellationToken);

    public IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => inner.DeleteAsync(names, cancellationToken);

    public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

    public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => inner.RemoveStrayAsync(grace, cancellationToken);

    private int Next()
    {
        lock (random)
        {
            var fault = Failing ? random.Next(8) : 7;
            Faults += fault < 2 ? 1 : 0;
            return fault;
        }
    }

    private sealed class FaultyUpload(FaultyBlobs store, BlobUpload upload) : BlobUpload
    {
        public override long Length => upload.Length;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => upload.WriteAsync(bytes, cancellationToken);

        public override async Task CommitAsync(CancellationToken cancellationToken)
        {
            var fault = store.Next();
            if (fault == 0)
            {
                throw new IOException("the store did not take the blob");
            }

            await upload.CommitAsync(cancellationToken);
            if (fault == 1)
            {
                throw new TimeoutException("the store took the blob, and its reply was lost");
            }
        }

        public override ValueTask DisposeAsync() => upload.DisposeAsync();
    }
}
