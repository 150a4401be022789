using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Credentials;

/// <summary>What RFC 5802 §3 has a server keep of a password: salt, iteration count, StoredKey and ServerKey, here with SHA-256 (RFC 7677).</summary>
internal sealed record ScramVerifier(int Iterations, byte[] Salt, byte[] StoredKey, byte[] ServerKey)
{
    public const int KeyLength = SHA256.HashSizeInBytes;

    /// <summary>Octets of new salts: 128 bits, as NIST SP 800-132 §5.1 asks.</summary>
    public const int SaltLength = 16;

    /// <summary>An imported verifier above this would let every login cost over a quarter of a second.</summary>
    private const int MaxIterations = 1_000_000;

    private const int MaxSaltLength = 256;

    /// <summary>Derives the keys of a password that SASLprep has prepared.</summary>
    public static ScramVerifier Create(string prepared, byte[] salt, int iterations)
    {
        // RFC 5802 §3: SaltedPassword := Hi(Normalize(password), salt, i), and Hi() is PBKDF2 with one block.
        var saltedPassword = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(prepared), salt, iterations, HashAlgorithmName.SHA256, KeyLength);
        var clientKey = HMACSHA256.HashData(saltedPassword, "Client Key"u8);
        return new(iterations, salt, SHA256.HashData(clientKey), HMACSHA256.HashData(saltedPassword, "Server Key"u8));
    }

    public static bool TryParse(ReadOnlySpan<char> text, out ScramVerifier verifier)
    {
        verifier = null!;
        Span<Range> fields = stackalloc Range[5];
        if (text.Length > 1024 || text.Split(fields, ',') != 4
            || !int.TryParse(text[fields[0]], NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is < 1 or > MaxIterations
            || !TryDecode(text[fields[1]], out var salt) || salt.Length is 0 or > MaxSaltLength
            || !TryDecode(text[fields[2]], out var storedKey) || storedKey.Length != KeyLength
            || !TryDecode(text[fields[3]], out var serverKey) || serverKey.Length != KeyLength)
        {
            return false;
        }

        verifier = new(iterations, salt, storedKey, serverKey);
        return true;
    }

    /// <summary>True when the prepared password gives this StoredKey; compared in constant time.</summary>
    public bool Matches(string prepared) =>
        CryptographicOperations.FixedTimeEquals(Create(prepared, Salt, Iterations).StoredKey, StoredKey);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Iterations},{Convert.ToBase64String(Salt)},{Convert.ToBase64String(StoredKey)},{Convert.ToBase64String(ServerKey)}");

    private static bool TryDecode(ReadOnlySpan<char> base64, out byte[] octets)
    {
        var buffer = new byte[base64.Length];
        var ok = Convert.TryFromBase64Chars(base64, buffer, out var written);
        octets = buffer[..written];
        return ok;
    }
}
