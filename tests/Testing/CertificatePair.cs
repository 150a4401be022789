using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailCloud.Testing;

/// <summary>A self-signed certificate, written as the pair of PEM files that a server reads.</summary>
public static class CertificatePair
{
    /// <summary>Writes <c>NAME.crt</c> and <c>NAME.key</c> for a host into a folder and returns how a client that trusts just this certificate shakes hands.</summary>
    public static SslClientAuthenticationOptions Write(DirectoryInfo folder, string name, string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(folder.FullName, name + ".crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder.FullName, name + ".key"), key.ExportPkcs8PrivateKeyPem());
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(certificate.RawData));
        return new() { TargetHost = host, CertificateChainPolicy = policy };
    }
}
