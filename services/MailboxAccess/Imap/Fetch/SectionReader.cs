using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MimeKit.IO;
using MimeKit.IO.Filters;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>Opens sections of one message, which has its content. What it returns can be written without a further failure but one of storage itself.</summary>
internal sealed class SectionReader(FetchedMessage message, BodyReader bodies)
{
    private readonly MessageOctets shown = MessageOctets.Shown(message, bodies);

    /// <exception cref="UnknownEncodingException">BINARY of a part whose transfer encoding is none of MIME's (RFC 3516 §4.3).</exception>
    /// <exception cref="MessageBrokenException">The body is shorter than recorded.</exception>
    /// <exception cref="Blobs.BlobMissingException">The body is gone.</exception>
    public ValueTask<SectionValue> OpenAsync(FetchedSection asked, CancellationToken cancellationToken) => asked switch
    {
        { Form: not SectionForm.Shown } => DecodedAsync(asked, cancellationToken),
        { Section.SelectsFields: true } => FieldsAsync(asked, cancellationToken),
        _ => shown.Find(asked.Section) is { } range ? RangeAsync(shown, range.Slice(asked.Partial), cancellationToken) : new(SectionValue.Nil),
    };

    private static async ValueTask<SectionValue> RangeAsync(MessageOctets octets, OctetRange range, CancellationToken cancellationToken)
    {
        if (range.Length <= MessageOctets.OnePiece || octets.IsAtHand(range))
        {
            return SectionValue.Octets(await octets.ReadAsync(range, cancellationToken).ConfigureAwait(false));
        }

        var (atHand, rest, length) = await octets.OpenAsync(range, cancellationToken).ConfigureAwait(false);
        return SectionValue.Octets(atHand, rest, length);
    }

    private async ValueTask<SectionValue> FieldsAsync(FetchedSection asked, CancellationToken cancellationToken)
    {
        if (shown.Find(asked.Section) is not { } range)
        {
            return SectionValue.Nil;
        }

        if (range.Length > MessageOctets.OnePiece)
        {
            return await MadeAsync(
                async () => new ChosenFields(await shown.StreamAsync(range, cancellationToken).ConfigureAwait(false), asked.Section),
                asked.Partial,
                cancellationToken).ConfigureAwait(false);
        }

        var header = await shown.ReadAsync(range, cancellationToken).ConfigureAwait(false);
        var fields = HeaderFields.Choose(header.Span, asked.Section);
        var part = new OctetRange(0, fields.Length).Slice(asked.Partial);
        return SectionValue.Octets(fields.AsMemory((int)part.Offset, (int)part.Length));
    }

    private async ValueTask<SectionValue> DecodedAsync(FetchedSection asked, CancellationToken cancellationToken)
    {
        var stored = MessageOctets.Stored(message, bodies);
        if (stored.Find(asked.Section) is not { } range)
        {
            return asked.Form == SectionForm.DecodedSize ? SectionValue.Size(0) : SectionValue.Nil;
        }

        var encoding = EncodingOf(asked.Section);
        if (encoding is null)
        {
            return asked.Form == SectionForm.DecodedSize
                ? SectionValue.Size(range.Length)
                : await RangeAsync(stored, range.Slice(asked.Partial), cancellationToken).ConfigureAwait(false);
        }

        async ValueTask<Stream> OpenAsync()
        {
            var decoded = new FilteredStream(await stored.StreamAsync(range, cancellationToken).ConfigureAwait(false));
            decoded.Add(DecoderFilter.Create(encoding));
            return decoded;
        }

        return asked.Form == SectionForm.DecodedSize
            ? SectionValue.Size(await CountAsync(OpenAsync, cancellationToken).ConfigureAwait(false))
            : await MadeAsync(OpenAsync, asked.Partial, cancellationToken).ConfigureAwait(false);
    }

    // Null: nothing is encoded, as in the message as a whole and in what holds other parts (RFC 2045 §6.4).
    private string? EncodingOf(BodySection section)
    {
        if (section.Path.Count == 0 || section.PartIn(message.Content!.Summary.Structure) is not { Parts.Count: 0 } part)
        {
            return null;
        }

        return part.Encoding.ToUpperInvariant() switch
        {
            "7BIT" or "8BIT" or "BINARY" => null,
            "BASE64" or "QUOTED-PRINTABLE" => part.Encoding,
            _ => throw new UnknownEncodingException(),
        };
    }

    /// <summary>
    /// A part of what a stream makes, whose length nobody knows before: it is made once to be counted, and once more to be sent when it is too long to keep.
    /// </summary>
    private static async ValueTask<SectionValue> MadeAsync(Func<ValueTask<Stream>> open, PartialRange? partial, CancellationToken cancellationToken)
    {
        var from = partial?.Offset ?? 0L;
        var until = partial is { } p ? p.Offset + (long)p.Count : long.MaxValue;
        using var kept = new MemoryStream();
        var made = 0L;
        await using (var stream = await open().ConfigureAwait(false))
        {
            var block = new byte[16 * 1024];
            int read;
            while (made < until && (read = await stream.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
            {
                var first = (int)Math.Clamp(from - made, 0, read);
                var end = (int)Math.Min(until - made, read);
                if (kept.Length <= MessageOctets.OnePiece)
                {
                    kept.Write(block, first, end - first);
                }

                made += read;
            }
        }

        var length = Math.Max(0, Math.Min(made, until) - from);
        if (length == kept.Length)
        {
            return SectionValue.Octets(kept.ToArray());
        }

        var rest = await open().ConfigureAwait(false);
        await SkipAsync(rest, from, cancellationToken).ConfigureAwait(false);
        return SectionValue.Octets(default, rest, length);
    }

    private static async ValueTask<long> CountAsync(Func<ValueTask<Stream>> open, CancellationToken cancellationToken)
    {
        await using var stream = await open().ConfigureAwait(false);
        return await SkipAsync(stream, long.MaxValue, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<long> SkipAsync(Stream stream, long count, CancellationToken cancellationToken)
    {
        var block = new byte[16 * 1024];
        var skipped = 0L;
        while (skipped < count)
        {
            var wanted = block.AsMemory(0, (int)Math.Min(block.Length, count - skipped));
            var read = await stream.ReadAsync(wanted, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            skipped += read;
        }

        return skipped;
    }
}

/// <summary>NO [UNKNOWN-CTE] (RFC 3516 §4.3).</summary>
internal sealed class UnknownEncodingException() : Exception("unknown transfer encoding");
