using System.Globalization;
using MailCloud.Messages;
using MailCloud.SmtpIngress.Policy;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.2, with SIZE (1870), BODY (6152, 3030), SMTPUTF8 (6531), RET and ENVID (3461), AUTH (4954 §5).</summary>
internal static class Mail
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken) =>
        BeginAsync(session, TransactionKind.Mail, args, cancellationToken);

    /// <summary>Begins a transaction; those for terminals (RFC 821 §3.4) take the same parameters (RFC 1870 §3).</summary>
    internal static async ValueTask<SmtpReply> BeginAsync(SmtpSession session, TransactionKind kind, string args, CancellationToken cancellationToken)
    {
        if (kind != TransactionKind.Mail && !session.IsSubmission)
        {
            return new(502, "5.5.1", "terminals are for submission");
        }

        if (Parse(kind, args, out var transaction) is { } syntax)
        {
            return syntax;
        }

        if (session.IsSubmission && session.Account is null)
        {
            return SmtpReply.AuthenticationRequired;
        }

        // Who looks at a terminal cannot look for more than he is shown.
        if (kind != TransactionKind.Mail && transaction.Sender is null)
        {
            return new(553, "5.1.7", "a terminal shows whom it is from");
        }

        // RFC 1870 §6.1.
        if (transaction.DeclaredSize > session.Options.MaxMessageSize)
        {
            return SmtpReply.TooLarge;
        }

        if (session.Account is { } account
            && await SenderOwnership.CheckEnvelopeAsync(session, account, transaction.Sender, cancellationToken).ConfigureAwait(false) is { } notOwned)
        {
            return notOwned;
        }

        if (!session.Services.Rates.TryMessage(session.Remote, session.Account?.Address.Key))
        {
            return new(450, "4.7.1", "too many messages, try again later");
        }

        session.Begin(transaction);
        return new(250, "2.1.0", "sender OK");
    }

    internal static SmtpReply? Parse(TransactionKind kind, string args, out Transaction transaction)
    {
        transaction = null!;
        if (PathArgument.Parse(args, "FROM:") is not { } argument)
        {
            return SmtpReply.Syntax("it is FROM:<address>");
        }

        EmailAddress? sender = null;
        if (argument.Path.Length > 0)
        {
            if (!EmailAddress.TryParse(argument.Path, out var address))
            {
                return new(553, "5.1.7", "sender address is malformed");
            }

            sender = address;
        }

        var (size, body, utf8, envelopeId, dsnReturn) = (0L, BodyType.SevenBit, false, default(string), DsnReturn.Unspecified);
        foreach (var (name, value) in argument.Parameters)
        {
            var ok = name.ToUpperInvariant() switch
            {
                "SIZE" => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out size),
                "BODY" => TryParseBody(value, out body),
                "SMTPUTF8" => value.Length == 0 && (utf8 = true),
                "RET" => TryParseReturn(value, out dsnReturn),
                "ENVID" => value.Length is > 0 and <= 100 && (envelopeId = PathArgument.DecodeXtext(value)) is not null,

                // RFC 4954 §5: who first submitted it; we trust nobody's word on that, as the RFC allows.
                "AUTH" => value.Length > 0,
                _ => default(bool?),
            };
            if (ok is not true)
            {
                // RFC 5321 §4.1.1.11.
                return ok is null ? new(555, "5.5.4", "unknown parameter") : SmtpReply.Syntax($"malformed parameter {name.ToUpperInvariant()}");
            }
        }

        // RFC 6531 §3.4.
        if (sender is { IsInternational: true } && !utf8)
        {
            return new(553, "5.6.7", "address needs SMTPUTF8");
        }

        transaction = new(kind, sender) { DeclaredSize = size, Body = body, SmtpUtf8 = utf8, EnvelopeId = envelopeId, Return = dsnReturn };
        return null;
    }

    private static bool TryParseBody(string value, out BodyType body)
    {
        (var ok, body) = value.ToUpperInvariant() switch
        {
            "7BIT" => (true, BodyType.SevenBit),
            "8BITMIME" => (true, BodyType.EightBitMime),
            "BINARYMIME" => (true, BodyType.BinaryMime),
            _ => (false, default),
        };
        return ok;
    }

    private static bool TryParseReturn(string value, out DsnReturn dsnReturn)
    {
        (var ok, dsnReturn) = value.ToUpperInvariant() switch
        {
            "FULL" => (true, DsnReturn.Full),
            "HDRS" => (true, DsnReturn.Headers),
            _ => (false, default),
        };
        return ok;
    }
}
