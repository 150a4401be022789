using System.Text;
using MailCloud.Testing;
using MailKit;
using MailKit.Security;
using MailKitImap = MailKit.Net.Imap.ImapClient;
using MailKitPop3 = MailKit.Net.Pop3.Pop3Client;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>Logins by the tokens of real issuers over loopback, with an independent client and by hand.</summary>
public sealed class OAuthTests(OAuthServer server) : IClassFixture<OAuthServer>
{
    private const string Refused = "NO [AUTHENTICATIONFAILED] Wrong user name or password";

    [Theory]
    [InlineData("OAUTHBEARER", SecureSocketOptions.SslOnConnect)]
    [InlineData("OAUTHBEARER", SecureSocketOptions.StartTls)]
    [InlineData("XOAUTH2", SecureSocketOptions.SslOnConnect)]
    [InlineData("XOAUTH2", SecureSocketOptions.StartTls)]
    public async Task MailKit_logs_in_to_IMAP_and_reads(string mechanism, SecureSocketOptions security)
    {
        var user = await server.CreateAccountAsync();
        using var client = new MailKitImap();
        await server.ConnectAsync(client, security == SecureSocketOptions.StartTls ? server.EndPoint : server.TlsEndPoint, security);
        Assert.Contains(mechanism, client.AuthenticationMechanisms);
        await Assert.ThrowsAsync<AuthenticationException>(() => client.AuthenticateAsync(Mechanism(mechanism, user, "wrong")));
        await client.AuthenticateAsync(Mechanism(mechanism, user, server.Issuer.TokenFor(user)));
        await client.Inbox.OpenAsync(FolderAccess.ReadOnly);
        Assert.Equal(SampleMail.All.Count, client.Inbox.Count);
        await client.DisconnectAsync(true);
    }

    [Theory]
    [InlineData("OAUTHBEARER")]
    [InlineData("XOAUTH2")]
    public async Task MailKit_logs_in_to_POP3_and_reads(string mechanism)
    {
        var user = await server.CreateAccountAsync();
        using var client = new MailKitPop3();
        await server.ConnectAsync(client, server.Pop3TlsEndPoint, SecureSocketOptions.SslOnConnect);
        Assert.Contains(mechanism, client.AuthenticationMechanisms);

        // Of POP3, MailKit does not answer the challenge of a refusal: auth-oauth.pop3 shows it.
        await client.AuthenticateAsync(Mechanism(mechanism, user, server.Issuer.TokenFor(user)));
        Assert.Equal(SampleMail.All.Count, client.Count);
        await client.DisconnectAsync(true);
    }

    [Fact]
    public async Task A_tenants_issuer_lets_in_only_its_own_accounts_and_each_only_itself()
    {
        var (ann, bob) = (await server.CreateAccountAsync(), await server.CreateAccountAsync());
        var carol = await server.CreateOtherAsync("carol");
        Assert.StartsWith("OK ", await LogInAsync(carol, server.OtherIssuer.TokenFor(carol)), StringComparison.Ordinal);
        Assert.Equal(Refused, await LogInAsync(ann, server.Issuer.TokenFor(bob)));
        Assert.Equal(Refused, await LogInAsync(ann, server.OtherIssuer.TokenFor(ann)));
        Assert.Equal(Refused, await LogInAsync(carol, server.Issuer.TokenFor(carol)));
        Assert.Equal(Refused, await LogInAsync("nobody@example.test", server.Issuer.TokenFor("nobody@example.test")));
        Assert.Equal(Refused, await LogInAsync("nobody@nowhere.test", server.Issuer.TokenFor("nobody@nowhere.test")));
        Assert.Equal(Refused, await LogInAsync("postmaster@example.test", server.Issuer.TokenFor(ann)));
    }

    [Fact]
    public async Task A_token_that_is_over_is_refused_and_what_it_has_opened_stays()
    {
        var user = await server.CreateAccountAsync();
        var token = server.Issuer.TokenFor(user, claims => claims["exp"] = server.Clock.GetUtcNow().ToUnixTimeSeconds() + 1);
        await using var client = await ImapClient.ConnectAsync(server.EndPoint);
        await client.RunOkAsync($"AUTHENTICATE XOAUTH2 {XOAuth2(user, token)}");
        server.Clock.Advance(TimeSpan.FromSeconds(62));
        Assert.Equal(Refused, await LogInAsync(user, token));
        await client.RunOkAsync("SELECT INBOX");
    }

