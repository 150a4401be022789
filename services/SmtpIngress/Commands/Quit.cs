namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.10.</summary>
internal static class Quit
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken) => new(args.Length > 0
        ? SmtpReply.Syntax("QUIT takes no argument")
        : new SmtpReply(221, "2.0.0", $"{session.Options.HostName} closing") { Then = Then.Close });
}
