using MailCloud.Blobs;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Transfer;

/// <summary>
/// Octets that one request may still have read from blobs, or written again and again: some hundred characters name a blob of megabytes, and thousands of such names fit into a request. What one blob or
/// one Email may have is another limit beside it. Calls of a request run one after the other, so that nobody else counts meanwhile.
/// </summary>
internal sealed class OctetBudget(long most)
{
    /// <summary>What opening one counts, as the store is asked for it: a hundred thousand that are empty are no small matter either.</summary>
    private const int Opening = 4096;

    private long read;

    /// <summary>RFC 8620 §5.3: it may work later, in a request of its own.</summary>
    public SetException Spent => new(new("rateLimit", $"one request has {most} octets of blobs read at most: make this in another"));

    /// <summary>Before anything is read: there is room for what is known of it.</summary>
    /// <exception cref="SetException">rateLimit.</exception>
    public void Check(long known)
    {
        if (known > most - read)
        {
            throw Spent;
        }
    }

    /// <summary>A blob's octets from an offset on, each counted when it is read.</summary>
    /// <exception cref="SetException">rateLimit; reading gives it too.</exception>
    /// <exception cref="BlobMissingException">It is gone meanwhile.</exception>
    public async Task<Stream> OpenAsync(FoundBlob blob, long offset, CancellationToken cancellationToken)
    {
        Count(Opening);

        // Of one that is decoded what lies before the offset is read, too.
        var skipped = blob.Size is null ? offset : 0;
        var counted = new CountedStream(await blob.OpenAsync(offset - skipped, cancellationToken), this);
        try
        {
            await JmapBlobs.SkipAsync(counted, skipped, cancellationToken);
            return counted;
        }
        catch
        {
            await counted.DisposeAsync();
            throw;
        }
    }

    /// <summary>Counts octets that are copied from what is at hand already.</summary>
    /// <exception cref="SetException">rateLimit.</exception>
    public void Count(long copied)
    {
        read += copied;
        Check(0);
    }

    /// <summary>Owns the stream.</summary>
    private sealed class CountedStream(Stream stream, OctetBudget budget) : ForwardStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await stream.ReadAsync(buffer, cancellationToken);
            budget.Count(count);
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
