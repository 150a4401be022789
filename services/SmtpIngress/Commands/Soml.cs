using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 821 §3.4: a transaction for the terminals of those recipients who are there, and for the mailboxes of the others.</summary>
internal static class Soml
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken) =>
        Mail.BeginAsync(session, TransactionKind.SendOrMail, args, cancellationToken);
}
