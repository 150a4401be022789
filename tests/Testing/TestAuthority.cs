using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailCloud.Testing;

/// <summary>An authority that signs certificates, for a test's life.</summary>
public sealed class TestAuthority
{
    private readonly ECDsa key;

    private TestAuthority(string name, TestAuthority? issuer, ECDsa key)
    {
        this.key = key;
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Certificate = issuer is null ? request.CreateSelfSigned(From, Until) : issuer.Sign(request, Until);
        Chain = [Certificate, .. issuer?.Chain ?? []];
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>This authority and those above it.</summary>
    public X509Certificate2Collection Chain { get; }

    private static DateTimeOffset From => DateTimeOffset.UtcNow.AddDays(-10);

    private static DateTimeOffset Until => DateTimeOffset.UtcNow.AddDays(10);

    public static TestAuthority Root(string name) => new(name, null, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public TestAuthority Below(string name) => new(name, this, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>An authority of the same name with another key: what it signs is a forgery.</summary>
    public TestAuthority Forger() => new(Certificate.Subject[3..], null, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>A host's certificate with its key.</summary>
    /// <param name="host">Its DNS-ID; null: it has only the common name <paramref name="commonName"/>.</param>
    /// <param name="days">How long it is valid from now; it has been for nine days.</param>
    /// <param name="commonName">Of its subject.</param>
    public X509Certificate2 Issue(string? host, int days = 1, string commonName = "host") => IssueFor(host is null ? [] : [host], days, commonName);

    /// <summary>A certificate, with its key, for several hosts.</summary>
    public X509Certificate2 IssueFor(IReadOnlyCollection<string> hosts, int days = 1, string commonName = "host")
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", own, HashAlgorithmName.SHA256);
        if (hosts.Count > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var host in hosts)
            {
                names.AddDnsName(host);
            }

            request.CertificateExtensions.Add(names.Build());
        }

        using var signed = Sign(request, DateTimeOffset.UtcNow.AddDays(days));
        return signed.CopyWithPrivateKey(own);
    }

    /// <summary>How a server shows a certificate of this authority.</summary>
    public SslStreamCertificateContext Context(X509Certificate2 leaf) => SslStreamCertificateContext.Create(leaf, Chain, offline: true);

    private X509Certificate2 Sign(CertificateRequest request, DateTimeOffset until) =>
        request.Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(key), From.AddDays(1), until, Guid.NewGuid().ToByteArray());
}
