using MailCloud.Credentials.Sasl;
using MailCloud.MailboxAccess.Imap.Commands.Any;
using MailCloud.MailboxAccess.Login;

namespace MailCloud.MailboxAccess.Imap.Commands.NotAuthenticated;

/// <summary>AUTHENTICATE (RFC 3501 §6.2.2) with an initial response (RFC 4959).</summary>
internal static class Authenticate
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var (mechanism, response) = Parse(new(arguments.Span));
        if (!session.PasswordsAllowed && mechanism.ToUpperInvariant() is "PLAIN" or "LOGIN")
        {
            return ImapReply.No("Use TLS first", "PRIVACYREQUIRED");
        }

        var attempt = session.StartLogin();
        var exchange = attempt.StartExchange(mechanism, session.ChannelBindings, session.PasswordsAllowed);
        if (exchange is null)
        {
            return ImapReply.No("The mechanism is not offered");
        }

        var step = await exchange.NextAsync(response, cancellationToken).ConfigureAwait(false);
        while (step is SaslStep.Challenge challenge)
        {
            var line = await session.AskAsync(Convert.ToBase64String(challenge.Octets.Span), cancellationToken).ConfigureAwait(false);
            if (line.Span.SequenceEqual("*"u8))
            {
                return ImapReply.Bad("Authentication cancelled");
            }

            step = await exchange.NextAsync(Decode(line.Span), cancellationToken).ConfigureAwait(false);
        }

        return step switch
        {
            SaslStep.Authenticated authenticated => await LogInAsync(session, attempt, authenticated, cancellationToken).ConfigureAwait(false),
            SaslStep.Malformed malformed => ImapReply.Bad(malformed.Why),
            _ => session.RefuseLogin(),
        };
    }

    /// <summary>The mechanism and its initial response: null when there is none, empty when it is "=" (RFC 4959 §3).</summary>
    internal static (string Mechanism, ReadOnlyMemory<byte>? Response) Parse(ImapReader reader)
    {
        reader.Space();
        var mechanism = reader.Atom();
        if (reader.AtEnd)
        {
            return (mechanism, null);
        }

        reader.Space();
        var base64 = reader.AString();
        reader.End();
        return (mechanism, base64 == "=" ? ReadOnlyMemory<byte>.Empty : Decode(System.Text.Encoding.Latin1.GetBytes(base64)));
    }

    private static ReadOnlyMemory<byte> Decode(ReadOnlySpan<byte> base64) =>
        LoginAttempt.TryDecode(base64, out var response) ? response : throw new ImapSyntaxException("Malformed base64");

    private static async ValueTask<ImapReply> LogInAsync(
        ImapSession session, LoginAttempt attempt, SaslStep.Authenticated authenticated, CancellationToken cancellationToken)
    {
        var outcome = await attempt.FinishAsync(authenticated, cancellationToken).ConfigureAwait(false);
        if (outcome.Verdict != LoginVerdict.LoggedIn)
        {
            return ImapReply.No("Nobody may act as another user", "AUTHORIZATIONFAILED");
        }

        session.LogIn(outcome.Account);
        return ImapReply.Ok("Logged in", Capability.Write(session));
    }
}
