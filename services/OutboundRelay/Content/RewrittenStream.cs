using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>A message as <see cref="ContentRewriter"/> writes it, made while it is read. Owns the stream that it is made of.</summary>
internal sealed class RewrittenStream : ForwardStream
{
    private const int BlockSize = 32 * 1024;

    private readonly Stream stored;
    private readonly OctetSink sink = new();
    private readonly ContentRewriter rewriter;
    private readonly byte[] block = new byte[BlockSize];
    private int filled;
    private bool hasEnded;

    public RewrittenStream(Stream stored, BodyType allowed, ContentSurvey survey)
    {
        this.stored = stored;
        rewriter = new(allowed, survey, sink);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (sink.IsEmpty && !hasEnded && !buffer.IsEmpty)
        {
            filled += await stored.ReadAtLeastAsync(block.AsMemory(filled), 1, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) is > 0 and var read ? read : End();
            var taken = rewriter.Consume(block.AsSpan(0, filled), hasEnded);
            block.AsSpan(taken, filled - taken).CopyTo(block);
            filled -= taken;
        }

        return sink.Take(buffer.Span);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stored.Dispose();
        }

        base.Dispose(disposing);
    }

    private int End()
    {
        hasEnded = true;
        return 0;
    }
}
