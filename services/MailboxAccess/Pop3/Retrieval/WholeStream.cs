using MailCloud.MailboxAccess.Bodies;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Pop3.Retrieval;

/// <summary>A whole message: what is at hand of it, then the rest from the blob store, at the client's pace. One that ends early is <see cref="MessageBrokenException"/>. Owns the stream.</summary>
internal sealed class WholeStream(ReadOnlyMemory<byte> atHand, Stream rest, long restLength, string body) : ForwardStream
{
    private ReadOnlyMemory<byte> atHand = atHand;
    private long left = restLength;

    public static async ValueTask<WholeStream> OpenAsync(MessageOctets octets, CancellationToken cancellationToken)
    {
        if (octets.Whole.Length <= MessageOctets.OnePiece)
        {
            return new(await octets.ReadAsync(octets.Whole, cancellationToken).ConfigureAwait(false), Null, 0, octets.BodyName);
        }

        var (prefix, rest, length) = await octets.OpenAsync(octets.Whole, cancellationToken).ConfigureAwait(false);
        return new(prefix, rest, length, octets.BodyName);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!atHand.IsEmpty)
        {
            var taken = atHand[..Math.Min(atHand.Length, buffer.Length)];
            taken.CopyTo(buffer);
            atHand = atHand[taken.Length..];
            return taken.Length;
        }

        if (left == 0)
        {
            return 0;
        }

        var read = await rest.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken).ConfigureAwait(false);
        left -= read;
        return read == 0 ? throw new MessageBrokenException(body) : read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            rest.Dispose();
        }

        base.Dispose(disposing);
    }
}
