using MailCloud.Messages;
using Microsoft.Win32.SafeHandles;

namespace MailCloud.Embedded.Blobs;

/// <summary>A forward stream over a part of a file. The file may be deleted meanwhile; the open handle keeps its content.</summary>
internal sealed class FileRange(SafeFileHandle handle, long offset, long length, EmbeddedTelemetry telemetry) : ForwardStream
{
    private long position;

    public override long Length => length;

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = (int)Math.Min(buffer.Length, length - position);
        if (wanted == 0)
        {
            return 0;
        }

        var read = await RandomAccess.ReadAsync(handle, buffer[..wanted], offset + position, cancellationToken).ConfigureAwait(false);
        return Advance(read);
    }

    public override int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, length - position);
        return wanted == 0 ? 0 : Advance(RandomAccess.Read(handle, buffer[..wanted], offset + position));
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            handle.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Advance(int read)
    {
        if (read == 0)
        {
            // A blob is immutable and its length is known: an early end is damage, and must not pass for the end of the message.
            throw new EndOfStreamException($"a blob's file ends {length - position} octets early");
        }

        position += read;
        telemetry.BlobRead(read);
        return read;
    }
}
