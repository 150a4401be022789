using System.Buffers;
using System.Text;
using MailCloud.Blobs;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>
/// Makes the octets of a message as a next hop gets them: [DKIM-Signature] trace, stored body; with CRLF alone for line ends, lines of at most 998 octets, and no more than the hop takes.
/// <list type="number">
/// <item>A walk over what is stored finds what must change, and its hashes in case nothing must.</item>
/// <item>Where something must, a pass over the changed octets gives their length and hashes.</item>
/// <item>The signature is made, of what will be sent.</item>
/// </list>
/// </summary>
internal sealed class OutboundContent(IMessageBlobs blobs, DkimSigner signer)
{
    /// <summary>Octets up to which a body is read once and kept while it is being sent; a longer one is streamed each time. Nine messages of ten are shorter, and each opening of a blob is a request.</summary>
    private const int KeptInMemory = 64 * 1024;

    private const int BlockSize = 32 * 1024;

    /// <param name="message">Where its body stands, and whose it is.</param>
    /// <param name="allowed">The most that the next hop takes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BlobMissingException">The body is gone.</exception>
    /// <exception cref="Cluster.GrainUnavailableException">The keys cannot be read now; nothing is sent without the signature that it should have.</exception>
    public async Task<PreparedContent> PrepareAsync(QueuedMessage message, BodyType allowed, CancellationToken cancellationToken)
    {
        var open = await SourceOfAsync(message, cancellationToken);
        var isOurs = DkimSigner.MaySign(message);

        // 1
        var survey = new ContentSurvey(allowed);
        using var first = new ContentMeasure(isOurs);
        await using (var stored = await open(cancellationToken))
        {
            await SurveyAsync(stored, survey, first, cancellationToken);
        }

        if (survey.Obstacle is { } reason)
        {
            return new PreparedContent.CannotDowngrade(reason);
        }

        // 2
        using var second = new ContentMeasure(isOurs && survey.IsChanged);
        if (survey.IsChanged)
        {
            var source = open;
            open = async token => new RewrittenStream(await source(token), allowed, survey);
            await using var rewritten = await open(cancellationToken);
            await MeasureAsync(rewritten, second, cancellationToken);
        }

        // 3
        var measured = survey.IsChanged ? second : first;
        var signature = isOurs ? await signer.SignAsync(message, measured, cancellationToken) : [];
        var unsigned = open;
        return new PreparedContent.Ready(
            survey.Form,
            signature.Length + measured.Length,
            signature.Length == 0 ? unsigned : async token => new PrefixedStream(signature, await unsigned(token)));
    }

    private async Task<Func<CancellationToken, Task<Stream>>> SourceOfAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        var trace = Encoding.UTF8.GetBytes(message.Trace);
        var body = message.Body;
        if (body.Length > KeptInMemory)
        {
            return async token => new PrefixedStream(trace, await blobs.OpenReadAsync(body.Name, 0, null, token));
        }

        var stored = body.Length == 0 ? default : await blobs.ReadAsync(body.Name, 0, (int)body.Length, cancellationToken);
        byte[] whole = [.. trace, .. stored.Span];
        return _ => Task.FromResult<Stream>(new MemoryStream(whole, writable: false));
    }

    private static async Task SurveyAsync(Stream stored, ContentSurvey survey, ContentMeasure measure, CancellationToken cancellationToken)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            for (var (filled, hasEnded) = (0, false); !hasEnded && survey.Obstacle is null;)
            {
                var read = await stored.ReadAsync(block.AsMemory(filled), cancellationToken);
                measure.Add(block.AsSpan(filled, read));
                hasEnded = read == 0;
                filled += read;
                var taken = survey.Consume(block.AsSpan(0, filled), hasEnded);
                block.AsSpan(taken, filled - taken).CopyTo(block);
                filled -= taken;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private static async Task MeasureAsync(Stream rewritten, ContentMeasure measure, CancellationToken cancellationToken)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            for (int read; (read = await rewritten.ReadAsync(block, cancellationToken)) > 0;)
            {
                measure.Add(block.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}

/// <summary>How long a message is, and when it is to be signed what is signed of it.</summary>
internal sealed class ContentMeasure(bool isSigned) : IDisposable
{
    private readonly RelaxedBodyHash body = new();

    public long Length { get; private set; }

    public SignedHeader Header { get; } = new();

    public void Add(ReadOnlySpan<byte> octets)
    {
        Length += octets.Length;
        if (isSigned)
        {
            body.Add(octets[Header.Add(octets)..]);
        }
    }

    /// <summary>The message has ended: the hash of its body.</summary>
    public byte[] End()
    {
        Header.End();
        return body.End();
    }

    public void Dispose() => body.Dispose();
}
