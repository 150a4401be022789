using MailCloud.Blobs;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>A real blob store that counts what is read.</summary>
internal sealed class CountingBlobs(IMessageBlobs inner) : IMessageBlobs
{
    public List<string> Reads { get; } = [];

    public long Bytes { get; set; }

    public BlobUpload Create(string name, IReadOnlyList<string> owners) => inner.Create(name, owners);

    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(name, offset, length, cancellationToken);

    public async Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(name, offset, length, cancellationToken);
        lock (Reads)
        {
            Reads.Add(name);
            Bytes += read.Length;
        }

        return read;
    }

    public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => inner.ReleaseAsync(name, owner, cancellationToken);

    public IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => inner.DeleteAsync(names, cancellationToken);

    public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

    public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => inner.RemoveStrayAsync(grace, cancellationToken);
}
