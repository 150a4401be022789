using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Credentials;

/// <summary>
/// Secrets of app passwords, <c>abcde-fghjk-mnpqr-stuvw</c>: twenty random letters, 90 bits. Nobody guesses one from its hash, so one SHA-256 is kept of each, and one of fifty is found without
/// deriving a key. Whoever types one may leave out the hyphens, or put spaces there, and write capitals.
/// </summary>
public static class AppPasswordSecret
{
    /// <summary>None that is mistaken for another.</summary>
    private const string Letters = "abcdefghjkmnpqrstuvwxyz";

    private const int Groups = 4;
    private const int GroupLength = 5;

    public static string New() => NewLetters(Groups, GroupLength);

    /// <summary>What is kept of a secret; null when the password does not look like one.</summary>
    public static string? DigestOf(string password) => TryRead(password, Groups, GroupLength) is { } letters
        ? Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"mailcloud app password {letters}")))
        : null;

    internal static string NewLetters(int groups, int length) => string.Join('-', Enumerable.Range(0, groups).Select(_ => RandomNumberGenerator.GetString(Letters, length)));

    /// <summary>The letters of what somebody has typed; null when it does not look like so many.</summary>
    internal static string? TryRead(string typed, int groups, int length)
    {
        if (typed.Length > (groups * length) + groups - 1)
        {
            return null;
        }

        var letters = string.Concat(typed.Where(c => c is not ('-' or ' '))).ToLowerInvariant();
        return letters.Length == groups * length && letters.All(Letters.Contains) ? letters : null;
    }
}

/// <summary>Finds the account's app password with a digest, if it opens the protocol at hand.</summary>
/// <param name="network">The client's network: an IPv4 address, an IPv6 /64.</param>
public delegate ValueTask<AppPasswordMatch?> AppPasswordLookup(string digest, string network, CancellationToken cancellationToken);

/// <summary>The app password by which somebody has logged in.</summary>
public sealed record AppPasswordMatch(Guid Id, string Name);
