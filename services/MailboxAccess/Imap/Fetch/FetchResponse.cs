using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>One FETCH response (RFC 3501 §7.4.2).</summary>
internal static class FetchResponse
{
    /// <param name="session">Whose writer and blob store are used.</param>
    /// <param name="folder">The selected folder; a message that its view does not know is left out.</param>
    /// <param name="message">The message, with content when the items need it.</param>
    /// <param name="items">What to write.</param>
    /// <param name="tellFlags">True when this fetch changed the flags, which the response then shows.</param>
    /// <param name="cancellationToken">Set when the connection is gone.</param>
    public static async ValueTask WriteAsync(
        ImapSession session, SelectedFolder folder, FetchedMessage message, FetchItems items, bool tellFlags, CancellationToken cancellationToken)
    {
        var number = folder.View.NumberOf(message.Uid);
        if (number == 0)
        {
            return;
        }

        // A body that is missing is found before the response begins, when NO can still be said.
        var octets = message.Content is null ? null : new MessageOctets(message, session.Services.Blobs);
        var first = items.Sections.Count > 0 ? await OpenAsync(octets!, message, items.Sections[0], cancellationToken).ConfigureAwait(false) : null;
        var writer = session.Writer;
        writer.Raw("* "u8);
        writer.Number(number);
        writer.Raw(" FETCH ("u8);
        WriteFields(writer, folder, message, tellFlags ? items.Fields | FetchFields.Flags : items.Fields, out var separate);
        for (var i = 0; i < items.Sections.Count; i++)
        {
            writer.Raw(separate ? " "u8 : ""u8);
            separate = true;
            writer.Text(items.Sections[i].ResponseName);
            var source = i == 0 ? first : await OpenAsync(octets!, message, items.Sections[i], cancellationToken).ConfigureAwait(false);
            await WriteSectionAsync(writer, source, octets!.BodyName, cancellationToken).ConfigureAwait(false);
        }

        writer.Raw(")\r\n"u8);
    }

    private static void WriteFields(ImapWriter writer, SelectedFolder folder, FetchedMessage message, FetchFields fields, out bool any)
    {
        any = false;
        if (Begin(writer, fields, FetchFields.Uid, "UID "u8, ref any))
        {
            writer.Number(message.Uid);
        }

        if (Begin(writer, fields, FetchFields.Flags, "FLAGS "u8, ref any))
        {
            writer.Flags(message.Flags, folder.View.IsRecent(message.Uid), folder.Keywords);
        }

        if (Begin(writer, fields, FetchFields.InternalDate, "INTERNALDATE "u8, ref any))
        {
            writer.String(ImapDate.Format(message.InternalDate));
        }

        if (Begin(writer, fields, FetchFields.Size, "RFC822.SIZE "u8, ref any))
        {
            writer.Number(message.Size);
        }

        if (Begin(writer, fields, FetchFields.Envelope, "ENVELOPE "u8, ref any))
        {
            EnvelopeWriter.Write(writer, message.Content!.Summary.Envelope);
        }

        if (Begin(writer, fields, FetchFields.Body, "BODY "u8, ref any))
        {
            BodyStructureWriter.Write(writer, message.Content!.Summary.Structure, extended: false);
        }

        if (Begin(writer, fields, FetchFields.BodyStructure, "BODYSTRUCTURE "u8, ref any))
        {
            BodyStructureWriter.Write(writer, message.Content!.Summary.Structure, extended: true);
        }
    }

    private static bool Begin(ImapWriter writer, FetchFields asked, FetchFields field, ReadOnlySpan<byte> name, ref bool any)
    {
        if ((asked & field) == 0)
        {
            return false;
        }

        writer.Raw(any ? " "u8 : ""u8);
        writer.Raw(name);
        return any = true;
    }

    /// <summary>A section's octets: those at hand, then a stream of known length. Null: the message has no such part.</summary>
    private sealed record Source(ReadOnlyMemory<byte> AtHand, Stream? Rest, long RestLength);

    private static async ValueTask<Source?> OpenAsync(MessageOctets octets, FetchedMessage message, FetchedSection asked, CancellationToken cancellationToken)
    {
        BodyPart root = message.Content!.Summary.Structure;
        if (asked.Section.Locate(root, octets.PrefixLength, octets.BodyLength) is not { } range)
        {
            return null;
        }

        if (asked.Section.SelectsFields)
        {
            var searched = range with { Length = Math.Min(range.Length, MessageOctets.MaxSearchedHeader) };
            var header = await octets.ReadAsync(searched, cancellationToken).ConfigureAwait(false);
            var fields = HeaderFields.Choose(header.Span, asked.Section);
            var part = new OctetRange(0, fields.Length).Slice(asked.Partial);
            return new(fields.AsMemory((int)part.Offset, (int)part.Length), null, 0);
        }

        range = range.Slice(asked.Partial);
        if (range.Length <= MessageOctets.OnePiece || octets.IsAtHand(range))
        {
            return new(await octets.ReadAsync(range, cancellationToken).ConfigureAwait(false), null, 0);
        }

        var (prefix, body, length) = await octets.OpenAsync(range, cancellationToken).ConfigureAwait(false);
        return new(prefix, body, length);
    }

    private static async ValueTask WriteSectionAsync(ImapWriter writer, Source? source, string body, CancellationToken cancellationToken)
    {
        if (source is null)
        {
            writer.Raw(" NIL"u8);
            return;
        }

        writer.Raw(" "u8);
        writer.LiteralHead(source.AtHand.Length + source.RestLength);
        writer.Raw(source.AtHand.Span);
        if (source.Rest is { } rest)
        {
            await using (rest.ConfigureAwait(false))
            {
                await CopyAsync(writer, rest, source.RestLength, body, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Straight from the blob into the connection's buffers; a client that does not read stops the reading here.
    private static async ValueTask CopyAsync(ImapWriter writer, Stream from, long length, string body, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            var memory = writer.Output.GetMemory(4096);
            var read = await from.ReadAsync(memory[..(int)Math.Min(memory.Length, length)], cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new MessageBrokenException(body);
            }

            writer.Output.Advance(read);
            length -= read;
            await writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
