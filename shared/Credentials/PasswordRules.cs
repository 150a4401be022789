namespace MailCloud.Credentials;

/// <summary>What a password that somebody chooses must be like (NIST SP 800-63B §5.1.1.2: long enough, none that a guesser tries first, and no rules of composition). One that is stored already is not asked.</summary>
public static class PasswordRules
{
    /// <summary>Characters; NIST SP 800-63B §5.1.1.2.</summary>
    public const int LeastLength = 8;

    /// <summary>Characters: the most that a tenant may ask for at least.</summary>
    public const int MostDemanded = 128;

    /// <summary>Why a password cannot be chosen, in a sentence for whoever chose it; null when it can.</summary>
    /// <param name="leastLength">In characters.</param>
    /// <param name="names">What everybody knows of the account: its address and the parts of that.</param>
    public static string? WhyRefused(string password, int leastLength, params IEnumerable<string> names) =>
        Verifiers.WhyUnusable(password)
        ?? (password.EnumerateRunes().Count() < leastLength ? $"the password is shorter than {leastLength} characters"
            : names.Any(name => name.Equals(password.Trim(), StringComparison.OrdinalIgnoreCase)) ? "the password is the address or a part of it, which a guesser tries first"
            : CommonPasswords.Contains(password) ? "the password is one of the most common, which a guesser tries first"
            : null);
}
