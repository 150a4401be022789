using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Credentials;

/// <summary>
/// Passwords verified in the last five minutes, as HMACs under a key that never leaves the process, so that a client that logs in again costs a hash and not a
/// key derivation. Entries are kept by user and verifier: a changed password is asked for afresh at once. Bounded: the oldest entry makes room.
/// </summary>
public sealed class VerifiedPasswords(TimeProvider time)
{
    /// <summary>DESIGN: five minutes.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>About 5 MB; an edge of 20,000 descriptors has no more clients than this at once.</summary>
    public const int Capacity = 20_000;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock gate = new();
    private readonly Dictionary<(string Username, string Verifier), Entry> entries = [];

    /// <summary>In order of expiry, since every entry lives equally long. An entry that was renewed stands here more than once.</summary>
    private readonly Queue<((string Username, string Verifier) Key, DateTimeOffset Expires)> byAge = new();

    /// <summary>True when this password was verified against this verifier lately.</summary>
    public bool Contains(string username, string verifier, string password)
    {
        var digest = Digest(password);
        lock (gate)
        {
            return entries.TryGetValue((username, verifier), out var entry) && entry.Expires > time.GetUtcNow()
                && CryptographicOperations.FixedTimeEquals(entry.Digest, digest);
        }
    }

    /// <summary>Remembers a password that was just verified.</summary>
    public void Add(string username, string verifier, string password)
    {
        var digest = Digest(password);
        var now = time.GetUtcNow();
        lock (gate)
        {
            while (byAge.TryPeek(out var oldest) && (oldest.Expires <= now || byAge.Count >= Capacity))
            {
                byAge.Dequeue();
                if (entries.TryGetValue(oldest.Key, out var entry) && entry.Expires == oldest.Expires)
                {
                    entries.Remove(oldest.Key);
                }
            }

            entries[(username, verifier)] = new(digest, now + Lifetime);
            byAge.Enqueue(((username, verifier), now + Lifetime));
        }
    }

    private byte[] Digest(string password) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(password));

    private sealed record Entry(byte[] Digest, DateTimeOffset Expires);
}
