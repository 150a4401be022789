using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 821 §3.4: a transaction for the terminals of its recipients, who must be there.</summary>
internal static class Send
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken) =>
        Mail.BeginAsync(session, TransactionKind.Send, args, cancellationToken);
}
