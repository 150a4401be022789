using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>One FETCH response (RFC 3501 §7.4.2).</summary>
internal static class FetchResponse
{
    /// <param name="writer">The session's.</param>
    /// <param name="folder">The selected folder; a message that its view does not know is left out.</param>
    /// <param name="prepared">The message, with content when the items need it, and its sections.</param>
    /// <param name="items">What to write.</param>
    /// <param name="fields">The fields to write: those of the items, and flags when this fetch changed them.</param>
    /// <param name="cancellationToken">Set when the connection is gone.</param>
    public static async ValueTask WriteAsync(
        ImapWriter writer, SelectedFolder folder, PreparedMessage prepared, FetchItems items, FetchFields fields, CancellationToken cancellationToken)
    {
        var message = prepared.Message;
        var number = folder.View.NumberOf(message.Uid);
        if (number == 0)
        {
            return;
        }

        writer.Raw("* "u8);
        writer.Number(number);
        writer.Raw(" FETCH ("u8);
        WriteFields(writer, folder, message, fields, out var separate);
        for (var i = 0; i < items.Sections.Count; i++)
        {
            writer.Raw(separate ? " "u8 : ""u8);
            separate = true;
            writer.Text(items.Sections[i].ResponseName);
            await prepared.Values[i].WriteAsync(writer, items.Sections[i].Form, message.Body.Name, cancellationToken).ConfigureAwait(false);
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
            BodyStructureWriter.Write(writer, Describe(message), extended: false);
        }

        if (Begin(writer, fields, FetchFields.BodyStructure, "BODYSTRUCTURE "u8, ref any))
        {
            BodyStructureWriter.Write(writer, Describe(message), extended: true);
        }

        if (Begin(writer, fields, FetchFields.ModSeq, ""u8, ref any))
        {
            SelectedFolder.WriteModSeq(writer, message.ModSeq);
        }

        if (Begin(writer, fields, FetchFields.EmailId, "EMAILID "u8, ref any))
        {
            writer.Text($"({MessageObjectIds.EmailOf(message)})");
        }

        if (Begin(writer, fields, FetchFields.ThreadId, "THREADID "u8, ref any))
        {
            // RFC 8474 §5.2: NIL where there is none.
            writer.Text(MessageObjectIds.ThreadOf(message) is { } thread ? $"({thread})" : "NIL");
        }
    }

    private static BodyPart Describe(FetchedMessage message)
    {
        var structure = message.Content!.Summary.Structure;
        return message.Content.ShownLength is null ? structure : MessageOctets.LayoutOf(message).Describe(structure);
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
}
