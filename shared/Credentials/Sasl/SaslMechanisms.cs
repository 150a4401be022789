using System.Net;
using MailCloud.Credentials.Guessing;

namespace MailCloud.Credentials.Sasl;

/// <summary>The SASL mechanisms that a server offers, and the start of an exchange.</summary>
public sealed class SaslMechanisms
{
    private readonly PasswordCheck passwords;
    private readonly LoginGuard guard;
    private readonly CredentialsTelemetry telemetry;
    private readonly FakeSalt fakeSalt;

    /// <param name="passwords">Checks what PLAIN and LOGIN bring.</param>
    /// <param name="secret">Makes the salts of names without a SCRAM verifier; the same in all processes and over restarts, else these salts give themselves away by changing.</param>
    internal SaslMechanisms(PasswordCheck passwords, LoginGuard guard, CredentialsTelemetry telemetry, byte[] secret)
    {
        this.passwords = passwords;
        this.guard = guard;
        this.telemetry = telemetry;
        fakeSalt = new(secret);
    }

    /// <summary>
    /// Names to offer: those of passwords, the strongest first, then those of tokens. Without <paramref name="passwordsAllowed"/> (no TLS and not on loopback) none that sends the secret itself.
    /// </summary>
    public static IReadOnlyList<string> Offered(ChannelBindings bindings, bool passwordsAllowed) =>
    [
        .. bindings.Any ? ["SCRAM-SHA-256-PLUS"] : Array.Empty<string>(),
        "SCRAM-SHA-256",
        .. passwordsAllowed ? ["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"] : Array.Empty<string>(),
    ];

    /// <summary>True of a mechanism, in any case, that sends what others could log in with.</summary>
    public static bool SendsSecret(string mechanism) => mechanism.ToUpperInvariant() is "PLAIN" or "LOGIN" or "OAUTHBEARER" or "XOAUTH2";

    /// <summary>Starts an exchange by a mechanism's name, in any case (RFC 4422 §3.1); null when it is unknown. Whether it was offered is for the caller to check.</summary>
    /// <param name="client">The client's own address, not that of a proxy: failures are counted by it.</param>
    /// <param name="lookup">Finds what a password is checked against.</param>
    /// <param name="tokens">Checks what OAUTHBEARER and XOAUTH2 bring.</param>
    public SaslExchange? Start(string mechanism, ChannelBindings bindings, IPAddress client, VerifierLookup lookup, TokenCheck tokens)
    {
        return mechanism.ToUpperInvariant() switch
        {
            "PLAIN" => new PlainExchange(passwords, client, lookup),
            "LOGIN" => new LoginExchange(passwords, client, lookup),
            "OAUTHBEARER" => new OAuthBearerExchange(tokens),
            "XOAUTH2" => new XOAuth2Exchange(tokens),
            "SCRAM-SHA-256" => Scram(plus: false),
            "SCRAM-SHA-256-PLUS" => Scram(plus: true),
            _ => null,
        };

        ScramExchange Scram(bool plus) => new(plus, bindings, new(guard, telemetry, client, lookup), fakeSalt, ScramExchange.NewNonce());
    }
}
