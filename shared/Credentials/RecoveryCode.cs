using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Credentials;

/// <summary>
/// Codes in place of a second factor that is lost, <c>abcd-fghj-kmnp</c>: twelve random letters, 54 bits, each good once. Online nobody guesses one, and one SHA-256 is kept of each. Hyphens, spaces
/// and capitals are as in <see cref="AppPasswordSecret"/>.
/// </summary>
public static class RecoveryCode
{
    /// <summary>As many as GitHub and Google give, about.</summary>
    public const int Count = 10;

    private const int Groups = 3;
    private const int GroupLength = 4;

    public static string[] NewSet() => [.. Enumerable.Range(0, Count).Select(_ => AppPasswordSecret.NewLetters(Groups, GroupLength))];

    /// <summary>What is kept of a code; null when the text does not look like one.</summary>
    public static string? DigestOf(string code) => AppPasswordSecret.TryRead(code, Groups, GroupLength) is { } letters
        ? Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"mailcloud recovery code {letters}")))
        : null;
}
