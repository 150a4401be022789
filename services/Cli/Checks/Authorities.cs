using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailCloud.Cli.Checks;

/// <summary>Which certificates are right: by the machine's authorities, and by those of a file.</summary>
internal sealed class Authorities
{
    private readonly X509Certificate2Collection extra = [];

    /// <param name="file">Certificates in PEM to trust beside the machine's; null for none.</param>
    public static Authorities Read(FileInfo? file)
    {
        var authorities = new Authorities();
        if (file is null)
        {
            return authorities;
        }

        try
        {
            authorities.extra.ImportFromPemFile(file.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new AdminException($"the file of --trust cannot be read: {e.Message}");
        }

        return authorities.extra.Count > 0 ? authorities : throw new AdminException($"--trust is '{file.Name}', which has no certificate in PEM (-----BEGIN CERTIFICATE-----)");
    }

    /// <summary>The faults that are left when these authorities are trusted too.</summary>
    public SslPolicyErrors Judge(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors faults)
    {
        if (extra.Count == 0 || certificate is null || !faults.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            return faults;
        }

        using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        using var built = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        built.ChainPolicy.CustomTrustStore.AddRange(extra);
        built.ChainPolicy.ExtraStore.AddRange(chain?.ChainElements.Select(element => element.Certificate).ToArray() ?? []);
        return built.Build(leaf) ? faults & ~SslPolicyErrors.RemoteCertificateChainErrors : faults;
    }
}
