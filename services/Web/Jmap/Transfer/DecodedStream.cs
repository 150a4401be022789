using MailCloud.Messages;
using MimeKit.Encodings;

namespace MailCloud.Web.Jmap.Transfer;

/// <summary>A part's body without its transfer encoding, decoded while it is read. Owns the encoded stream.</summary>
internal sealed class DecodedStream(Stream encoded, IMimeDecoder decoder) : ForwardStream
{
    private readonly byte[] input = new byte[16 * 1024];
    private byte[] output = [];
    private ReadOnlyMemory<byte> ready;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (ready.IsEmpty)
        {
            var read = await encoded.ReadAsync(input, cancellationToken);
            if (read == 0)
            {
                return 0;
            }

            var most = decoder.EstimateOutputLength(read);
            output = output.Length < most ? new byte[most] : output;
            ready = output.AsMemory(0, decoder.Decode(input, 0, read, output));
        }

        var taken = ready[..Math.Min(ready.Length, buffer.Length)];
        taken.CopyTo(buffer);
        ready = ready[taken.Length..];
        return taken.Length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            encoded.Dispose();
        }

        base.Dispose(disposing);
    }
}
