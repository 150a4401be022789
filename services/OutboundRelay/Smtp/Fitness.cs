using System.Text;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>What cannot be sent to a host that announced so little, and is not tried.</summary>
/// <param name="transaction">What is to be sent.</param>
/// <param name="capabilities">What the host announced.</param>
/// <param name="isProven">TLS showed who the host is.</param>
/// <param name="host">Its name, for replies.</param>
internal readonly struct Fitness(OutboundTransaction transaction, Capabilities capabilities, bool isProven, string host)
{
    /// <summary>The transaction uses SMTPUTF8: it was asked for or something needs it, and the host has it (RFC 6531 §3.1).</summary>
    public bool AsUtf8 => capabilities.SmtpUtf8
        && (transaction.Envelope.SmtpUtf8 || transaction.HeaderIsUtf8 || transaction.Sender is { IsInternational: true }
            || transaction.Recipients.Any(r => r.Address.IsInternational));

    /// <summary>REQUIRETLS goes with MAIL. A message without sender goes on without it rather than not at all (RFC 8689 §5).</summary>
    public bool WithRequireTls => transaction.Envelope.Tls == TlsDemand.Required && capabilities.RequireTls && isProven;

    /// <summary>Why nobody can get it; null: it can be sent.</summary>
    public RelayOutcome.Failed? OfAll(DateTimeOffset now)
    {
        if (transaction.Envelope.Tls == TlsDemand.Required && transaction.Sender is not null && !WithRequireTls)
        {
            return new("5.7.30", $"550 5.7.30 REQUIRETLS support required, and {host} does not offer it");
        }

        if (capabilities.MaxSize > 0 && transaction.Length > capabilities.MaxSize)
        {
            // RFC 1870 §6.3 allows to send it nevertheless, in vain.
            return new("5.3.4", $"552 5.3.4 the message has {transaction.Length} octets, and {host} takes {capabilities.MaxSize}");
        }

        if (transaction.Form == BodyType.BinaryMime && !capabilities.BinaryMime || transaction.Form == BodyType.EightBitMime && !capabilities.EightBitMime)
        {
            return new("5.6.3", $"554 5.6.3 {host} takes no {(transaction.Form == BodyType.BinaryMime ? "binary" : "8-bit")} messages, and this one was not converted");
        }

        if (transaction.HeaderIsUtf8 && !capabilities.SmtpUtf8)
        {
            return new("5.6.7", $"550 5.6.7 the message has header fields in UTF-8, and {host} does not support SMTPUTF8");
        }

        if (transaction.Sender is { } sender && OfAddress(sender, "sender") is { } failed)
        {
            return failed;
        }

        return TooLate(now);
    }

    /// <summary>Why this recipient cannot get it; null: it can be sent.</summary>
    public RelayOutcome.Failed? OfRecipient(OutboundRecipient recipient) => OfAddress(recipient.Address, "recipient");

    private RelayOutcome.Failed? OfAddress(EmailAddress address, string whose)
    {
        if (!EnvelopeCommands.IsOneWord(address))
        {
            return new(whose == "sender" ? "5.1.7" : "5.1.3", $"553 {(whose == "sender" ? "5.1.7" : "5.1.3")} the {whose}'s address cannot be sent");
        }

        // RFC 6531 §3.2: such an address cannot be written in another way, but for its domain.
        return capabilities.SmtpUtf8 || Ascii.IsValid(EnvelopeCommands.Path(address, asUtf8: false))
            ? null
            : new("5.6.7", $"553 5.6.7 the {whose}'s address is not ASCII, and {host} does not support SMTPUTF8");
    }

    /// <summary>RFC 2852 §4: who wants late mail returned does not want it sent where it would be late.</summary>
    private RelayOutcome.Failed? TooLate(DateTimeOffset now)
    {
        if (transaction.Envelope.DeliverBy is not { Return: true } by)
        {
            return null;
        }

        if (!capabilities.DeliverBy)
        {
            // RFC 2852 §4.1.4.1: nobody would return it there.
            return new("5.3.3", $"550 5.3.3 the message is to be returned if it is late, and {host} does not offer DELIVERBY");
        }

        var left = EnvelopeCommands.SecondsLeft(by, now);
        return left > 0 && left >= capabilities.DeliverByMinimum
            ? null
            : new("5.4.7", $"550 5.4.7 {Math.Max(left, 0)} seconds are left to deliver the message in, and {host} takes no less than {Math.Max(capabilities.DeliverByMinimum, 1)}");
    }
}
