namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.9: an argument is allowed and ignored.</summary>
internal static class Noop
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken) => new(SmtpReply.Ok);
}
