using MailCloud.Messages;
using MailCloud.SmtpIngress.Policy;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.3, with NOTIFY and ORCPT (RFC 3461 §4.1, §4.2).</summary>
internal static class Rcpt
{
    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (Parse(args, RecipientCheck.PostmasterDomain(session.Options), out var recipient) is { } syntax)
        {
            return syntax;
        }

        var transaction = session.Transaction!;

        // RFC 6531 §3.4.
        if (recipient.Address.IsInternational && !transaction.SmtpUtf8)
        {
            return new(553, "5.6.7", "address needs SMTPUTF8");
        }

        // RFC 5321 §4.5.3.1.10.
        var decision = transaction.Recipients.Count >= session.Options.MaxRecipients
            ? new SmtpReply(452, "4.5.3", "too many recipients")
            : await RecipientCheck.DecideAsync(session, transaction, recipient, cancellationToken).ConfigureAwait(false);
        if (decision.Accepted is { } accepted)
        {
            transaction.Recipients.Add(accepted);
        }
        else
        {
            transaction.Refuse(recipient.Address, decision.Reply, session.Services.Time.GetUtcNow());
        }

        return decision.Reply;
    }

    internal static SmtpReply? Parse(string args, string postmasterDomain, out EnvelopeRecipient recipient)
    {
        recipient = null!;
        if (PathArgument.Parse(args, "TO:") is not { } argument)
        {
            return SmtpReply.Syntax("RCPT TO:<address>");
        }

        // RFC 5321 §4.1.1.3: <postmaster> needs no domain.
        var path = argument.Path.Equals("postmaster", StringComparison.OrdinalIgnoreCase) ? $"postmaster@{postmasterDomain}" : argument.Path;
        if (!EmailAddress.TryParse(path, out var address))
        {
            return new(553, "5.1.3", "recipient address is malformed");
        }

        var (notify, original) = (DsnNotify.Unspecified, default(string));
        foreach (var (name, value) in argument.Parameters)
        {
            var ok = name.ToUpperInvariant() switch
            {
                "NOTIFY" => TryParseNotify(value, out notify),
                "ORCPT" => value.Length <= 500 && value.IndexOf(';', StringComparison.Ordinal) > 0 && (original = PathArgument.DecodeXtext(value)) is not null,
                _ => default(bool?),
            };
            if (ok is not true)
            {
                return ok is null ? new(555, "5.5.4", "unknown parameter of RCPT") : SmtpReply.Syntax($"malformed parameter {name.ToUpperInvariant()}");
            }
        }

        recipient = new() { Address = address, Notify = notify, OriginalRecipient = original };
        return null;
    }

    private static bool TryParseNotify(string value, out DsnNotify notify)
    {
        notify = DsnNotify.Unspecified;
        foreach (var word in value.ToUpperInvariant().Split(','))
        {
            var flag = word switch
            {
                "SUCCESS" => DsnNotify.Success,
                "FAILURE" => DsnNotify.Failure,
                "DELAY" => DsnNotify.Delay,
                "NEVER" => DsnNotify.Never,
                _ => DsnNotify.Unspecified,
            };
            if (flag == DsnNotify.Unspecified || notify.HasFlag(flag))
            {
                return false;
            }

            notify |= flag;
        }

        // RFC 3461 §4.1: NEVER stands alone.
        return notify == DsnNotify.Never || !notify.HasFlag(DsnNotify.Never);
    }
}
