using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Submission;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>
/// An Email on its way out: its octets without what this mailbox has above them, Bcc left out, and Date and Message-ID added where missing, as for SMTP (RFC 6409 §8). Read once to be looked at and
/// once for each body that is made of it; of its size only a piece is in memory.
/// </summary>
internal sealed class OutgoingMessage(IMessageBlobs blobs, BodyRef email, AddressRecord account, DeliveryId id, string hostName)
{
    private const int Piece = 64 * 1024;

    public DeliveryId Id => id;

    /// <summary>What was seen of the header; null before <see cref="LookAsync"/>.</summary>
    public HeaderSection? Header { get; private set; }

    /// <summary>Octets that go out.</summary>
    public long Length { get; private set; }

    /// <summary>It has NUL, or a CR or LF that is no line end, which MAIL would have to announce as BINARYMIME (RFC 3030).</summary>
    public bool IsBinary { get; private set; }

    public bool IsEightBit { get; private set; }

    /// <summary>Octets beyond ASCII stand in the header (RFC 6532).</summary>
    public bool HasInternationalHeader { get; private set; }

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var afterCr = false;
        Header = await PassAsync(
            (octets, inHeader) =>
            {
                Length += octets.Length;
                afterCr = Look(octets.Span, inHeader, afterCr);
                return ValueTask.CompletedTask;
            },
            cancellationToken).ConfigureAwait(false);
        IsBinary |= afterCr;
    }

    /// <summary>Makes it a body of its own. One that is there by this name stays.</summary>
    public async Task StoreAsync(string name, IReadOnlyList<string> owners, CancellationToken cancellationToken)
    {
        await using var upload = blobs.Create(name, owners);
        await PassAsync((octets, _) => upload.WriteAsync(octets, cancellationToken), cancellationToken).ConfigureAwait(false);
        await upload.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    private bool Look(ReadOnlySpan<byte> octets, bool inHeader, bool afterCr)
    {
        foreach (var octet in octets)
        {
            IsBinary |= octet == 0 || afterCr != (octet == '\n');
            IsEightBit |= octet >= 0x80;
            HasInternationalHeader |= inHeader && octet >= 0x80;
            afterCr = octet == '\r';
        }

        return afterCr;
    }

    private async Task<HeaderSection> PassAsync(Func<ReadOnlyMemory<byte>, bool, ValueTask> take, CancellationToken cancellationToken)
    {
        // By the time in the delivery's id: made again, it is the same message.
        var header = new HeaderSection(account.Address, $"<{id}@{hostName}>", id.AcceptedAt);
        await using var stream = await blobs.OpenReadAsync(email.Name, 0, null, cancellationToken).ConfigureAwait(false);
        var piece = new byte[Piece];
        for (int read; (read = await stream.ReadAsync(piece, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            var inHeader = !header.IsOver;
            var kept = inHeader ? header.Take(piece.AsMemory(0, read)) : piece.AsMemory(0, read);
            if (!kept.IsEmpty)
            {
                await take(kept, inHeader).ConfigureAwait(false);
            }
        }

        var tail = header.Finish();
        if (!tail.IsEmpty)
        {
            await take(tail, true).ConfigureAwait(false);
        }

        return header;
    }
}
