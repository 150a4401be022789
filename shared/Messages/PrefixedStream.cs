namespace MailCloud.Messages;

/// <summary>Octets at hand, then a stream, as one stream. Owns the stream.</summary>
public sealed class PrefixedStream(ReadOnlyMemory<byte> atHand, Stream rest) : ForwardStream
{
    private ReadOnlyMemory<byte> atHand = atHand;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (atHand.IsEmpty)
        {
            return rest.ReadAsync(buffer, cancellationToken);
        }

        var taken = atHand[..Math.Min(atHand.Length, buffer.Length)];
        taken.CopyTo(buffer);
        atHand = atHand[taken.Length..];
        return new(taken.Length);
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
