using System.Globalization;
using System.Text;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>MAIL and RCPT of a transaction, with the parameters that the host announced and no others.</summary>
/// <param name="transaction">What is sent.</param>
/// <param name="capabilities">What the host announced.</param>
/// <param name="asUtf8">The transaction uses SMTPUTF8 (RFC 6531 §3.4).</param>
internal readonly struct EnvelopeCommands(OutboundTransaction transaction, Capabilities capabilities, bool asUtf8)
{
    /// <param name="requireTls">REQUIRETLS is passed on (RFC 8689 §4.2.1).</param>
    /// <param name="now">What the deadline is counted from.</param>
    public string Mail(bool requireTls, DateTimeOffset now)
    {
        var envelope = transaction.Envelope;
        var command = new StringBuilder("MAIL FROM:<").Append(transaction.Sender is { } sender ? Path(sender) : "").Append('>');
        if (capabilities.Size)
        {
            command.Append(CultureInfo.InvariantCulture, $" SIZE={transaction.Length}");
        }

        // RFC 6152 §3: 7BIT is what goes without saying.
        command.Append(transaction.Form switch
        {
            BodyType.BinaryMime => " BODY=BINARYMIME",
            BodyType.EightBitMime => " BODY=8BITMIME",
            _ => "",
        });
        command.Append(asUtf8 ? " SMTPUTF8" : "");
        if (capabilities.Dsn)
        {
            command.Append(envelope.Return switch { DsnReturn.Full => " RET=FULL", DsnReturn.Headers => " RET=HDRS", _ => "" });
            command.Append(envelope.EnvelopeId is { } id ? $" ENVID={Xtext(id)}" : "");
        }

        if (capabilities.DeliverBy && envelope.DeliverBy is { } by)
        {
            command.Append(CultureInfo.InvariantCulture, $" BY={SecondsLeft(by, now)};{(by.Return ? 'R' : 'N')}{(by.Trace ? "T" : "")}");
        }

        if (capabilities.MtPriority && envelope.Priority != 0)
        {
            command.Append(CultureInfo.InvariantCulture, $" MT-PRIORITY={envelope.Priority}");
        }

        return command.Append(requireTls ? " REQUIRETLS" : "").ToString();
    }

    public string Rcpt(OutboundRecipient recipient)
    {
        var command = $"RCPT TO:<{Path(recipient.Address)}>";
        return capabilities.Dsn ? command + Notify(recipient.Recipient.Notify) + OriginalRecipient(recipient.Recipient) : command;
    }

    /// <summary>What of the deadline is left in whole seconds; negative when it has passed (RFC 2852 §4).</summary>
    public static long SecondsLeft(DeliverBy by, DateTimeOffset now) =>
        Math.Clamp((long)Math.Floor((by.Deadline - now).TotalSeconds), -999_999_999, 999_999_999);

    /// <summary>An address as it goes between the brackets: a domain as A-labels when SMTPUTF8 is not used (RFC 6531 §3.2).</summary>
    public static string Path(EmailAddress address, bool asUtf8) =>
        (asUtf8 || Ascii.IsValid(address.Domain) ? address : address with { Domain = address.AsciiDomain }).ToString();

    /// <summary>Whether what was made of an address is one word between brackets, whatever the address holds.</summary>
    public static bool IsOneWord(EmailAddress address) =>
        address.LocalPart.Length > 0 && address.Domain.Length > 0
        && !address.LocalPart.Any(char.IsControl) && !address.Domain.Any(c => char.IsControl(c) || c is ' ' or '<' or '>');

    /// <summary>xtext (RFC 3461 §4): what is not printable ASCII, and "+" and "=", as hexadecimal octets.</summary>
    internal static string Xtext(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            encoded = octet is > 32 and < 127 and not (byte)'+' and not (byte)'=' ? encoded.Append((char)octet) : encoded.Append('+').Append(octet.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    private string Path(EmailAddress address) => Path(address, asUtf8);

    private static string Notify(DsnNotify notify)
    {
        if (notify == DsnNotify.Unspecified)
        {
            return "";
        }

        var (flags, words) = (notify, new List<string>());
        void Add(DsnNotify flag, string word)
        {
            if (flags.HasFlag(flag))
            {
                words.Add(word);
            }
        }

        Add(DsnNotify.Never, "NEVER");
        Add(DsnNotify.Success, "SUCCESS");
        Add(DsnNotify.Failure, "FAILURE");
        Add(DsnNotify.Delay, "DELAY");
        return $" NOTIFY={string.Join(',', words)}";
    }

    /// <summary>ORCPT as it came; what came without gets the address that it came for (RFC 3461 §5.2.1).</summary>
    private static string OriginalRecipient(EnvelopeRecipient recipient)
    {
        var original = recipient.OriginalRecipient
            ?? (recipient.Address.IsInternational ? $"utf-8;{recipient.Address}" : $"rfc822;{recipient.Address}");
        var semicolon = original.IndexOf(';', StringComparison.Ordinal);
        var (type, address) = (original[..Math.Max(semicolon, 0)], original[(semicolon + 1)..]);
        if (type.Length == 0 || !type.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            return "";
        }

        return $" ORCPT={type};{(type.Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? Utf8Text(address) : Xtext(address))}";
    }

    /// <summary>utf-8-addr-xtext (RFC 6533 §3), which goes with and without SMTPUTF8. A backslash begins what is encoded already.</summary>
    private static string Utf8Text(string address)
    {
        var encoded = new StringBuilder(address.Length);
        foreach (var rune in address.EnumerateRunes())
        {
            encoded = rune.Value is > 32 and < 127 and not '+' and not '=' ? encoded.Append(rune.ToString()) : encoded.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X2}}}");
        }

        return encoded.ToString();
    }
}
