using MailCloud.Blobs;
using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>Where the next write fails.</summary>
public enum FailingAt
{
    Nowhere = 0,
    Write = 1,
    Commit = 2,
    Publish = 3,
}

/// <summary>A failure that happens once.</summary>
internal sealed class NextFailure(FailingAt where, Exception error)
{
    private FailingAt at = where;

    public void ThrowAt(FailingAt here)
    {
        if (at == here)
        {
            at = FailingAt.Nowhere;
            throw error;
        }
    }
}

/// <summary>The real store, but for one failure.</summary>
internal sealed class FailingBlobs(IMessageBlobs blobs, NextFailure failure) : IMessageBlobs
{
    public BlobUpload Create(string name, IReadOnlyList<string> owners) => new Upload(blobs.Create(name, owners), failure);

    public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) =>
        blobs.OpenReadAsync(name, offset, length, cancellationToken);

    public Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken) =>
        blobs.ReadAsync(name, offset, length, cancellationToken);

    public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => blobs.ReleaseAsync(name, owner, cancellationToken);

    public IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken) => blobs.ListAsync(prefix, cancellationToken);

    public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => blobs.DeleteAsync(names, cancellationToken);

    public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => blobs.CheckAsync(cancellationToken);

    public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => blobs.RemoveStrayAsync(grace, cancellationToken);

    private sealed class Upload(BlobUpload upload, NextFailure failure) : BlobUpload
    {
        public override long Length => upload.Length;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            failure.ThrowAt(FailingAt.Write);
            return upload.WriteAsync(bytes, cancellationToken);
        }

        public override Task CommitAsync(CancellationToken cancellationToken)
        {
            failure.ThrowAt(FailingAt.Commit);
            return upload.CommitAsync(cancellationToken);
        }

        public override ValueTask DisposeAsync() => upload.DisposeAsync();
    }
}

/// <summary>The real queue, but for one failure.</summary>
internal sealed class FailingQueue(IMailQueue queue, NextFailure failure) : IMailQueue
{
    public Task PublishAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        failure.ThrowAt(FailingAt.Publish);
        return queue.PublishAsync(message, cancellationToken);
    }

    public IAsyncEnumerable<QueueDelivery> ConsumeAsync(int prefetch, CancellationToken cancellationToken) => queue.ConsumeAsync(prefetch, cancellationToken);

    public Task<QueueDepth> GetDepthAsync(CancellationToken cancellationToken) => queue.GetDepthAsync(cancellationToken);

    public IAsyncEnumerable<QueuedMessage> ListAsync(CancellationToken cancellationToken) => queue.ListAsync(cancellationToken);

    public IAsyncEnumerable<ParkedMessage> ListParkedAsync(CancellationToken cancellationToken) => queue.ListParkedAsync(cancellationToken);

    public Task<bool> ReplayParkedAsync(DeliveryId id, CancellationToken cancellationToken) => queue.ReplayParkedAsync(id, cancellationToken);
}
