namespace MailCloud.SmtpIngress.Commands;

/// <summary>
/// RFC 821 §3.8, to change roles. Never for whom we do not know to be the host he says (RFC 5321 App. F.1), and nothing here sends mail out yet: it is refused always.
/// </summary>
internal static class Turn
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken) => new(args.Length > 0
        ? SmtpReply.Syntax("TURN takes no argument")
        : new SmtpReply(502, "5.5.1", "this host does not change roles"));
}
