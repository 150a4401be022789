using MailCloud.Blobs;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Bodies;

/// <summary>Reads bodies, and counts the octets that the store gave for them. A body that ends early is <see cref="MessageBrokenException"/>.</summary>
/// <param name="blobs">Where bodies are.</param>
/// <param name="read">Told of octets read.</param>
internal sealed class BodyReader(IMessageBlobs blobs, Action<long> read)
{
    /// <exception cref="BlobMissingException">There is no such body.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
    {
        try
        {
            var octets = await blobs.ReadAsync(name, offset, length, cancellationToken).ConfigureAwait(false);
            read(octets.Length);
            return octets.Length == length ? octets : throw new MessageBrokenException(name);
        }
        catch (EndOfStreamException)
        {
            throw new MessageBrokenException(name);
        }
    }

    /// <exception cref="BlobMissingException">There is no such body.</exception>
    public async ValueTask<Stream> OpenAsync(string name, long offset, long length, CancellationToken cancellationToken) =>
        new CountedStream(await blobs.OpenReadAsync(name, offset, length, cancellationToken).ConfigureAwait(false), name, read);

    private sealed class CountedStream(Stream body, string name, Action<long> read) : ForwardStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                var count = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                read(count);
                return count;
            }
            catch (EndOfStreamException)
            {
                throw new MessageBrokenException(name);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                body.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
