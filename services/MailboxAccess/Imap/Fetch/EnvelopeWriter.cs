using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>ENVELOPE (RFC 3501 §7.4.2).</summary>
internal static class EnvelopeWriter
{
    public static void Write(ImapWriter writer, EnvelopeFields envelope)
    {
        writer.Raw("("u8);
        writer.NString(envelope.Date);
        writer.Raw(" "u8);
        writer.NString(envelope.Subject);
        WriteAddresses(writer, envelope.From);

        // RFC 3501 §7.4.2: Sender and Reply-To repeat From where the message has none.
        WriteAddresses(writer, envelope.Sender.Count > 0 ? envelope.Sender : envelope.From);
        WriteAddresses(writer, envelope.ReplyTo.Count > 0 ? envelope.ReplyTo : envelope.From);
        WriteAddresses(writer, envelope.To);
        WriteAddresses(writer, envelope.Cc);
        WriteAddresses(writer, envelope.Bcc);
        writer.Raw(" "u8);
        writer.NString(envelope.InReplyTo);
        writer.Raw(" "u8);
        writer.NString(envelope.MessageId);
        writer.Raw(")"u8);
    }

    private static void WriteAddresses(ImapWriter writer, IReadOnlyList<AddressField> addresses)
    {
        if (addresses.Count == 0)
        {
            writer.Raw(" NIL"u8);
            return;
        }

        writer.Raw(" ("u8);
        foreach (var address in addresses)
        {
            writer.Raw("("u8);
            writer.NString(address.Name);
            writer.Raw(" "u8);
            writer.NString(address.Route);
            writer.Raw(" "u8);
            writer.NString(address.Mailbox);
            writer.Raw(" "u8);
            writer.NString(address.Host);
            writer.Raw(")"u8);
        }

        writer.Raw(")"u8);
    }
}
