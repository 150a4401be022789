using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Credentials;

/// <summary>
/// crypt's scheme <c>$6$</c>, as Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512" (version 0.6) specifies it; the step numbers below are that text's.
/// It only verifies what other servers hashed.
/// </summary>
internal sealed record Sha512Crypt(int Rounds, string Salt, string Hash)
{
    /// <summary>The specification allows 999,999,999; a verifier above this would let every login cost over a second.</summary>
    public const int MaxRounds = 1_000_000;

    private const int DefaultRounds = 5_000;
    private const int MinRounds = 1_000;
    private const int MaxSaltLength = 16;
    private const string Alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Step 22: which octets of the digest make which group of four characters.</summary>
    private static readonly byte[] OutputOrder =
    [
        0, 21, 42, 22, 43, 1, 44, 2, 23, 3, 24, 45, 25, 46, 4, 47, 5, 26, 6, 27, 48, 28, 49, 7, 50, 8, 29, 9, 30, 51, 31, 52,
        10, 53, 11, 32, 12, 33, 54, 34, 55, 13, 56, 14, 35, 15, 36, 57, 37, 58, 16, 59, 17, 38, 18, 39, 60, 40, 61, 19, 62, 20, 41,
    ];

    public static bool TryParse(string text, out Sha512Crypt crypt)
    {
        crypt = null!;
        var fields = text.Split('$');
        var hasRounds = fields.Length == 5;
        if (fields.Length is not (4 or 5) || fields[0].Length > 0 || fields[1] != "6")
        {
            return false;
        }

        var rounds = DefaultRounds;
        if (hasRounds && (!fields[2].StartsWith("rounds=", StringComparison.Ordinal)
            || !int.TryParse(fields[2].AsSpan(7), NumberStyles.None, CultureInfo.InvariantCulture, out rounds) || rounds > MaxRounds))
        {
            return false;
        }

        var hash = fields[^1];
        if (hash.Length != 86 || hash.Any(c => !Alphabet.Contains(c, StringComparison.Ordinal)))
        {
            return false;
        }

        var salt = fields[^2];
        crypt = new(Math.Max(rounds, MinRounds), salt.Length > MaxSaltLength ? salt[..MaxSaltLength] : salt, hash);
        return true;
    }

    public bool Matches(string password) => CryptographicOperations.FixedTimeEquals(
        Encoding.ASCII.GetBytes(Compute(Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(Salt), Rounds)), Encoding.ASCII.GetBytes(Hash));

    internal static string Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, int rounds)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        First(sha, key, salt, digest);

        // Steps 13 to 20: P from the key, S from the salt.
        var p = new byte[key.Length];
        Repeated(sha, key, key.Length, p);
        var s = new byte[salt.Length];
        Repeated(sha, salt, 16 + digest[0], s);

        // Step 21.
        for (var round = 0; round < rounds; round++)
        {
            var odd = (round & 1) != 0;
            sha.AppendData(odd ? p : digest);
            if (round % 3 != 0)
            {
                sha.AppendData(s);
            }

            if (round % 7 != 0)
            {
                sha.AppendData(p);
            }

            sha.AppendData(odd ? digest : p);
            sha.GetHashAndReset(digest);
        }

        return Encode(digest);
    }

    /// <summary>Steps 1 to 12: digest B, then digest A.</summary>
    private static void First(IncrementalHash sha, ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, Span<byte> digest)
    {
        Span<byte> b = stackalloc byte[SHA512.HashSizeInBytes];
        sha.AppendData(key);
        sha.AppendData(salt);
        sha.AppendData(key);
        sha.GetHashAndReset(b);

        sha.AppendData(key);
        sha.AppendData(salt);
        for (var left = key.Length; left > 0; left -= b.Length)
        {
            sha.AppendData(b[..Math.Min(left, b.Length)]);
        }

        for (var bits = key.Length; bits > 0; bits >>= 1)
        {
            sha.AppendData((bits & 1) != 0 ? b : key);
        }

        sha.GetHashAndReset(digest);
    }

    /// <summary>The digest of <paramref name="octets"/> taken <paramref name="times"/> times, repeated to fill <paramref name="sequence"/>.</summary>
    private static void Repeated(IncrementalHash sha, ReadOnlySpan<byte> octets, int times, Span<byte> sequence)
    {
        for (var i = 0; i < times; i++)
        {
            sha.AppendData(octets);
        }

        Span<byte> digest = stackalloc byte[SHA512.HashSizeInBytes];
        sha.GetHashAndReset(digest);
        for (var i = 0; i < sequence.Length; i++)
        {
            sequence[i] = digest[i % digest.Length];
        }
    }

    private static string Encode(ReadOnlySpan<byte> digest)
    {
        var text = new StringBuilder(86);
        for (var i = 0; i < OutputOrder.Length; i += 3)
        {
            Append(text, (digest[OutputOrder[i]] << 16) | (digest[OutputOrder[i + 1]] << 8) | digest[OutputOrder[i + 2]], 4);
        }

        Append(text, digest[63], 2);
        return text.ToString();
    }

    private static void Append(StringBuilder text, int bits, int characters)
    {
        for (; characters > 0; characters--, bits >>= 6)
        {
            text.Append(Alphabet[bits & 63]);
        }
    }
}
