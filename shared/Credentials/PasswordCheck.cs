namespace MailCloud.Credentials;

/// <summary>Finds the verifier of a login name; null when there is no such account or it may not log in.</summary>
public delegate ValueTask<string?> VerifierLookup(string username, CancellationToken cancellationToken);

/// <summary>Checks a password that a client sent: IMAP's LOGIN, POP3's PASS, and the SASL mechanisms PLAIN and LOGIN.</summary>
public sealed class PasswordCheck(VerifiedPasswords verified)
{
    /// <summary>An unknown name and a wrong password give the same answer after the same time.</summary>
    public async ValueTask<PasswordVerdict> CheckAsync(string username, string password, VerifierLookup lookup, CancellationToken cancellationToken)
    {
        var verifier = await lookup(username, cancellationToken).ConfigureAwait(false);
        if (verifier is not null && verified.Contains(username, verifier, password))
        {
            return new(true, null);
        }

        if (!Verifiers.Verify(password, verifier))
        {
            return new(false, null);
        }

        verified.Add(username, verifier!, password);

        // A crypt password may hold what RFC 4013 prohibits: it then stays as it is.
        var replace = Verifiers.NeedsRehash(verifier!) && Verifiers.WhyUnusable(password) is null;
        return new(true, replace ? new(verifier!, Verifiers.Create(password)) : null);
    }
}

/// <param name="IsRight">The password is the account's.</param>
/// <param name="Rehash">The verifier to store in place of the present one; null when it can stay.</param>
public readonly record struct PasswordVerdict(bool IsRight, VerifierChange? Rehash);

/// <summary>A verifier of an old form and the one to store instead, if the old one still stands then.</summary>
public sealed record VerifierChange(string Expected, string Verifier);
