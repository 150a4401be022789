using MailCloud.Credentials.Sasl;
using MailCloud.MailboxAccess.Login;

namespace MailCloud.MailboxAccess.Imap.Commands.NotAuthenticated;

/// <summary>AUTHENTICATE (RFC 3501 §6.2.2) with an initial response (RFC 4959).</summary>
internal static class Authenticate
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var (mechanism, response) = Parse(new(arguments.Span));
        if (!session.PasswordsAllowed && SaslMechanisms.SendsSecret(mechanism))
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

        return step is SaslStep.Malformed malformed
            ? ImapReply.Bad(malformed.Why)
            : session.FinishLogin(await attempt.FinishAsync(step, cancellationToken).ConfigureAwait(false));
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
}
