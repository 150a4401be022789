using System.Globalization;

namespace MailCloud.Credentials;

/// <summary>crypt's scheme <c>$2y$</c> (bcrypt, also written 2a and 2b), computed by BCrypt.Net. It only verifies what other servers hashed.</summary>
internal static class BlowfishCrypt
{
    /// <summary>Each step doubles the work; 15 is about two seconds.</summary>
    public const int MaxCost = 15;

    private const int Length = 60;
    private const string Alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public static bool IsWellFormed(string hash) =>
        hash.Length == Length && hash[0] == '$' && hash[1] == '2' && hash[2] is 'a' or 'b' or 'y' && hash[3] == '$' && hash[6] == '$'
        && int.TryParse(hash.AsSpan(4, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var cost) && cost is >= 4 and <= MaxCost
        && hash[7..].All(c => Alphabet.Contains(c, StringComparison.Ordinal));

    /// <summary>True when the password, of which bcrypt sees the first 72 octets, gives this hash.</summary>
    public static bool Matches(string password, string hash)
    {
        try
        {
            return IsWellFormed(hash) && BCrypt.Net.BCrypt.Verify(password, hash);
        }
        catch (BCrypt.Net.SaltParseException)
        {
            return false;
        }
    }
}
