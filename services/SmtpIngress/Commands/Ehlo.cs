using System.Globalization;
using MailCloud.Credentials.Sasl;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.1, and the keyword of each extension.</summary>
internal static class Ehlo
{
    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (!Helo.IsName(args))
        {
            return SmtpReply.Syntax("EHLO takes your host name");
        }

        await session.GreetedAsync(args, extended: true).ConfigureAwait(false);
        return new(250, null, [.. Keywords(session)]);
    }

    private static IEnumerable<string> Keywords(SmtpSession session)
    {
        yield return session.Options.HostName;
        yield return "PIPELINING";
        yield return $"SIZE {session.Options.MaxMessageSize}";
        yield return "8BITMIME";
        yield return "SMTPUTF8";
        yield return "ENHANCEDSTATUSCODES";
        if (session.Tls is null && session.Services.Certificates.HasCertificate)
        {
            yield return "STARTTLS";
        }

        if (session.IsSubmission && session.Account is null)
        {
            yield return $"AUTH {string.Join(' ', SaslMechanisms.Offered(Auth.Bindings(session), session.IsPrivate))}";
        }

        yield return "CHUNKING";
        yield return "BINARYMIME";
        yield return $"LIMITS RCPTMAX={session.Options.MaxRecipients}";
        yield return "DSN";
        yield return string.Create(CultureInfo.InvariantCulture, $"DELIVERBY {session.Options.MinDeliverBy.TotalSeconds:0}");

        // RFC 6710 App. B.
        yield return "MT-PRIORITY MIXER";
        if (session.Tls is not null)
        {
            // RFC 8689 §2.
            yield return "REQUIRETLS";
        }

        if (session.IsSubmission)
        {
            // RFC 4865 §3 and §4.2: on submission only, with the longest time and the latest moment.
            var latest = session.Services.Time.GetUtcNow() + session.Options.MaxHold;
            yield return string.Create(CultureInfo.InvariantCulture, $"FUTURERELEASE {session.Options.MaxHold.TotalSeconds:0} {latest.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");

            // RFC 5321 App. F.6 and §3.5.2: what works after a login is listed before it too.
            yield return "SEND";
            yield return "SOML";
            yield return "SAML";
            yield return "EXPN";
        }

        yield return "HELP";
    }
}
