using System.Net.Sockets;
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
        await Assert.ThrowsAsync<AuthenticationException>(() => client.AuthenticateAsync(SecuredImapServer.Mechanism(mechanism, user, "wrong")));
        await client.AuthenticateAsync(SecuredImapServer.Mechanism(mechanism, user, ImapServer.Password));
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

    private async Task<MailKitClient> ConnectAsync(SecureSocketOptions security)
    {
        var client = new MailKitClient();
        await server.ConnectAsync(client, security == SecureSocketOptions.StartTls ? server.EndPoint : server.TlsEndPoint, security);
        return client;
    }
}
