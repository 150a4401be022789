using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>BODY and, with the extension data, BODYSTRUCTURE (RFC 3501 §7.4.2).</summary>
internal static class BodyStructureWriter
{
    public static void Write(ImapWriter writer, BodyPart part, bool extended)
    {
        writer.Raw("("u8);
        if (BodySection.IsMultipart(part))
        {
            WriteMultipart(writer, part, extended);
        }
        else
        {
            WriteSinglePart(writer, part, extended);
        }

        if (extended)
        {
            WriteExtension(writer, part);
        }

        writer.Raw(")"u8);
    }

    private static void WriteMultipart(ImapWriter writer, BodyPart part, bool extended)
    {
        foreach (var child in part.Parts)
        {
            Write(writer, child, extended);
        }

        if (part.Parts.Count == 0)
        {
            // body-type-mpart = 1*body: a multipart without parts shows one that is empty.
            writer.Raw("(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)"u8);
        }

        writer.Raw(" "u8);
        writer.String(part.Subtype);
        if (extended)
        {
            writer.Raw(" "u8);
            WriteParameters(writer, part.Parameters);
        }
    }

    private static void WriteSinglePart(ImapWriter writer, BodyPart part, bool extended)
    {
        writer.String(part.Type);
        writer.Raw(" "u8);
        writer.String(part.Subtype);
        writer.Raw(" "u8);
        WriteParameters(writer, part.Parameters);
        writer.Raw(" "u8);
        writer.NString(part.ContentId);
        writer.Raw(" "u8);
        writer.NString(part.Description);
        writer.Raw(" "u8);
        writer.String(part.Encoding);
        writer.Raw(" "u8);
        writer.Number(part.BodyLength);
        if (BodySection.IsMessage(part))
        {
            writer.Raw(" "u8);
            EnvelopeWriter.Write(writer, part.Envelope!);
            writer.Raw(" "u8);
            Write(writer, part.Parts[0], extended);
            WriteLines(writer, part);
        }
        else if (part.Type.Equals("text", StringComparison.OrdinalIgnoreCase))
        {
            WriteLines(writer, part);
        }

        if (extended)
        {
            writer.Raw(" "u8);
            writer.NString(part.Md5);
        }
    }

    // What both kinds end with: disposition, language, location.
    private static void WriteExtension(ImapWriter writer, BodyPart part)
    {
        writer.Raw(" "u8);
        if (part.Disposition is null)
        {
            writer.Raw("NIL"u8);
        }
        else
        {
            writer.Raw("("u8);
            writer.String(part.Disposition);
            writer.Raw(" "u8);
            WriteParameters(writer, part.DispositionParameters);
            writer.Raw(")"u8);
        }

        writer.Raw(" "u8);
        WriteParameters(writer, part.Language);
        writer.Raw(" "u8);
        writer.NString(part.Location);
    }

    private static void WriteLines(ImapWriter writer, BodyPart part)
    {
        writer.Raw(" "u8);
        writer.Number(part.Lines);
    }

    // body-fld-param and body-fld-lang: strings in parentheses, or NIL for none.
    private static void WriteParameters(ImapWriter writer, IReadOnlyList<string> strings)
    {
        if (strings.Count == 0)
        {
            writer.Raw("NIL"u8);
            return;
        }

        for (var i = 0; i < strings.Count; i++)
        {
            writer.Raw(i == 0 ? "("u8 : " "u8);
            writer.String(strings[i]);
        }

        writer.Raw(")"u8);
    }
}
