namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.5.</summary>
internal static class Rset
{
    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (args.Length > 0)
        {
            return SmtpReply.Syntax("RSET takes no argument");
        }

        await session.ResetAsync().ConfigureAwait(false);
        return SmtpReply.Ok;
    }
}
