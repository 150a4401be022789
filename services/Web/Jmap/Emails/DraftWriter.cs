using System.Text;
using MailCloud.Blobs;
using MailCloud.Web.Jmap.Transfer;
using MimeKit;
using MimeKit.IO;
using MimeKit.IO.Filters;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>
/// Writes the message that a client describes (RFC 5322, RFC 2045). What it attaches is read while it is written, so that memory does not grow with it.
/// </summary>
internal sealed class DraftWriter(JmapCall call, Stream output)
{
    private readonly Dictionary<string, FoundBlob> blobs = new(StringComparer.Ordinal);
    private long attached;

    /// <summary>Finds what the draft attaches, before anything is written: how many octets it has at least, as those of a part that is decoded are not known.</summary>
    /// <exception cref="SetException">blobNotFound, tooLarge, or rateLimit.</exception>
    public async Task<long> FindBlobsAsync(EmailDraft draft, CancellationToken cancellationToken)
    {
        await FindAsync(draft, cancellationToken);
        var known = draft.Body.Leaves().Sum(part => part.BlobId is null ? 0 : blobs[part.BlobId].Size ?? 0);
        if (known > EmailDraft.MaxAttachments)
        {
            throw TooLarge;
        }

        call.Request.Octets.Check(known);
        return known;
    }

    /// <summary>Writes it; <see cref="FindBlobsAsync"/> comes first.</summary>
    /// <exception cref="SetException">blobNotFound, tooLarge, or rateLimit.</exception>
    public async Task WriteAsync(EmailDraft draft, CancellationToken cancellationToken)
    {
        await WriteFieldsAsync([.. draft.Fields, .. draft.Body.Fields, .. Missing(draft)], cancellationToken);
        await WritePartAsync(draft.Body with { Fields = [] }, cancellationToken);
    }

    private async Task FindAsync(EmailDraft draft, CancellationToken cancellationToken)
    {
        var (missing, most) = (new List<string>(), call.Services.Options.MaxObjectsInGet);
        foreach (var id in draft.Body.Leaves().Select(part => part.BlobId).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (blobs.Count + missing.Count == most)
            {
                throw new SetException(new("tooLarge", $"at most {most} blobs are attached to an Email"));
            }

            if (await call.Services.BlobsById.FindAsync(call.Account, id, cancellationToken) is { } found)
            {
                blobs[id] = found;
            }
            else
            {
                missing.Add(id);
            }
        }

        if (missing.Count > 0)
        {
            throw NotFound(missing);
        }
    }

