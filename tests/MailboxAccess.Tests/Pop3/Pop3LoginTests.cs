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
        await Assert.ThrowsAsync<AuthenticationException>(() => client.AuthenticateAsync(SecuredImapServer.Mechanism(mechanism, user, "wrong")));
        await client.AuthenticateAsync(SecuredImapServer.Mechanism(mechanism, user, ImapServer.Password));
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

    private async Task<MailKitClient> ConnectAsync(SecureSocketOptions security)
    {
        var client = new MailKitClient();
        await server.ConnectAsync(client, security == SecureSocketOptions.StartTls ? server.Pop3EndPoint : server.Pop3TlsEndPoint, security);
        return client;
    }
}
