using System.Net.Security;
using MailCloud.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>The same with a certificate: STARTTLS on the one port, TLS from the first octet on the other.</summary>
public sealed class SecuredImapServer : ImapServer
{
    private readonly DirectoryInfo certificates = Directory.CreateTempSubdirectory("mailcloud-imap-tls-");

    public SecuredImapServer() => Tls = CertificatePair.Write(certificates, "default", "mail.example");

    /// <summary>How a client shakes hands that trusts the server's certificate.</summary>
    public SslClientAuthenticationOptions Tls { get; }

    protected override IEnumerable<KeyValuePair<string, string?>> Further() =>
        [new("Tls:Directory", certificates.FullName), new("Imap:Tls", "127.0.0.1:0"), new("Pop3:Tls", "127.0.0.1:0")];
}