    // RFC 8621 §4.6: the server sets what a message must have and the client has left out.
    private IEnumerable<DraftField> Missing(EmailDraft draft)
    {
        var given = draft.Fields.Concat(draft.Body.Fields).Select(field => field.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (!given.Contains("Date"))
        {
            yield return DraftHeader.Date(call.Services.Time.GetUtcNow());
        }

        if (!given.Contains("Message-ID"))
        {
            yield return DraftHeader.Written("Message-ID", $" <{Guid.NewGuid():N}@{call.User.Address.AsciiDomain}>");
        }

        if (!given.Contains("MIME-Version"))
        {
            yield return DraftHeader.Written("MIME-Version", " 1.0");
        }
    }

    private Task WritePartAsync(DraftPart part, CancellationToken cancellationToken) => part switch
    {
        { IsMultipart: true } => WriteMultipartAsync(part, cancellationToken),
        { Text: { } text } => WriteTextAsync(part, text, cancellationToken),
        _ => WriteAttachedAsync(part, blobs[part.BlobId!], cancellationToken),
    };

    private async Task WriteAttachedAsync(DraftPart part, FoundBlob blob, CancellationToken cancellationToken)
    {
        try
        {
            await (part.Type is "message/rfc822" or "message/global" ? WriteMessageAsync(part, blob, cancellationToken) : WriteBlobAsync(part, blob, cancellationToken));
        }
        catch (BlobMissingException)
        {
            throw NotFound([part.BlobId!]);
        }
    }

    private async Task WriteMultipartAsync(DraftPart part, CancellationToken cancellationToken)
    {
        // RFC 2045 §6.7: neither base64 nor quoted-printable ever has "=_".
        var boundary = $"=_{Guid.NewGuid():N}";
        await WriteHeaderAsync(part with { Parameters = [.. part.Parameters, ("boundary", boundary)] }, null, cancellationToken);
        foreach (var child in part.Parts)
        {
            await WriteAsync($"--{boundary}\r\n", cancellationToken);
            await WritePartAsync(child, cancellationToken);
            await WriteAsync("\r\n", cancellationToken);
        }

        await WriteAsync($"--{boundary}--\r\n", cancellationToken);
    }

    private async Task WriteTextAsync(DraftPart part, string text, CancellationToken cancellationToken)
    {
        var octets = Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n"));

        // One text of the request may be that of many parts.
        call.Request.Octets.Count(octets.Length);
        var encoding = EncodingOf(octets);
        var isText = part.Type.StartsWith("text/", StringComparison.Ordinal);
        await WriteHeaderAsync(isText ? part with { Parameters = [.. part.Parameters, ("charset", "utf-8")] } : part, encoding, cancellationToken);
        await EncodeAsync(new MemoryStream(octets), encoding, cancellationToken);
    }

    private async Task WriteBlobAsync(DraftPart part, FoundBlob blob, CancellationToken cancellationToken)
    {
        await WriteHeaderAsync(part, ContentEncoding.Base64, cancellationToken);
        await using var content = await OpenAsync(blob, cancellationToken);
        await EncodeAsync(content, ContentEncoding.Base64, cancellationToken);
    }

    // RFC 2046 §5.2.1: what is a message itself is never encoded once more. So it is read twice: first to see what is in it.
    private async Task WriteMessageAsync(DraftPart part, FoundBlob blob, CancellationToken cancellationToken)
    {
        var lines = new LineScan();
        await using (var content = await OpenAsync(blob, cancellationToken))
        {
            await ReadAsync(content, piece => lines.Feed(piece.Span), cancellationToken);
        }

        await WriteHeaderAsync(part, lines.Encoding, cancellationToken);
        await using var again = await OpenAsync(blob, cancellationToken);
        await EncodeAsync(again, lines.Encoding, cancellationToken);
    }

    private Task<Stream> OpenAsync(FoundBlob blob, CancellationToken cancellationToken) => call.Request.Octets.OpenAsync(blob, 0, cancellationToken);

    private async Task EncodeAsync(Stream content, ContentEncoding encoding, CancellationToken cancellationToken)
    {
        await using var encoded = new FilteredStream(output);
        if (encoding is ContentEncoding.Base64 or ContentEncoding.QuotedPrintable)
        {
            encoded.Add(EncoderFilter.Create(encoding));
            encoded.Add(new Unix2DosFilter());
        }

        var piece = new byte[32 * 1024];
        for (int read; (read = await content.ReadAsync(piece, cancellationToken)) > 0;)
        {
            attached += read;
            if (attached > EmailDraft.MaxAttachments)
            {
                throw TooLarge;
            }

            await encoded.WriteAsync(piece.AsMemory(0, read), cancellationToken);
        }

        await encoded.FlushAsync(cancellationToken);
    }

    private Task WriteHeaderAsync(DraftPart part, ContentEncoding? encoding, CancellationToken cancellationToken)
    {
        var fields = new List<DraftField>(part.Fields);
        var slash = part.Type.IndexOf('/', StringComparison.Ordinal);
        var type = new ContentType(part.Type[..slash], part.Type[(slash + 1)..]);
        foreach (var (name, value) in part.Parameters)
        {
            type.Parameters.Add(Encoding.UTF8, name, value);
        }

        if (part.Disposition is null && part.Name is not null)
        {
            type.Parameters.Add(Encoding.UTF8, "name", part.Name);
        }

        fields.Add(Typed("Content-Type", type.ToString(DraftHeader.Format, Encoding.UTF8, encode: true)));
        if (part.Disposition is not null)
        {
            var disposition = new ContentDisposition(part.Disposition);
            if (part.Name is not null)
            {
                disposition.Parameters.Add(Encoding.UTF8, "filename", part.Name);
            }

            fields.Add(Typed("Content-Disposition", disposition.ToString(DraftHeader.Format, Encoding.UTF8, encode: true)));
        }

        AddIfGiven("Content-ID", part.ContentId is null ? null : $"<{part.ContentId}>");
        AddIfGiven("Content-Location", part.Location);
        AddIfGiven("Content-Language", part.Language.Count == 0 ? null : string.Join(", ", part.Language));
        AddIfGiven("Content-Transfer-Encoding", encoding switch
        {
            null => null,
            ContentEncoding.Base64 => "base64",
            ContentEncoding.QuotedPrintable => "quoted-printable",
            ContentEncoding.EightBit => "8bit",
            ContentEncoding.Binary => "binary",
            _ => "7bit",
        });
        return WriteFieldsAsync(fields, cancellationToken, "\r\n");

        void AddIfGiven(string name, string? value)
        {
            if (value is not null)
            {
                fields.Add(DraftHeader.Written(name, $" {value}"));
            }
        }
    }

    // MimeKit gives the field with its name.
    private static DraftField Typed(string name, string line) => DraftHeader.Written(name, line[(name.Length + 1)..].ReplaceLineEndings("\r\n").TrimEnd('\r', '\n'));

    private async Task WriteFieldsAsync(IEnumerable<DraftField> fields, CancellationToken cancellationToken, string after = "")
    {
        foreach (var field in fields)
        {
            await WriteAsync($"{field.Name}:", cancellationToken);
            await output.WriteAsync(field.Value, cancellationToken);
        }

        await WriteAsync(after, cancellationToken);
    }

    private async Task WriteAsync(string text, CancellationToken cancellationToken) => await output.WriteAsync(Encoding.ASCII.GetBytes(text), cancellationToken);

    private static async Task ReadAsync(Stream content, Action<ReadOnlyMemory<byte>> take, CancellationToken cancellationToken)
    {
        var piece = new byte[32 * 1024];
        for (int read; (read = await content.ReadAsync(piece, cancellationToken)) > 0;)
        {
            take(piece.AsMemory(0, read));
        }
    }

    // Text that is as it is wherever it can be, and readable to the eye where little of it is not ASCII.
    private static ContentEncoding EncodingOf(byte[] octets)
    {
        var lines = new LineScan();
        lines.Feed(octets);
        return lines.Encoding == ContentEncoding.SevenBit ? ContentEncoding.SevenBit
            : octets.Count(octet => octet > 126) > octets.Length / 6 ? ContentEncoding.Base64 : ContentEncoding.QuotedPrintable;
    }

    private static SetException NotFound(IEnumerable<string> ids) =>
        new(new("blobNotFound", "blobs that are to be attached are not there") { More = new() { ["notFound"] = JmapText.Array(ids) } });

    private static SetException TooLarge => new(new("tooLarge", $"what is attached has {EmailDraft.MaxAttachments} octets at most"));
}
