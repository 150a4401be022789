using MailCloud.MailboxAccess.Imap.Fetch;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Pop3.Retrieval;

/// <summary>A whole message of known length, read at the client's pace: one that ends early is <see cref="MessageBrokenException"/>. Owns the stream.</summary>
internal sealed class WholeStream(Stream message, long length, string body) : ForwardStream
{
    private long left = length;

    public static async ValueTask<WholeStream> OpenAsync(MessageOctets octets, CancellationToken cancellationToken) =>
        new(await octets.StreamAsync(octets.Whole, cancellationToken).ConfigureAwait(false), octets.Whole.Length, octets.BodyName);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (left == 0)
        {
            return 0;
        }

        var read = await message.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken).ConfigureAwait(false);
        left -= read;
        return read == 0 ? throw new MessageBrokenException(body) : read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            message.Dispose();
        }

        base.Dispose(disposing);
    }
}
