using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Credentials;

/// <summary>
/// Password verifiers as they are stored, <c>{SCHEME}data</c> in Dovecot's notation:
/// <c>{SCRAM-SHA-256}iterations,salt,StoredKey,ServerKey</c> (RFC 5802 §3, the last three in base64), which every new password gets and which serves
/// PLAIN, LOGIN and SCRAM alike; and <c>{SHA512-CRYPT}$6$…</c> and <c>{BLF-CRYPT}$2y$…</c>, which are imported as they are and replaced at the first login.
/// No scheme keeps a password in clear.
/// </summary>
public static class Verifiers
{
    /// <summary>
    /// PBKDF2 iterations of new verifiers. RFC 7677 §4 wants at least 4,096 and puts its rule of thumb at 15,000: about 8 ms of one core here, which
    /// <see cref="VerifiedPasswords"/> saves on all but the first login in five minutes.
    /// </summary>
    public const int Iterations = 15_000;

    /// <summary>Octets of UTF-8. Longer passwords are refused unread: crypt's cost rises with the square of the length.</summary>
    public const int MaxPasswordLength = 1024;

    private const string ScramScheme = "{SCRAM-SHA-256}";
    private const string Sha512CryptScheme = "{SHA512-CRYPT}";
    private const string BlowfishScheme = "{BLF-CRYPT}";

    /// <summary>Verified in place of the verifier of an account that does not exist, so that both answers take the same time.</summary>
    private static readonly ScramVerifier Nobody = ScramVerifier.Create(
        RandomNumberGenerator.GetHexString(32), RandomNumberGenerator.GetBytes(ScramVerifier.SaltLength), Iterations);

    /// <summary>A new {SCRAM-SHA-256} verifier with a random salt.</summary>
    /// <exception cref="ArgumentException">The password is empty, too long, or holds characters that RFC 4013 prohibits; the message says which.</exception>
    public static string Create(string password)
    {
        if (WhyUnusable(password) is { } why)
        {
            throw new ArgumentException(why, nameof(password));
        }

        SaslPrep.TryPrepare(password, out var prepared);
        return ScramScheme + ScramVerifier.Create(prepared, RandomNumberGenerator.GetBytes(ScramVerifier.SaltLength), Iterations);
    }

    /// <summary>Why a password cannot be set, in a sentence for whoever chose it; null when it can.</summary>
    public static string? WhyUnusable(string password) =>
        password.Length == 0 ? "the password is empty"
        : password.Length > MaxPasswordLength || Encoding.UTF8.GetByteCount(password) > MaxPasswordLength ? $"the password is longer than {MaxPasswordLength} octets"
        : !SaslPrep.TryPrepare(password, out var prepared) || prepared.Length == 0 ? "the password holds a character that RFC 4013 prohibits, for example a control character"
        : null;

    /// <summary>Why a verifier cannot be stored, in a sentence for the operator; null when it can.</summary>
    public static string? WhyUnsupported(string verifier)
    {
        if (verifier.StartsWith(ScramScheme, StringComparison.Ordinal))
        {
            return ScramVerifier.TryParse(verifier.AsSpan(ScramScheme.Length), out _) ? null : "a {SCRAM-SHA-256} verifier is iterations,salt,StoredKey,ServerKey, the last three in base64";
        }

        if (verifier.StartsWith(Sha512CryptScheme, StringComparison.Ordinal))
        {
            return Sha512Crypt.TryParse(verifier[Sha512CryptScheme.Length..], out _) ? null : $"a {{SHA512-CRYPT}} verifier is $6$salt$hash or $6$rounds=N$salt$hash with at most {Sha512Crypt.MaxRounds} rounds";
        }

        if (verifier.StartsWith(BlowfishScheme, StringComparison.Ordinal))
        {
            return BlowfishCrypt.IsWellFormed(verifier[BlowfishScheme.Length..]) ? null : $"a {{BLF-CRYPT}} verifier is $2y$cost$ and 53 characters, with a cost of 4 to {BlowfishCrypt.MaxCost}";
        }

        return "the password scheme is not one of {SCRAM-SHA-256}, {SHA512-CRYPT} and {BLF-CRYPT}";
    }

    /// <summary>
    /// True when the password is the verifier's. A null verifier stands for an account that does not exist or may not log in: it costs as much as a wrong
    /// password and is never true. The imported schemes cost what they cost, so their accounts can be told from others by time until they are replaced.
    /// </summary>
    public static bool Verify(string password, string? verifier)
    {
        if (password.Length > MaxPasswordLength || Encoding.UTF8.GetByteCount(password) > MaxPasswordLength)
        {
            return false;
        }

        if (verifier is null)
        {
            _ = Nobody.Matches(password);
            return false;
        }

        if (verifier.StartsWith(ScramScheme, StringComparison.Ordinal))
        {
            // No short cut for a password that cannot be prepared: the time would tell that the account exists.
            var preparable = SaslPrep.TryPrepare(password, out var prepared);
            return TryParseScram(verifier, out var scram) && scram.Matches(prepared) && preparable;
        }

        if (verifier.StartsWith(Sha512CryptScheme, StringComparison.Ordinal))
        {
            return Sha512Crypt.TryParse(verifier[Sha512CryptScheme.Length..], out var crypt) && crypt.Matches(password);
        }

        return verifier.StartsWith(BlowfishScheme, StringComparison.Ordinal) && BlowfishCrypt.Matches(password, verifier[BlowfishScheme.Length..]);
    }

    /// <summary>True when the verifier should be replaced as soon as the password is known: another scheme, or fewer iterations than new ones have.</summary>
    public static bool NeedsRehash(string verifier) =>
        !TryParseScram(verifier, out var scram) || scram.Iterations < Iterations;

    internal static bool TryParseScram(string? verifier, out ScramVerifier scram)
    {
        scram = null!;
        return verifier is not null && verifier.StartsWith(ScramScheme, StringComparison.Ordinal)
            && ScramVerifier.TryParse(verifier.AsSpan(ScramScheme.Length), out scram);
    }
}
