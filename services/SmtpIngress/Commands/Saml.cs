using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 821 §3.4: a transaction for all recipients' mailboxes, and for the terminals of those who are there.</summary>
internal static class Saml
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken) =>
        Mail.BeginAsync(session, TransactionKind.SendAndMail, args, cancellationToken);
}
