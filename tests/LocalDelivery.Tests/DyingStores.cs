using MailCloud.Blobs;
using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>The real stores under a process that dies at one step: before or after one of its writes.</summary>
internal sealed class DyingStores(IMessageBlobs blobs, IMailQueue queue, int dieAt) : IMessageBlobs, IMailQueue
{
    private int step;

    /// <summary>What becomes of a body that is read.</summary>
    public Func<Stream, Stream> Read { get; init; } = body => body;

    public BlobUpload Create(string name, IReadOnlyList<string> owners) => new DyingUpload(this, blobs.Create(name, owners));

    public async Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) =>
        Read(await blobs.OpenReadAsync(name, offset, length, cancellationToken));

    public Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken) =>
        blobs.ReadAsync(name, offset, length, cancellationToken);

    public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => WriteAsync(() => blobs.ReleaseAsync(name, owner, cancellationToken));

    public IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken) => blobs.ListAsync(prefix, cancellationToken);

    public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => blobs.DeleteAsync(names, cancellationToken);

    public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => blobs.CheckAsync(cancellationToken);

    public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => blobs.RemoveStrayAsync(grace, cancellationToken);

    public Task PublishAsync(QueuedMessage message, CancellationToken cancellationToken) => WriteAsync(() => queue.PublishAsync(message, cancellationToken));

    public IAsyncEnumerable<QueueDelivery> ConsumeAsync(int prefetch, CancellationToken cancellationToken) => queue.ConsumeAsync(prefetch, cancellationToken);

    public Task<QueueDepth> GetDepthAsync(CancellationToken cancellationToken) => queue.GetDepthAsync(cancellationToken);

    public IAsyncEnumerable<QueuedMessage> ListAsync(CancellationToken cancellationToken) => queue.ListAsync(cancellationToken);

    public IAsyncEnumerable<ParkedMessage> ListParkedAsync(CancellationToken cancellationToken) => queue.ListParkedAsync(cancellationToken);

    public Task<bool> ReplayParkedAsync(DeliveryId id, CancellationToken cancellationToken) => queue.ReplayParkedAsync(id, cancellationToken);

    private async Task WriteAsync(Func<Task> write)
    {
        Step();
        await write();
        Step();
    }

    private void Step()
    {
        if (++step >= dieAt)
        {
            throw new OperationCanceledException($"died at step {dieAt}");
        }
    }

    private sealed class DyingUpload(DyingStores stores, BlobUpload upload) : BlobUpload
    {
        public override long Length => upload.Length;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => upload.WriteAsync(bytes, cancellationToken);

        public override Task CommitAsync(CancellationToken cancellationToken) => stores.WriteAsync(() => upload.CommitAsync(cancellationToken));

        public override ValueTask DisposeAsync() => upload.DisposeAsync();
    }
}
