using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailCloud.Wire.Tls;

/// <summary>
/// The channel binding <c>tls-server-end-point</c> (RFC 5929 §4). <c>tls-exporter</c> (RFC 9266) is missing: .NET 10's SslStream exports no keying material.
/// </summary>
internal static class ChannelBinding
{
    /// <summary>The certificate's hash by the hash function of its signature, SHA-256 for MD5 and SHA-1. Null where RFC 5929 defines none (Ed25519, RSA-PSS by its parameters).</summary>
    public static byte[]? ServerEndPoint(X509Certificate2 certificate) => certificate.SignatureAlgorithm.Value switch
    {
        // RSA with MD5, SHA-1 and SHA-256 (RFC 8017 A.2.4), ECDSA with SHA-1 and SHA-256 (RFC 5758 §3.2).
        "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.113549.1.1.11" or "1.2.840.10045.4.1" or "1.2.840.10045.4.3.2"
            => SHA256.HashData(certificate.RawDataMemory.Span),
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => SHA384.HashData(certificate.RawDataMemory.Span),
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => SHA512.HashData(certificate.RawDataMemory.Span),
        _ => null,
    };
}
