using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailCloud.Testing;
using MailKit;
using MailKit.Security;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>The same with a certificate: STARTTLS on the one port, TLS from the first octet on the other.</summary>
public class SecuredImapServer : ImapServer
{
    private readonly DirectoryInfo certificates = Directory.CreateTempSubdirectory("mailcloud-imap-tls-");

    public SecuredImapServer() => Tls = CertificatePair.Write(certificates, "default", "mail.example");

    /// <summary>How a client shakes hands that trusts the server's certificate.</summary>
    public SslClientAuthenticationOptions Tls { get; }

    /// <summary>A client's means to show a password, by the mechanism's name.</summary>
    public static SaslMechanism Mechanism(string name, string user, string password)
    {
        var credentials = new NetworkCredential(user, password);
        return name switch
        {
            "PLAIN" => new SaslMechanismPlain(credentials),
            "LOGIN" => new SaslMechanismLogin(credentials),
            "SCRAM-SHA-256" => new SaslMechanismScramSha256(credentials),
            _ => new SaslMechanismScramSha256Plus(credentials),
        };
    }

    /// <summary>Connects a client that trusts the server's certificate and nothing else.</summary>
    public async Task ConnectAsync(MailService client, IPEndPoint endPoint, SecureSocketOptions security)
    {
        var expected = Tls.CertificateChainPolicy!.CustomTrustStore[0];
        client.CheckCertificateRevocation = false;
        client.ServerCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && shown.Thumbprint == expected.Thumbprint;
        await client.ConnectAsync("127.0.0.1", endPoint.Port, security);
    }

    protected override IEnumerable<KeyValuePair<string, string?>> Further() =>
        [new("Tls:Directory", certificates.FullName), new("Imap:Tls", "127.0.0.1:0"), new("Pop3:Tls", "127.0.0.1:0"), new("Oidc:AllowedNetworks", "127.0.0.0/8")];
}
