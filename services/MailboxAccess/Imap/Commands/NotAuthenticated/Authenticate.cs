using System.Buffers.Text;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxAccess.Imap.Commands.Any;

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

        var lookup = new AccountLookup(session.Services);
        var exchange = SaslMechanisms.Offered(session.ChannelBindings, session.PasswordsAllowed).Contains(mechanism, StringComparer.OrdinalIgnoreCase)
            ? session.Services.Mechanisms.Start(mechanism, session.ChannelBindings, lookup.FindAsync)
            : null;
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
            SaslStep.Authenticated authenticated => await LogInAsync(session, lookup, authenticated, cancellationToken).ConfigureAwait(false),
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

    private static ReadOnlyMemory<byte> Decode(ReadOnlySpan<byte> base64)
    {
        var octets = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        return Base64.DecodeFromUtf8(base64, octets, out var used, out var written) == System.Buffers.OperationStatus.Done && used == base64.Length
            ? octets.AsMemory(0, written)
            : throw new ImapSyntaxException("Malformed base64");
    }

    // RFC 4422 §2: nobody acts as somebody else here.
    private static async ValueTask<ImapReply> LogInAsync(
        ImapSession session, AccountLookup lookup, SaslStep.Authenticated authenticated, CancellationToken cancellationToken)
    {
        if (!lookup.IsSelf(authenticated.AuthorizationId) || lookup.Account is not { } account)
        {
            return ImapReply.No("Nobody may act as another user", "AUTHORIZATIONFAILED");
        }

        await lookup.ReplaceAsync(authenticated.Rehash, cancellationToken).ConfigureAwait(false);
        session.LogIn(account);
        return ImapReply.Ok("Logged in", Capability.Write(session));
    }
}
