namespace MailCloud.Credentials.Sasl;

/// <summary>Asks whether a token lets its bearer in under a name.</summary>
public delegate ValueTask<TokenVerdict> TokenCheck(string username, string token, CancellationToken cancellationToken);

/// <summary>What is said to who shows a token.</summary>
public abstract record TokenVerdict
{
    private TokenVerdict()
    {
    }

    /// <summary>It is a token of the account of this name.</summary>
    public sealed record Accepted : TokenVerdict;

    /// <summary>It was not checked, since the keys of its issuer are out of reach.</summary>
    public sealed record TryLater : TokenVerdict;

    /// <summary>It lets nobody in, for whatever reason: the client is told how it may get a better one (RFC 7628 §3.2.2).</summary>
    /// <param name="Status">An error code of RFC 6750 §3.1.</param>
    /// <param name="Scopes">Those that a token must have, separated by spaces; null when none.</param>
    /// <param name="Discovery">The address of the issuer's discovery document; null when there is no issuer.</param>
    public sealed record Refused(string Status, string? Scopes, string? Discovery) : TokenVerdict;
}