    [Fact]
    public async Task An_issuer_that_has_changed_its_keys_is_asked_again()
    {
        var user = await server.CreateAccountAsync();
        await LogInAsync(user, server.Issuer.TokenFor(user));
        server.Issuer.Rotate();
        server.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.StartsWith("OK ", await LogInAsync(user, server.Issuer.TokenFor(user)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_keys_are_out_of_reach_nobody_is_told_that_a_token_is_wrong_and_others_log_in()
    {
        var (ann, dave) = (await server.CreateAccountAsync(), await server.CreateOtherAsync("dave"));
        await server.TrustAsync("other", "http://127.0.0.1:9/realm");
        Assert.Equal("NO [UNAVAILABLE] Nothing could be checked at this moment, try again later", await LogInAsync(dave, server.OtherIssuer.TokenFor(dave)));
        Assert.StartsWith("OK ", await LogInAsync(ann, server.Issuer.TokenFor(ann)), StringComparison.Ordinal);
        await server.TrustAsync("other", server.OtherIssuer.Issuer);
        Assert.StartsWith("OK ", await LogInAsync(dave, server.OtherIssuer.TokenFor(dave)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_lacks_a_scope_is_told_which_and_where_to_get_it()
    {
        var eve = await server.CreateOtherAsync("eve");
        await server.TrustAsync("other", server.OtherIssuer.Issuer, "mail.access", "mail.send");
        await using var client = await ImapClient.ConnectAsync(server.EndPoint);
        var token = server.OtherIssuer.TokenFor(eve, claims => claims["scope"] = "mail.access");
        await client.SendLineAsync($"a AUTHENTICATE OAUTHBEARER {Base64($"n,a={eve},\u0001auth=Bearer {token}\u0001\u0001")}");
        var challenge = await client.ReadLineAsync();
        Assert.Equal(
            $$"""{"status":"insufficient_scope","scope":"mail.access mail.send","openid-configuration":"{{server.OtherIssuer.Issuer}}/.well-known/openid-configuration"}""",
            Encoding.UTF8.GetString(Convert.FromBase64String(challenge[2..])));
        await client.SendLineAsync("AQ==");
        Assert.Equal($"a {Refused}", await client.ReadLineAsync());
        await server.TrustAsync("other", server.OtherIssuer.Issuer);
    }

    [Fact]
    public async Task A_suspended_account_is_told_so_only_with_its_token()
    {
        var user = await server.CreateAccountAsync();
        await server.SuspendAsync(user);
        Assert.Equal(Refused, await LogInAsync(user, server.OtherIssuer.TokenFor(user)));
        Assert.Equal("NO [CONTACTADMIN] This account is suspended", await LogInAsync(user, server.Issuer.TokenFor(user)));
    }

    [Fact]
    public async Task No_part_of_a_token_is_logged()
    {
        var (ann, bob) = (await server.CreateAccountAsync(), await server.CreateAccountAsync());
        string[] tokens = [server.Issuer.TokenFor(ann), server.Issuer.TokenFor(bob), "opaque-token-of-nobody", server.Issuer.ForgedFor(ann)];
        foreach (var token in tokens)
        {
            await LogInAsync(ann, token);
        }

        Assert.Contains(server.Logged, line => line.StartsWith("8201 ", StringComparison.Ordinal));
        string[] parts = [.. tokens.SelectMany(token => token.Split('.')), .. tokens.Select(token => XOAuth2(ann, token))];
        Assert.DoesNotContain(server.Logged, line => parts.Any(part => line.Contains(part, StringComparison.Ordinal)));
    }

    private async Task<string> LogInAsync(string user, string token)
    {
        await using var client = await ImapClient.ConnectAsync(server.EndPoint);
        await client.SendLineAsync($"a AUTHENTICATE XOAUTH2 {XOAuth2(user, token)}");
        var answer = await client.ReadLineAsync();
        if (answer.StartsWith("+ ", StringComparison.Ordinal))
        {
            await client.SendLineAsync("");
            answer = await client.ReadLineAsync();
        }

        return answer[2..];
    }

    private static SaslMechanism Mechanism(string name, string user, string token) =>
        name == "XOAUTH2" ? new SaslMechanismOAuth2(user, token) : new SaslMechanismOAuthBearer(user, token);

    private static string XOAuth2(string user, string token) => Base64($"user={user}\u0001auth=Bearer {token}\u0001\u0001");

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
