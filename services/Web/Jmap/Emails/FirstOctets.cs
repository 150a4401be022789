using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>The beginning of a stream, as a stream that ends there. Owns it.</summary>
internal sealed class FirstOctets(Stream stream, long length) : ForwardStream
{
    private long remaining = length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await stream.ReadAsync(buffer[..(int)Math.Min(buffer.Length, remaining)], cancellationToken).ConfigureAwait(false);
        remaining -= read;
        return read;
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
