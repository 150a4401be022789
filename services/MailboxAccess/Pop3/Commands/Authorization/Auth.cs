using System.Text;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxAccess.Login;

namespace MailCloud.MailboxAccess.Pop3.Commands.Authorization;

/// <summary>AUTH (RFC 5034), with an initial response or without.</summary>
internal static class Auth
{
    public static async ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        if (new Pop3Arguments(arguments.Span).AtEnd)
        {
            // How clients asked before CAPA; Dovecot answers Outlook in the same way.
            return Pop3Reply.Ok(Pop3Text.List) with { Lines = SaslMechanisms.Offered(session.ChannelBindings, session.PasswordsAllowed) };
        }

        var (mechanism, response) = Parse(new(arguments.Span));
        if (!session.PasswordsAllowed && SaslMechanisms.SendsSecret(mechanism))
        {
            return Pop3Reply.Error("AUTH", Pop3Text.TlsFirst);
        }

        var attempt = session.StartLogin();
        if (attempt.StartExchange(mechanism, session.ChannelBindings, session.PasswordsAllowed) is not { } exchange)
        {
            return Pop3Reply.Error(null, Pop3Text.NoMechanism);
        }

        var step = await exchange.NextAsync(response, cancellationToken).ConfigureAwait(false);
        while (step is SaslStep.Challenge challenge)
        {
            var line = await session.AskAsync(Convert.ToBase64String(challenge.Octets.Span), cancellationToken).ConfigureAwait(false);
            if (line.Span.SequenceEqual("*"u8))
            {
                return Pop3Reply.Error(null, Pop3Text.Cancelled);
            }

            step = await exchange.NextAsync(Decode(line.Span), cancellationToken).ConfigureAwait(false);
        }

        return step is SaslStep.Malformed
            ? Pop3Reply.Bad(Pop3Text.MalformedResponse)
            : await session.FinishLoginAsync(await attempt.FinishAsync(step, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The mechanism and its initial response: null when there is none, empty when it is "=" (RFC 5034 §4).</summary>
    internal static (string Mechanism, ReadOnlyMemory<byte>? Response) Parse(Pop3Arguments reader)
    {
        var mechanism = Encoding.Latin1.GetString(reader.Word());
        if (reader.AtEnd)
        {
            return (mechanism, null);
        }

        var base64 = reader.Word();
        reader.End();
        return (mechanism, base64.SequenceEqual("="u8) ? ReadOnlyMemory<byte>.Empty : Decode(base64));
    }

    private static ReadOnlyMemory<byte> Decode(ReadOnlySpan<byte> base64) =>
        LoginAttempt.TryDecode(base64, out var response) ? response : throw new Pop3SyntaxException(Pop3Text.NotBase64);
}
