using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MailCloud.Testing;
using MailKit;
using MailKit.Security;
using MailKitClient = MailKit.Net.Imap.ImapClient;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>TLS and SASL with an independent client.</summary>
public sealed class LoginTests(SecuredImapServer server) : IClassFixture<SecuredImapServer>
{
    [Theory]
    [InlineData(SecureSocketOptions.SslOnConnect, "PLAIN")]
    [InlineData(SecureSocketOptions.SslOnConnect, "LOGIN")]
    [InlineData(SecureSocketOptions.SslOnConnect, "SCRAM-SHA-256")]
    [InlineData(SecureSocketOptions.SslOnConnect, "SCRAM-SHA-256-PLUS")]
    [InlineData(SecureSocketOptions.StartTls, "PLAIN")]
    [InlineData(SecureSocketOptions.StartTls, "SCRAM-SHA-256-PLUS")]
    public async Task MailKit_logs_in_and_reads(SecureSocketOptions security, string mechanism)
    {
        var user = await server.CreateAccountAsync();
        using var client = await ConnectAsync(security);
        Assert.Contains(mechanism, client.AuthenticationMechanisms);
        await Assert.ThrowsAsync<AuthenticationException>(() => client.AuthenticateAsync(Mechanism(mechanism, user, "wrong")));
        await client.AuthenticateAsync(Mechanism(mechanism, user, ImapServer.Password));
        await client.Inbox.OpenAsync(FolderAccess.ReadOnly);
        Assert.Equal(SampleMail.All.Count, client.Inbox.Count);
        await client.DisconnectAsync(true);
    }

    [Theory]
    [InlineData(Chunking.ByLine)]
    [InlineData(Chunking.ByOctet)]
    public async Task Starttls_forgets_what_was_said_in_clear(Chunking chunking)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint);
        await TranscriptRunner.RunAsync(client, Transcript.Parse(
        [
            "S * OK [CAPABILITY IMAP4rev1 *",
            "C a STARTTLS",
            "S a OK *",
            "TLS",
            "C b CAPABILITY",
            "S * CAPABILITY *",
            "S b OK *",
            "C c STARTTLS",
            "S c BAD *",
            "C d LOGOUT",
            "S * BYE *",
            "S d OK *",
        ]), chunking, server.Tls);
    }

    [Fact]
    public async Task What_was_injected_behind_starttls_is_dropped()
    {
        // RFC 3501 §11.3: commands that came in clear must not run inside TLS.
        using var client = new TcpClient();
        await client.ConnectAsync(server.EndPoint);
        await TranscriptRunner.RunAsync(client, Transcript.Parse(
        [
            "S * OK *",
            "C a STARTTLS",
            "C x NOOP",
            "S a OK *",
            "TLS",
            "C b NOOP",
            "S b OK *",
        ]), Chunking.Whole, server.Tls);
    }

    private static SaslMechanism Mechanism(string name, string user, string password)
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

    private async Task<MailKitClient> ConnectAsync(SecureSocketOptions security)
    {
        var expected = server.Tls.CertificateChainPolicy!.CustomTrustStore[0];
        var client = new MailKitClient
        {
            CheckCertificateRevocation = false,
            ServerCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && shown.Thumbprint == expected.Thumbprint,
        };
        var port = security == SecureSocketOptions.StartTls ? server.EndPoint.Port : server.TlsEndPoint.Port;
        await client.ConnectAsync("127.0.0.1", port, security);
        return client;
    }
}
