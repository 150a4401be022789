using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Bodies;

/// <summary>
/// The octets of one message: the prefix of this mailbox, then its body, as shown (<see cref="BodyLayout"/>) or as stored. The header stands in the summary, so
/// that only what lies outside is read from the blob. Offsets count the prefix.
/// </summary>
internal sealed class MessageOctets
{
    /// <summary>Ranges up to here are read in one piece; longer ones are streamed.</summary>
    public const int OnePiece = 64 * 1024;

    private readonly FetchedMessage message;
    private readonly BodyReader bodies;
    private readonly BodyLayout layout;
    private readonly byte[] prefix;
    private readonly byte[] header;

    private MessageOctets(FetchedMessage message, BodyReader bodies, BodyLayout layout)
    {
        (this.message, this.bodies, this.layout) = (message, bodies, layout);
        prefix = message.Content!.Prefix;
        header = message.Content.Header ?? [];
        if (!layout.IsExact && Root.BinaryAt is { } at && at < header.Length)
        {
            header = [.. header];
            "base64"u8.CopyTo(header.AsSpan((int)at));
        }
    }

    public string BodyName => message.Body.Name;

    /// <summary>The structure, which must be decoded first.</summary>
    public BodyPart Root => message.Content!.Summary.Structure;

    public long PrefixLength => prefix.Length;

    /// <summary>Where the text begins as it is stored: octets of the prefix and the header, with the empty line that ends it.</summary>
    public long TextStart => prefix.Length + message.Content!.BodyOffset;

    /// <summary>Octets of the body as it is stored.</summary>
    public long BodyLength => message.Body.Length;

    /// <summary>As BODY[] shows it; <paramref name="message"/> has its content.</summary>
    public static MessageOctets Shown(FetchedMessage message, BodyReader bodies) => new(message, bodies, LayoutOf(message));

    /// <summary>As it came, also where lines cannot carry it.</summary>
    public static MessageOctets Stored(FetchedMessage message, BodyReader bodies) => new(message, bodies, BodyLayout.Stored(message.Body.Length));

    public static BodyLayout LayoutOf(FetchedMessage message) => message.Content!.ShownLength is null
        ? BodyLayout.Stored(message.Body.Length)
        : BodyLayout.Of(message.Content.Summary.Structure, message.Body.Length);

    /// <summary>The whole message, prefix and body.</summary>
    public OctetRange Whole => new(0, prefix.Length + layout.Length);

    /// <summary>The prefix and the header, with the empty line that ends it.</summary>
    public OctetRange Head => Show(new(0, TextStart));

    /// <summary>Where a range of what is stored is shown; its ends are not within the body of a part that is shown in base64.</summary>
    public OctetRange Show(OctetRange stored) => OctetRange.Between(ToShown(stored.Offset), ToShown(stored.Offset + stored.Length));

    /// <summary>True when the range lies within what is at hand without the blob.</summary>
    public bool IsAtHand(OctetRange range) => range.Length == 0 || range.Offset + range.Length <= prefix.Length + header.Length;

    /// <summary>A range in one piece; the caller knows that it is short.</summary>
    /// <exception cref="MessageBrokenException">The body is shorter than recorded.</exception>
    /// <exception cref="Blobs.BlobMissingException">The body is gone.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(OctetRange range, CancellationToken cancellationToken)
    {
        var (fromPrefix, inBody) = Split(range);
        if (inBody.Length == 0)
        {
            return fromPrefix;
        }

        if (inBody.Offset + inBody.Length <= header.Length)
        {
            var fromHeader = header.AsMemory((int)inBody.Offset, (int)inBody.Length);
            return fromPrefix.IsEmpty ? fromHeader : Join(fromPrefix, fromHeader);
        }

        if (layout.IsExact)
        {
            var octets = await bodies.ReadAsync(message.Body.Name, inBody.Offset, (int)inBody.Length, cancellationToken).ConfigureAwait(false);
            return fromPrefix.IsEmpty ? octets : Join(fromPrefix, octets);
        }

        var shown = new byte[range.Length];
        fromPrefix.CopyTo(shown);
        await using var stream = await OpenBodyAsync(inBody, cancellationToken).ConfigureAwait(false);
        var rest = shown.AsMemory(fromPrefix.Length);
        var read = await stream.ReadAtLeastAsync(rest, rest.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return read == inBody.Length ? shown : throw new MessageBrokenException(message.Body.Name);
    }

    /// <summary>What of the range is at hand at its beginning, and a stream over the rest of it.</summary>
    /// <exception cref="Blobs.BlobMissingException">The body is gone.</exception>
    public async ValueTask<(ReadOnlyMemory<byte> AtHand, Stream Body, long BodyLength)> OpenAsync(OctetRange range, CancellationToken cancellationToken)
    {
        var (fromPrefix, inBody) = Split(range);
        return (fromPrefix, await OpenBodyAsync(inBody, cancellationToken).ConfigureAwait(false), inBody.Length);
    }

    /// <summary>The whole range as one stream.</summary>
    public async ValueTask<Stream> StreamAsync(OctetRange range, CancellationToken cancellationToken)
    {
        if (range.Length <= OnePiece || IsAtHand(range))
        {
            return new MemoryStream((await ReadAsync(range, cancellationToken).ConfigureAwait(false)).ToArray(), writable: false);
        }

        var (atHand, rest, _) = await OpenAsync(range, cancellationToken).ConfigureAwait(false);
        return new PrefixedStream(atHand, rest);
    }

    private ValueTask<Stream> OpenBodyAsync(OctetRange shown, CancellationToken cancellationToken) => layout.OpenAsync(
        shown.Offset, shown.Length, (offset, length, ct) => bodies.OpenAsync(message.Body.Name, offset, length, ct), cancellationToken);

    private long ToShown(long stored) => stored <= prefix.Length ? stored : prefix.Length + layout.ToShown(stored - prefix.Length);

    private (ReadOnlyMemory<byte> Prefix, OctetRange Body) Split(OctetRange range)
    {
        var start = (int)Math.Min(range.Offset, prefix.Length);
        var length = (int)Math.Min(range.Length, prefix.Length - start);
        return (prefix.AsMemory(start, length), new(Math.Max(0, range.Offset - prefix.Length), range.Length - length));
    }

    private static byte[] Join(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other)
    {
        var both = new byte[one.Length + other.Length];
        one.CopyTo(both);
        other.CopyTo(both.AsMemory(one.Length));
        return both;
    }
}

/// <summary>A body blob is shorter than the mailbox says; a response that has begun cannot be finished.</summary>
internal sealed class MessageBrokenException : Exception
{
    public MessageBrokenException(string body)
        : base($"body {body} is shorter than recorded")
    {
    }

    /// <summary>Storage failed within it.</summary>
    public MessageBrokenException(Exception inner)
        : base("a body could not be read to its end", inner)
    {
    }
}
