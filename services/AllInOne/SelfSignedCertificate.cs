using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailCloud.AllInOne;

/// <summary>Makes the certificate that TLS listeners use until an administrator puts a real one in its place.</summary>
internal static class SelfSignedCertificate
{
    /// <summary>Writes <c>default.crt</c> and <c>default.key</c> (PEM) unless they exist.</summary>
    public static void Ensure(string directory, string hostName, TimeProvider time)
    {
        var (crt, key) = (Path.Combine(directory, "default.crt"), Path.Combine(directory, "default.key"));
        if (File.Exists(crt) && File.Exists(key))
        {
            return;
        }

        PrivateFiles.CreateDirectory(directory);
        using var keyPair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={hostName}", keyPair, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(hostName);
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(2));
        PrivateFiles.Write(key, keyPair.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(crt, certificate.ExportCertificatePem());
    }
}
