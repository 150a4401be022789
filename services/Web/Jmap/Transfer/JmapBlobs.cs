using System.Globalization;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MimeKit.Encodings;

namespace MailCloud.Web.Jmap.Transfer;

/// <summary>
/// The octets behind blob ids (RFC 8620 §6): uploads, messages as IMAP shows them, and parts without their transfer encoding. All of them are looked for in the account of who asks.
/// </summary>
internal sealed class JmapBlobs(JmapServices services)
{
    private const string Opaque = "application/octet-stream";

    /// <summary>Null when the account has no such blob.</summary>
    /// <exception cref="Cluster.GrainUnavailableException">The mailbox did not answer.</exception>
    public async Task<FoundBlob?> FindAsync(AccountId account, string? blobId, CancellationToken cancellationToken)
    {
        if (!BlobId.TryParse(blobId, out var id))
        {
            return null;
        }

        if (id.Kind == BlobKind.Upload)
        {
            return await FindUploadAsync(account, id, cancellationToken);
        }

        var mailbox = services.Grains.GetGrain<IEmailGrain>(account.Value);
        var page = await services.Calls.CallAsync(() => mailbox.GetAsync([id.Id], withContent: true), cancellationToken);
        return page.Emails is [{ Content: { } content } email] ? id.Kind == BlobKind.Message ? Message(id, email, content) : Part(id, email, content) : null;
    }

    /// <summary>Keeps what is written, as an upload of the account; null when it is longer than it may be. What was kept longest makes room for it.</summary>
    /// <param name="write">Writes it, and gives up when it has become too long.</param>
    /// <exception cref="StorageFullException">The store has no room.</exception>
    public async Task<(BlobId Id, long Size)?> KeepAsync(AccountId account, Func<BoundedUpload, Task> write, CancellationToken cancellationToken)
    {
        var id = new BlobId(BlobKind.Upload, Guid.CreateVersion7());
        await using var upload = services.Blobs.Create(UploadedBlobs.NameFor(account, id.Id), owners: []);
        var bounded = new BoundedUpload(upload, services.Options.MaxSizeUpload);
        await write(bounded);
        if (bounded.IsTooLong)
        {
            return null;
        }

        await MakeRoomAsync(account, upload.Length, cancellationToken);
        await upload.CommitAsync(cancellationToken);
        return (id, upload.Length);
    }

    private async Task<FoundBlob?> FindUploadAsync(AccountId account, BlobId id, CancellationToken cancellationToken)
    {
        var name = UploadedBlobs.NameFor(account, id.Id);
        var stored = await services.Blobs.ListAsync(name, cancellationToken).FirstOrDefaultAsync(cancellationToken);
        return stored?.Name == name ? new(id, Opaque, stored.Length, (offset, ct) => services.Blobs.OpenReadAsync(name, offset, null, ct)) : null;
    }

    private FoundBlob Message(BlobId id, EmailRecord email, MessageContent content)
    {
        var layout = content.ShownLength is null ? BodyLayout.Stored(email.Body.Length) : BodyLayout.Of(content.Summary.Structure, email.Body.Length);
        return new(id, "message/rfc822", content.Prefix.Length + layout.Length, async (offset, ct) =>
        {
            var fromPrefix = content.Prefix.AsMemory((int)Math.Min(offset, content.Prefix.Length));
            var at = Math.Max(0, offset - content.Prefix.Length);
            var body = await layout.OpenAsync(
                at, layout.Length - at, async (start, length, token) => await services.Blobs.OpenReadAsync(email.Body.Name, start, length, token), ct);
            return fromPrefix.IsEmpty ? body : new PrefixedStream(fromPrefix, body);
        });
    }

    // Offsets, and the encoding, are those of the body as it is stored: what IMAP shows in base64 because lines cannot carry it is stored decoded.
    private FoundBlob? Part(BlobId id, EmailRecord email, MessageContent content)
    {
        if (Find(content.Summary.Structure, id.Part!) is not { } part)
        {
            return null;
        }

        Func<IMimeDecoder>? decoder = part.Encoding.ToUpperInvariant() switch
        {
            "BASE64" => static () => new Base64Decoder(),
            "QUOTED-PRINTABLE" => static () => new QuotedPrintableDecoder(),
            _ => null,
        };
        return new(id, $"{part.Type}/{part.Subtype}".ToLowerInvariant(), decoder is null ? part.BodyLength : null, async (offset, ct) =>
        {
            if (decoder is null)
            {
                return await services.Blobs.OpenReadAsync(email.Body.Name, part.BodyOffset + offset, part.BodyLength - offset, ct);
            }

            var decoded = new DecodedStream(await services.Blobs.OpenReadAsync(email.Body.Name, part.BodyOffset, part.BodyLength, ct), decoder());
            await SkipAsync(decoded, offset, ct);
            return decoded;
        });
    }

    // As IMAP numbers parts (RFC 3501 §6.4.5). A multipart is no blob (RFC 8621 §4.1.4), and what is within an attached message is no part of this one.
    private static BodyPart? Find(BodyPart root, string number)
    {
        if (!IsMultipart(root))
        {
            return number == "1" ? root : null;
        }

        var part = root;
        foreach (var text in number.Split('.'))
        {
            if (!IsMultipart(part) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index < 1 || index > part.Parts.Count)
            {
                return null;
            }

            part = part.Parts[index - 1];
        }

        return IsMultipart(part) ? null : part;
    }

    private static bool IsMultipart(BodyPart part) => part.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads so many octets, or to the end, for nobody.</summary>
    public static async Task SkipAsync(Stream stream, long count, CancellationToken cancellationToken)
    {
        var piece = new byte[16 * 1024];
        for (var read = 1; count > 0 && read > 0; count -= read)
        {
            read = await stream.ReadAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, count)), cancellationToken);
        }
    }

    // RFC 8620 §6: what no object uses goes in the order of its age when there is no room. Of uploads that end at the same moment each may leave room for itself alone: the next makes up for it.
    private async Task MakeRoomAsync(AccountId account, long length, CancellationToken cancellationToken)
    {
        var kept = await services.Blobs.ListAsync(UploadedBlobs.PrefixFor(account), cancellationToken).OrderBy(blob => blob.CreatedAt).ToListAsync(cancellationToken);
        var (octets, count) = (kept.Sum(blob => blob.Length) + length, kept.Count + 1);
        var leaving = new List<string>();
        foreach (var oldest in kept.TakeWhile(_ => octets > services.Options.UploadsOctets || count > services.Options.UploadsKept))
        {
            leaving.Add(oldest.Name);
            octets -= oldest.Length;
            count--;
        }

        if (leaving.Count > 0)
        {
            await services.Blobs.DeleteAsync(leaving, cancellationToken);
        }
    }
}

/// <summary>A blob being written that may not grow beyond a length; what is written after that is dropped.</summary>
internal sealed class BoundedUpload(BlobUpload upload, long most)
{
    public bool IsTooLong { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        IsTooLong |= upload.Length + octets.Length > most;
        if (!IsTooLong)
        {
            await upload.WriteAsync(octets, cancellationToken);
        }
    }

    /// <summary>Writes a stream, to its end or up to a number of octets, and tells how many there were.</summary>
    public async Task<long> WriteAsync(Stream content, long count, CancellationToken cancellationToken)
    {
        var piece = new byte[64 * 1024];
        var written = 0L;
        for (int read; !IsTooLong && written < count; written += read)
        {
            read = await content.ReadAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, count - written)), cancellationToken);
            if (read == 0)
            {
                break;
            }

            await WriteAsync(piece.AsMemory(0, read), cancellationToken);
        }

        return written;
    }
}
