using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace MailCloud.Cli.Checks;

/// <summary>What a service showed in its handshake.</summary>
internal sealed record ShownCertificate(string Names, DateTimeOffset Ends, SslPolicyErrors Faults)
{
    public static ShownCertificate Of(X509Certificate? certificate, SslPolicyErrors faults)
    {
        if (certificate is null)
        {
            return new("", DateTimeOffset.MinValue, faults);
        }

        using var shown = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        var names = shown.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())));
        return new(string.Join(", ", names.DefaultIfEmpty(shown.GetNameInfo(X509NameType.SimpleName, forIssuer: false))), new(shown.NotAfter), faults);
    }
}
