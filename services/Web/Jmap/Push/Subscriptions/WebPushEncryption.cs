using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>Encrypts a message for a subscription (RFC 8291), as one record of aes128gcm (RFC 8188).</summary>
internal static class WebPushEncryption
{
    /// <summary>Octets of an uncompressed point on P-256 (RFC 8291 §3.1).</summary>
    public const int PublicKeyLength = 65;

    /// <summary>RFC 8291 §3.2.</summary>
    public const int AuthLength = 16;

    private const int SaltLength = 16;
    private const int TagLength = 16;
    private const int Coordinate = 32;

    /// <summary>RFC 8188 §2.1; the record is shorter. RFC 8291 §4: 4,096 is what any user agent takes.</summary>
    private const int RecordSize = 4096;

    /// <summary>RFC 8188 §2: after the last record's text.</summary>
    private const byte LastRecord = 2;

    public static byte[] Encrypt(ReadOnlySpan<byte> text, byte[] p256dh, byte[] auth)
    {
        using var sender = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return Encrypt(text, p256dh, auth, sender, RandomNumberGenerator.GetBytes(SaltLength));
    }

    /// <summary>The same with what else is random.</summary>
    public static byte[] Encrypt(ReadOnlySpan<byte> text, byte[] p256dh, byte[] auth, ECDiffieHellman sender, byte[] salt)
    {
        var own = ToPoint(sender.ExportParameters(includePrivateParameters: false).Q);
        var (key, nonce) = DeriveKeys(sender, p256dh, auth, salt, p256dh, own);

        // RFC 8188 §2.1: salt, record size, length of the key's id, and as that the sender's public key (RFC 8291 §4).
        var message = new byte[SaltLength + sizeof(int) + 1 + own.Length + text.Length + 1 + TagLength];
        salt.CopyTo(message, 0);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(SaltLength), RecordSize);
        message[SaltLength + sizeof(int)] = (byte)own.Length;
        own.CopyTo(message, SaltLength + sizeof(int) + 1);
        byte[] padded = [.. text, LastRecord];
        var record = message.AsSpan(SaltLength + sizeof(int) + 1 + own.Length);
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(nonce, padded, record[..padded.Length], record[padded.Length..]);
        return message;
    }

    /// <summary>What a client does with it.</summary>
    /// <param name="receiver">Whose public key the subscription has.</param>
    public static byte[] Decrypt(ReadOnlySpan<byte> message, ECDiffieHellman receiver, byte[] auth)
    {
        var salt = message[..SaltLength].ToArray();
        var keyAt = SaltLength + sizeof(int) + 1;
        var sender = message.Slice(keyAt, message[keyAt - 1]).ToArray();
        var record = message[(keyAt + sender.Length)..];
        var own = ToPoint(receiver.ExportParameters(includePrivateParameters: false).Q);
        var (key, nonce) = DeriveKeys(receiver, sender, auth, salt, own, sender);
        var padded = new byte[record.Length - TagLength];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(nonce, record[..^TagLength], record[^TagLength..], padded);
        return padded[..padded.AsSpan().LastIndexOf(LastRecord)];
    }

    /// <summary>Whether these are the octets of a point on the curve: others would fail with each message.</summary>
    public static bool IsPublicKey(byte[] octets)
    {
        if (octets.Length != PublicKeyLength || octets[0] != 4)
        {
            return false;
        }

        try
        {
            using var key = FromPoint(octets);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    // RFC 8291 §3.4, with the key and nonce of RFC 8188 §2.2 and §2.3.
    private static (byte[] Key, byte[] Nonce) DeriveKeys(ECDiffieHellman own, byte[] other, byte[] auth, byte[] salt, byte[] receiverKey, byte[] senderKey)
    {
        using var otherKey = FromPoint(other);
        var shared = own.DeriveRawSecretAgreement(otherKey.PublicKey);
        var input = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, auth, [.. "WebPush: info\0"u8, .. receiverKey, .. senderKey]);
        return (
            HKDF.DeriveKey(HashAlgorithmName.SHA256, input, 16, salt, [.. "Content-Encoding: aes128gcm\0"u8]),
            HKDF.DeriveKey(HashAlgorithmName.SHA256, input, 12, salt, [.. "Content-Encoding: nonce\0"u8]));
    }

    private static ECDiffieHellman FromPoint(byte[] point) => ECDiffieHellman.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new() { X = point[1..(1 + Coordinate)], Y = point[(1 + Coordinate)..] },
    });

    private static byte[] ToPoint(ECPoint point) => [4, .. point.X!, .. point.Y!];
}
