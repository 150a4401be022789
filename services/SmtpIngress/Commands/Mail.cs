using MailCloud.Messages;
using MailCloud.SmtpIngress.Policy;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.2, with the parameters of <see cref="MailParameters"/>.</summary>
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

        if (Parse(args, out var sender, out var parameters) is { } syntax)
        {
            return syntax;
        }

        if (session.IsSubmission && session.Account is null)
        {
            return SmtpReply.AuthenticationRequired;
        }

        // Who looks at a terminal cannot look for more than he is shown.
        if (kind != TransactionKind.Mail && sender is null)
        {
            return new(553, "5.1.7", "a terminal shows whom it is from");
        }

        // RFC 1870 §6.1.
        if (parameters.Size > session.Options.MaxMessageSize)
        {
            return SmtpReply.TooLarge;
        }

        if (DeliveryWishes.Decide(session, kind, parameters, out var wishes) is { } refused)
        {
            return refused;
        }

        if (session.Account is { } account
            && (await SenderCheck.MaySendAsync(session, account, cancellationToken).ConfigureAwait(false)
                ?? await SenderCheck.OfEnvelopeAsync(session, session.Account, sender, cancellationToken).ConfigureAwait(false)) is { } notAllowed)
        {
            return notAllowed;
        }

        if (!session.Services.Rates.TryMessage(session.Remote, session.Account?.Address.Key))
        {
            return new(450, "4.7.1", "too many messages, try again later");
        }

        session.Begin(new(kind, sender, parameters, wishes));

        // RFC 6710 §4.1: the text begins with the priority that the message has.
        return wishes.IsPriorityChanged ? new(250, "2.3.6", $"{wishes.Priority} is the priority of this message") : new(250, "2.1.0", "sender OK");
    }

    internal static SmtpReply? Parse(string args, out EmailAddress? sender, out MailParameters parameters)
    {
        (sender, parameters) = (null, null!);
        if (PathArgument.Parse(args, "FROM:") is not { } argument)
        {
            return SmtpReply.Syntax("it is FROM:<address>");
        }

        if (argument.Path.Length > 0)
        {
            if (!EmailAddress.TryParse(argument.Path, out var address))
            {
                return new(553, "5.1.7", "sender address is malformed");
            }

            sender = address;
        }

        if (MailParameters.Parse(argument.Parameters, out parameters) is { } refusal)
        {
            return refusal;
        }

        // RFC 6531 §3.4.
        return sender is { IsInternational: true } && !parameters.SmtpUtf8 ? new(553, "5.6.7", "address needs SMTPUTF8") : null;
    }
}
