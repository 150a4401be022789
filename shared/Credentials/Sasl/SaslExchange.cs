namespace MailCloud.Credentials.Sasl;

/// <summary>
/// The server's side of one SASL exchange (RFC 4422 §3). The protocol around it carries octets, in base64 or not, and handles cancellation and line limits;
/// an exchange ends with the first step that is no challenge and is not used again.
/// </summary>
public abstract class SaslExchange
{
    /// <summary>Octets of one response that a mechanism accepts; RFC 4954 §4 suggests room for 12,288 of base64, and who shows a password or a proof of it needs no half of that.</summary>
    protected virtual int MaxResponseLength => 4096;

    /// <summary>Takes the client's response (at first its initial response, null when it sent none) and says how to go on.</summary>
    public ValueTask<SaslStep> NextAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken) =>
        response?.Length > MaxResponseLength
            ? ValueTask.FromResult<SaslStep>(new SaslStep.Malformed("the response is too long"))
            : StepAsync(response, cancellationToken);

    protected abstract ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken);

    protected static SaslStep Malformed(string why) => new SaslStep.Malformed(why);
}

/// <summary>What the server does next.</summary>
public abstract record SaslStep
{
    private SaslStep()
    {
    }

    /// <summary>Send these octets, possibly none, and give the answer to the exchange.</summary>
    public sealed record Challenge(ReadOnlyMemory<byte> Octets) : SaslStep;

    /// <summary>
    /// The client is who it says. Whether <paramref name="AuthorizationId"/> (empty: none asked for) may be assumed is the caller's decision.
    /// <paramref name="Rehash"/>: the verifier to store in place of an old form, when there is one.
    /// </summary>
    public sealed record Authenticated(string Username, string AuthorizationId, VerifierChange? Rehash) : SaslStep
    {
        /// <summary>The app password that was given; null: the account's own.</summary>
        public AppPasswordMatch? AppPassword { get; init; }
    }

    /// <summary>Wrong credentials, for whatever reason: the client is told no more (SMTP 535 5.7.8, IMAP NO [AUTHENTICATIONFAILED]).</summary>
    public sealed record Failed : SaslStep;

    /// <summary>
    /// The account's own password, which opens nothing alone: the client is to be given an app password. Only who knows the password hears it (SMTP 534 5.7.9, IMAP NO [AUTHENTICATIONFAILED]).
    /// </summary>
    public sealed record Incomplete : SaslStep;

    /// <summary>
    /// The client can bind to the channel and was made to believe that this host cannot (RFC 5802 §6), whatever its password: it must take the -PLUS form (SMTP 534 5.7.9).
    /// </summary>
    public sealed record Downgraded : SaslStep;

    /// <summary>Nothing was checked, because too many attempts wait (SMTP 454 4.7.0, IMAP NO [UNAVAILABLE], POP3 -ERR [SYS/TEMP]).</summary>
    public sealed record TryLater : SaslStep;

    /// <summary>The response breaks the mechanism's grammar (SMTP 501 5.5.2, IMAP BAD). <paramref name="Why"/> holds nothing secret.</summary>
    public sealed record Malformed(string Why) : SaslStep;
}
