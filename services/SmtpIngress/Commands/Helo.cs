namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.1.</summary>
internal static class Helo
{
    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (!IsName(args))
        {
            return SmtpReply.Syntax("HELO takes your host name");
        }

        await session.GreetedAsync(args, extended: false).ConfigureAwait(false);
        return new(250, null, session.Options.HostName);
    }

    /// <summary>What may stand in the trace field as it is; whether it is true is not asked (RFC 5321 §4.1.4 forbids to refuse for that).</summary>
    internal static bool IsName(string args) =>
        args.Length is > 0 and <= 255 && args.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '[' or ']');
}
