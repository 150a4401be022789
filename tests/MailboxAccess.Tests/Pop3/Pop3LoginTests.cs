using System.Net;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Pop3;
using MailKit.Security;
using MailKitClient = MailKit.Net.Pop3.Pop3Client;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>TLS and SASL with an independent client.</summary>
public sealed class Pop3LoginTests(SecuredImapServer server) : IClassFixture<SecuredImapServer>
{
    [Theory]
    [InlineData(SecureSocketOptions.SslOnConnect, "PLAIN")]
    [InlineData(SecureSocketOptions.SslOnConnect, "SCRAM-SHA-256")]
    [InlineData(SecureSocketOptions.SslOnConnect, "SCRAM-SHA-256-PLUS")]
    [InlineData(SecureSocketOptions.StartTls, "PLAIN")]
    [InlineData(SecureSocketOptions.StartTls, "SCRAM-SHA-256-PLUS")]
    public async Task MailKit_logs_in_and_reads(SecureSocketOptions security, string mechanism)
    {
        var user = await server.CreateAccountAsync();
        using var client = await ConnectAsync(security);
        Assert.Contains(mechanism, client.AuthenticationMechanisms);
        Assert.True(client.Capabilities.HasFlag(Pop3Capabilities.UTF8User | Pop3Capabilities.Lang | Pop3Capabilities.Pipelining | Pop3Capabilities.UIDL | Pop3Capabilities.Top));
        await Assert.ThrowsAsync<AuthenticationException>(() => client.AuthenticateAsync(Mechanism(mechanism, user, "wrong")));
        await client.AuthenticateAsync(Mechanism(mechanism, user, ImapServer.Password));
        Assert.Equal(SampleMail.All.Count, client.Count);
        Assert.Equal(SampleMail.All.Count, (await client.GetMessageUidsAsync()).Distinct().Count());
        Assert.Equal(["Lunch", "Gr\u00fc\u00dfe", "Lunch"], (await client.GetMessagesAsync(0, 3)).Select(m => m.Subject));
        await client.DeleteMessageAsync(1);
        await client.DisconnectAsync(true);
        using var next = await ConnectAsync(security);
        await next.AuthenticateAsync(user, ImapServer.Password);
        Assert.Equal(SampleMail.All.Count - 1, next.Count);
        Assert.Equal(["en", "zh-CN"], (await next.GetLanguagesAsync()).Select(l => l.Language));
        await next.DisconnectAsync(true);
    }

    private static SaslMechanism Mechanism(string name, string user, string password)
    {
        var credentials = new NetworkCredential(user, password);
        return name switch
        {
            "PLAIN" => new SaslMechanismPlain(credentials),
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
        var port = security == SecureSocketOptions.StartTls ? server.Pop3EndPoint.Port : server.Pop3TlsEndPoint.Port;
        await client.ConnectAsync("127.0.0.1", port, security);
        return client;
    }
}
