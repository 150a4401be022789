using MailCloud.Blobs;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>A real blob store whose reads of a chunk's rows can be held, so that something else happens to the mailbox meanwhile.</summary>
internal sealed class HeldReads(IMessageBlobs inner) : IMessageBlobs
{
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Reads are held while this is set.</summary>
    public bool Holding { get; set; }

    /// <summary>Completes when a read is held.</summary>
    public Task Asked => asked.Task;

    public void LetGo()
    {
        Holding = false;
        letGo.SetResult();
    }

    public async Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
    {
        if (Holding && name.Contains("/rows-", StringComparison.Ordinal))
        {
            asked.TrySetResult();
            await letGo.Task;
        }

        return await inner.ReadAsync(name, offset, length, cancellationToken);
    }

    public BlobUpload Create(string name, IReadOnlyList<string> owners) => inner.Create(name, owners);

    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(name, offset, length, cancellationToken);

    public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => inner.ReleaseAsync(name, owner, cancellationToken);

    public IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => inner.DeleteAsync(names, cancellationToken);

    public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

    public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => inner.RemoveStrayAsync(grace, cancellationToken);
}
