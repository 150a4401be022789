using System.Text;
using MailKit.Security;
using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>AUTH at a smarthost (RFC 4954), the mechanisms by MailKit.</summary>
internal static class Login
{
    // RFC 4954 §4: a first response that makes the command longer than a line goes by itself.
    private const int MaxLine = 512;

    public static async Task RunAsync(
        SmtpChannel channel, Attempt attempt, Capabilities capabilities, TimeSpan limit, ILogger log, CancellationToken cancellationToken)
    {
        if (channel.Negotiated is null && !channel.IsLoopback)
        {
            throw Refused("4.7.11", $"the login of {attempt.Named} is not sent in clear, and TLS is not there");
        }

        var mechanism = Choose(capabilities, attempt.Login!) ?? throw Refused("4.7.0", $"{attempt.Named} offers no login that is known here");
        var reply = await channel.AskAsync(FirstCommand(mechanism, out var sent), limit, cancellationToken).ConfigureAwait(false);
        while (reply.Code == 334)
        {
            reply = await channel.AskAsync(Answer(mechanism, reply, sent, attempt, cancellationToken), limit, cancellationToken).ConfigureAwait(false);
            sent = true;
        }

        if (reply.Class == 2 && !mechanism.IsAuthenticated)
        {
            // RFC 5802 §5: who has not shown that it knows the password is not the host.
            throw Refused("4.7.0", $"{attempt.Named} does not prove that it knows the login");
        }

        if (reply.Class != 2)
        {
            log.LoginRefused(attempt.Host.Name, attempt.Login!.User, reply.ToString());

            // Configuration may be set right before the mail has waited too long (Postfix: smtp_sasl_auth_soft_bounce).
            throw new NoSessionException(NoSession.Login, false, $"4{reply.Status[1..]}", reply.ToString(), attempt.Host.Name);
        }
    }

    private static SaslMechanism? Choose(Capabilities capabilities, RouteLogin login)
    {
        if (capabilities.Auth.Contains("SCRAM-SHA-256"))
        {
            return new SaslMechanismScramSha256(login.User, login.Password);
        }

        if (capabilities.Auth.Contains("PLAIN"))
        {
            return new SaslMechanismPlain(Encoding.UTF8, login.User, login.Password);
        }

        return capabilities.Auth.Contains("LOGIN") ? new SaslMechanismLogin(Encoding.UTF8, login.User, login.Password) : null;
    }

    private static string FirstCommand(SaslMechanism mechanism, out bool sent)
    {
        var command = $"AUTH {mechanism.MechanismName}";
        var first = mechanism.SupportsInitialResponse ? mechanism.Challenge("") : null;
        sent = first is not null && command.Length + 1 + first.Length + 2 <= MaxLine;
        return sent ? $"{command} {first}" : command;
    }

    private static string Answer(SaslMechanism mechanism, RemoteReply reply, bool sent, Attempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            if (!sent && mechanism.SupportsInitialResponse)
            {
                mechanism.Reset();
                return mechanism.Challenge("", cancellationToken);
            }

            return mechanism.Challenge(reply.Lines[^1].Trim(), cancellationToken);
        }
        catch (Exception e) when (e is SaslException or FormatException)
        {
            // RFC 4954 §4: "*" gives up; the connection does as well. What the mechanism says of it may quote what was exchanged.
            throw Refused("4.7.0", $"{attempt.Named} does not keep to {mechanism.MechanismName}");
        }
    }

    private static NoSessionException Refused(string status, string text) => new(NoSession.Login, false, status, $"451 {status} {text}");
}
