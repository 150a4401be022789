using MailCloud.Blobs;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>
/// The octets of one message as clients see it: the prefix of this mailbox, then the body blob. Its header stands in the summary, so that
/// only what lies outside is read from the blob.
/// </summary>
internal sealed class MessageOctets(FetchedMessage message, IMessageBlobs blobs)
{
    /// <summary>Ranges up to here are read in one piece; longer ones are streamed.</summary>
    public const int OnePiece = 64 * 1024;

    /// <summary>
    /// How much of a header is looked at to choose fields from it. MimeKit and Postfix (header_size_limit times fields) stay far below; a longer
    /// header is cut here for HEADER.FIELDS and SEARCH only, never for HEADER and BODY[].
    /// </summary>
    public const int MaxSearchedHeader = 1024 * 1024;

    private readonly byte[] prefix = message.Content!.Prefix;
    private readonly byte[]? header = message.Content.Summary.Header;

    public long PrefixLength => prefix.Length;

    public long BodyLength => message.Body.Length;

    /// <summary>True when the range lies within what is at hand without the blob.</summary>
    public bool IsAtHand(OctetRange range) => range.Length == 0 || range.Offset + range.Length <= prefix.Length + (header?.Length ?? 0);

    /// <summary>A range in one piece; the caller knows that it is short.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(OctetRange range, CancellationToken cancellationToken)
    {
        var octets = new byte[range.Length];
        var (fromPrefix, inBody) = Split(range);
        fromPrefix.CopyTo(octets);
        if (inBody.Length == 0)
        {
            return octets;
        }

        var rest = header is not null && inBody.Offset + inBody.Length <= header.Length
            ? header.AsMemory((int)inBody.Offset, (int)inBody.Length)
            : await blobs.ReadAsync(message.Body.Name, inBody.Offset, (int)inBody.Length, cancellationToken).ConfigureAwait(false);
        if (rest.Length != inBody.Length)
        {
            throw new MessageBrokenException(message.Body.Name);
        }

        rest.CopyTo(octets.AsMemory(fromPrefix.Length));
        return octets;
    }

    /// <summary>A range as a stream over the blob, after what of the prefix belongs to it.</summary>
    public async ValueTask<(ReadOnlyMemory<byte> Prefix, Stream Body, long BodyLength)> OpenAsync(OctetRange range, CancellationToken cancellationToken)
    {
        var (fromPrefix, inBody) = Split(range);
        var stream = await blobs.OpenReadAsync(message.Body.Name, inBody.Offset, inBody.Length, cancellationToken).ConfigureAwait(false);
        return (fromPrefix, stream, inBody.Length);
    }

    public string BodyName => message.Body.Name;

    private (ReadOnlyMemory<byte> Prefix, OctetRange Body) Split(OctetRange range)
    {
        var start = (int)Math.Min(range.Offset, prefix.Length);
        var length = (int)Math.Min(range.Length, prefix.Length - start);
        return (prefix.AsMemory(start, length), new(Math.Max(0, range.Offset - prefix.Length), range.Length - length));
    }
}

/// <summary>A body blob is shorter than the mailbox says; a response that has begun cannot be finished.</summary>
internal sealed class MessageBrokenException(string body) : Exception($"body {body} is shorter than recorded");
