namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 3207. The session drops what came ahead, says 220 and shakes hands.</summary>
internal static class StartTls
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (args.Length > 0)
        {
            return new(SmtpReply.Syntax("STARTTLS takes no argument"));
        }

        if (session.Tls is not null)
        {
            return new(new SmtpReply(503, "5.5.1", "TLS is on already"));
        }

        return new(session.Services.Certificates.HasCertificate
            ? new SmtpReply(220, "2.0.0", "go ahead") { Then = Then.StartTls }
            : new SmtpReply(454, "4.7.0", "TLS is not available"));
    }
}
