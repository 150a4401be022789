namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.8: the verbs, the form of one, or how this session stands (211, "system status", RFC 821 §4.2).</summary>
internal static class Help
{
    public static ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (args.Length == 0)
        {
            return new(new SmtpReply(214, "2.0.0", string.Join(' ', SmtpVerbs.All.Keys.Order(StringComparer.Ordinal)), "HELP with one of them gives its form; HELP STATUS, how this session stands"));
        }

        if (args.Equals("STATUS", StringComparison.OrdinalIgnoreCase))
        {
            return new(new SmtpReply(211, "2.0.0", [.. Status(session)]));
        }

        return new(SmtpVerbs.All.TryGetValue(args, out var verb)
            ? new SmtpReply(214, "2.0.0", verb.Form)
            : new SmtpReply(504, "5.5.4", "no help on that"));
    }

    private static IEnumerable<string> Status(SmtpSession session)
    {
        yield return $"{session.Options.HostName} MailCloud, {session.ListenerName}";
        yield return session.Tls is { } tls ? $"secured by {tls.Protocol} {tls.CipherSuite}" : "in clear";
        yield return session.Account is { } account ? $"authenticated as <{account.Address}>" : "not authenticated";
        yield return session.Transaction is { } transaction
            ? $"in a transaction from <{transaction.Sender}>, recipients: {transaction.Recipients.Count}"
            : "in no transaction";
    }
}
