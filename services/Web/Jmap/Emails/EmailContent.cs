using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.MessageView;
using MailCloud.Messages;
using MessageContent = MailCloud.MailboxContracts.MessageContent;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>A message as far as its properties need it: its summary, and its octets where the summary does not have them.</summary>
/// <param name="summary">What is known of it.</param>
/// <param name="prefix">Fields that stand above the body in this mailbox only.</param>
/// <param name="octets">Opens a range of the body.</param>
/// <param name="name">What distinguishes this body from all others, for what is remembered of it.</param>
/// <param name="blobOf">The blob id of a part by its number; null when it cannot be had by itself.</param>
internal sealed class EmailContent(MessageSummary summary, ReadOnlyMemory<byte> prefix, PartSource octets, string name, Func<string, string?> blobOf)
{
    /// <summary>Octets of a header section that are looked at.</summary>
    private const int MaxHeader = 1024 * 1024;

    private HeaderSection? header;

    public MessageSummary Summary => summary;

    public string Name => name;

    public EmailPart Root => field ??= EmailPart.Of(summary.Structure);

    public BodyLists Lists => field ??= BodyLists.Of(Root);

    public static EmailContent Of(EmailRecord email, IMessageBlobs blobs)
    {
        MessageContent content = email.Content!;
        return new(
            content.Summary,
            content.Prefix,
            async (offset, length, token) => await blobs.OpenReadAsync(email.Body.Name, offset, length, token).ConfigureAwait(false),
            email.Body.Name,
            part => new BlobId(BlobKind.Part, email.Id, part).ToString());
    }

    public string? BlobOf(string part) => blobOf(part);

    public async ValueTask<HeaderSection> HeaderAsync(CancellationToken cancellationToken)
    {
        if (header is null)
        {
            var own = summary.Header ?? await ReadAsync(0, summary.Structure.BodyOffset, cancellationToken).ConfigureAwait(false);
            header = HeaderSection.Parse(prefix.IsEmpty ? own : (byte[])[.. prefix.Span, .. own.Span]);
        }

        return header;
    }

    /// <summary>The fields of a part: of the message's own they are those of the message.</summary>
    public async ValueTask<HeaderSection> HeaderOfAsync(BodyPart part, CancellationToken cancellationToken) => part == summary.Structure
        ? await HeaderAsync(cancellationToken).ConfigureAwait(false)
        : HeaderSection.Parse(await ReadAsync(part.HeaderOffset, part.BodyOffset - part.HeaderOffset, cancellationToken).ConfigureAwait(false));

    /// <summary>A part's body as it was encoded.</summary>
    public async ValueTask<Stream> OpenAsync(BodyPart part, CancellationToken cancellationToken) =>
        part.BodyLength == 0 ? Stream.Null : await octets(part.BodyOffset, part.BodyLength, cancellationToken).ConfigureAwait(false);

    private async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, long length, CancellationToken cancellationToken)
    {
        if (length == 0)
        {
            return default;
        }

        var section = new byte[Math.Min(length, MaxHeader)];
        await using var stream = await octets(offset, section.Length, cancellationToken).ConfigureAwait(false);
        var read = await stream.ReadAtLeastAsync(section, section.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return section.AsMemory(0, read);
    }
}
