namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.8.</summary>
internal static class Help
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken) =>
        new(new SmtpReply(214, "2.0.0", string.Join(' ', SmtpVerbs.All.Keys.Order(StringComparer.Ordinal))));
}
