namespace MailCloud.Credentials.Sasl;

/// <summary>The SASL mechanisms that a server offers, and the start of an exchange.</summary>
public sealed class SaslMechanisms
{
    private readonly PasswordCheck passwords;
    private readonly FakeSalt fakeSalt;

    /// <param name="passwords">Checks what PLAIN and LOGIN bring.</param>
    /// <param name="secret">Makes the salts of names without a SCRAM verifier; the same in all processes and over restarts, else these salts give themselves away by changing.</param>
    public SaslMechanisms(PasswordCheck passwords, byte[] secret)
    {
        this.passwords = passwords;
        fakeSalt = new(secret);
    }

    /// <summary>Names to offer, the strongest first. Without <paramref name="passwordsAllowed"/> (no TLS and not on loopback) none that sends the password.</summary>
    public static IReadOnlyList<string> Offered(ChannelBindings bindings, bool passwordsAllowed) =>
    [
        .. bindings.Any ? ["SCRAM-SHA-256-PLUS"] : Array.Empty<string>(),
        "SCRAM-SHA-256",
        .. passwordsAllowed ? ["PLAIN", "LOGIN"] : Array.Empty<string>(),
    ];

    /// <summary>Starts an exchange by a mechanism's name, in any case (RFC 4422 §3.1); null when it is unknown. Whether it was offered is for the caller to check.</summary>
    public SaslExchange? Start(string mechanism, ChannelBindings bindings, VerifierLookup lookup) => mechanism.ToUpperInvariant() switch
    {
        "PLAIN" => new PlainExchange(passwords, lookup),
        "LOGIN" => new LoginExchange(passwords, lookup),
        "SCRAM-SHA-256" => new ScramExchange(plus: false, bindings, lookup, fakeSalt, ScramExchange.NewNonce()),
        "SCRAM-SHA-256-PLUS" => new ScramExchange(plus: true, bindings, lookup, fakeSalt, ScramExchange.NewNonce()),
        _ => null,
    };
}
