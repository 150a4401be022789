using System.Text;
using System.Text.Unicode;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Pop3.Retrieval;

/// <summary>
/// Which mail only a client in UTF-8 mode is given (RFC 6856 §2): mail with an address beyond ASCII, which no older form of a header can hold (RFC 6532 §3.2). Raw 8-bit
/// text elsewhere in a header is older than that, clients have always been given it, and so they are.
/// </summary>
internal static class InternationalMail
{
    public static bool NeedsUtf8(MessageContent content)
    {
        // Nearly all mail has a header in ASCII, and its addresses need not be decoded.
        if (content.Header is { } header && Ascii.IsValid(header))
        {
            return false;
        }

        var envelope = content.Summary.Envelope;
        return new[] { envelope.From, envelope.Sender, envelope.ReplyTo, envelope.To, envelope.Cc, envelope.Bcc }
            .Any(addresses => addresses.Any(address => address is { Mailbox: { } mailbox, Host: { } host } && (IsBeyondAscii(mailbox) || IsBeyondAscii(host))));
    }

    // The envelope keeps octets, one a char. What is no UTF-8 is no address of RFC 6532.
    private static bool IsBeyondAscii(string octets) => !Ascii.IsValid(octets) && Utf8.IsValid(Encoding.Latin1.GetBytes(octets));
}
