using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailCloud.Testing;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>Submission by the tokens of a real issuer over loopback, with an independent client.</summary>
[Collection("server")]
public sealed class OAuthTests(ServerFixture server) : IAsyncLifetime
{
    private const string Alice = "alice@example.test";

    private TestIssuer issuer = null!;

    public async Task InitializeAsync()
    {
        issuer = await TestIssuer.StartAsync();
        Table.Issuers["demo"] = new() { Issuer = issuer.Issuer, Audiences = [TestIssuer.Audience] };
    }

    public async Task DisposeAsync()
    {
        Table.Issuers.TryRemove("demo", out _);
        await issuer.DisposeAsync();
    }

    [Theory]
    [InlineData("OAUTHBEARER", "secured-submissions", SecureSocketOptions.SslOnConnect)]
    [InlineData("XOAUTH2", "secured-submissions", SecureSocketOptions.SslOnConnect)]
    [InlineData("OAUTHBEARER", "secured-submission", SecureSocketOptions.StartTls)]
    [InlineData("XOAUTH2", "secured-submission", SecureSocketOptions.StartTls)]
    public async Task MailKit_logs_in_by_a_token_and_submits(string mechanism, string listener, SecureSocketOptions security)
    {
        var subject = $"token {mechanism} {listener}";
        using var client = await ConnectAsync(listener, security);
        Assert.Contains(mechanism, client.AuthenticationMechanisms);
        var refusal = await Assert.ThrowsAsync<AuthenticationException>(() => client.AuthenticateAsync(Mechanism(mechanism, issuer.TokenFor("bob@example.test"))));
        Assert.Contains("535", refusal.Message, StringComparison.Ordinal);
        await client.AuthenticateAsync(Mechanism(mechanism, issuer.TokenFor(Alice)));
        await client.SendAsync(new MimeMessage([new MailboxAddress("Alice", Alice)], [new MailboxAddress("Bob", "bob@example.test")], subject, new TextPart { Text = "hello" }));
        await client.DisconnectAsync(true);

        var (entry, _) = (await server.StoredAsync()).Single(s => Encoding.ASCII.GetString(s.Body).Contains($"Subject: {subject}\r\n", StringComparison.Ordinal));
        Assert.Equal("demo/alice", entry.Submitter!.Value.Value);
    }

    [Fact]
    public async Task While_the_keys_are_out_of_reach_the_client_is_told_to_come_later()
    {
        issuer.GoAway();
        using var client = await ConnectAsync("secured-submissions", SecureSocketOptions.SslOnConnect);
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => client.AuthenticateAsync(Mechanism("XOAUTH2", issuer.TokenFor(Alice))));
        Assert.Contains("454", refusal.ToString(), StringComparison.Ordinal);
    }

    private static SaslMechanism Mechanism(string name, string token) => name == "XOAUTH2" ? new SaslMechanismOAuth2(Alice, token) : new SaslMechanismOAuthBearer(Alice, token);

    private async Task<SmtpClient> ConnectAsync(string listener, SecureSocketOptions security)
    {
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
