using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailCloud.Messages;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>SCRAM over TLS with an independent client.</summary>
[Collection("server")]
public sealed class LoginTests(ServerFixture server)
{
    [Theory]
    [InlineData("secured-submissions", SecureSocketOptions.SslOnConnect, false)]
    [InlineData("secured-submissions", SecureSocketOptions.SslOnConnect, true)]
    [InlineData("secured-submission", SecureSocketOptions.StartTls, false)]
    [InlineData("secured-submission", SecureSocketOptions.StartTls, true)]
    public async Task MailKit_logs_in_by_scram_and_submits(string listener, SecureSocketOptions security, bool plus)
    {
        var subject = $"scram {listener} {plus}";
        using var client = await ConnectAsync(listener, security);
        Assert.Contains("SCRAM-SHA-256-PLUS", client.AuthenticationMechanisms);
        await client.AuthenticateAsync(Mechanism(plus, "mailcloud"));
        await client.SendAsync(new MimeMessage(
            [new MailboxAddress("Alice", "alice@example.test")], [new MailboxAddress("Bob", "bob@example.test")], subject, new TextPart { Text = "hello" }));
        await client.DisconnectAsync(true);

        var (entry, _) = (await server.StoredAsync()).Single(s => Encoding.ASCII.GetString(s.Body).Contains($"Subject: {subject}\r\n", StringComparison.Ordinal));
        Assert.Equal("demo/alice", entry.Submitter!.Value.Value);

        // RFC 3848: ESMTPSA is EHLO, TLS and a login.
        Assert.Matches(@" with ESMTPSA id \S+ \(TLS1\.[23] TLS_\w+\)\r\n", entry.Trace);
    }

    [Fact]
    public async Task MailKit_requires_tls_of_every_host_on_the_way()
    {
        using var client = await ConnectAsync("secured-submissions", SecureSocketOptions.SslOnConnect);
        Assert.True(client.Capabilities.HasFlag(SmtpCapabilities.RequireTLS));
        await client.AuthenticateAsync(Mechanism(plus: false, "mailcloud"));
        client.RequireTLS = true;
        await client.SendAsync(new MimeMessage(
            [new MailboxAddress("Alice", "alice@example.test")], [new MailboxAddress("Bob", "bob@example.test")], "requires tls", new TextPart { Text = "hello" }));
        await client.DisconnectAsync(true);

        var (entry, _) = (await server.StoredAsync()).Single(s => Encoding.ASCII.GetString(s.Body).Contains("Subject: requires tls\r\n", StringComparison.Ordinal));
        Assert.Equal(TlsDemand.Required, entry.Envelope.Tls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wrong_password_is_refused_and_the_session_stays_usable(bool plus)
    {
        using var client = await ConnectAsync("secured-submissions", SecureSocketOptions.SslOnConnect);
        var refusal = await Assert.ThrowsAsync<AuthenticationException>(() => client.AuthenticateAsync(Mechanism(plus, "wrong")));
        Assert.Contains("535", refusal.Message, StringComparison.Ordinal);
        await client.AuthenticateAsync(Mechanism(plus, "mailcloud"));
        Assert.True(client.IsAuthenticated);
        await client.DisconnectAsync(true);
    }

    private static SaslMechanism Mechanism(bool plus, string password) => plus
        ? new SaslMechanismScramSha256Plus("alice@example.test", password)
        : new SaslMechanismScramSha256("alice@example.test", password);

    private async Task<SmtpClient> ConnectAsync(string listener, SecureSocketOptions security)
    {
        // The certificate's own name is not what this client connects to; that it is the server's is what counts.
        var expected = server.Tls.CertificateChainPolicy!.CustomTrustStore[0];
        var client = new SmtpClient(new ProtocolLogger(Stream.Null))
        {
            CheckCertificateRevocation = false,
            ServerCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && shown.Thumbprint == expected.Thumbprint,
        };
        await client.ConnectAsync("127.0.0.1", server.Port(listener), security);
        return client;
    }
}
