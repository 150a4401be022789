using System.Text;
using MailCloud.Credentials;
using MailCloud.MailboxAccess.Tests.Pop3;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>An account with a second factor, which IMAP and POP3 cannot ask for: its password alone opens no session.</summary>
public sealed class SecondFactorTests(ImapServer server) : IClassFixture<ImapServer>
{
    private const string Refusal = "NO [AUTHENTICATIONFAILED] This account has a second factor, use an app password";

    [Fact]
    public async Task The_password_alone_opens_nothing_an_app_password_does_and_open_sessions_stay()
    {
        var user = await server.CreateAccountAsync();
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{ImapServer.Password}"));
        await using var open = await ImapClient.ConnectAsync(server.EndPoint);
        await open.RunOkAsync($"LOGIN {user} {ImapServer.Password}");
        await SetAsync(user, true);

        await open.RunOkAsync("NOOP");
        await using var client = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.Equal([Refusal], await client.RunAsync($"LOGIN {user} {ImapServer.Password}"));
        Assert.Equal([Refusal], await client.RunAsync($"AUTHENTICATE PLAIN {plain}"));
        Assert.Equal(["NO [AUTHENTICATIONFAILED] Wrong user name or password"], await client.RunAsync($"LOGIN {user} wrong"));
        await using var maildrop = await Pop3Client.ConnectAsync(server.Pop3EndPoint);
        await maildrop.SayOkAsync($"USER {user}");
        Assert.Equal("-ERR [AUTH] This account has a second factor, use an app password", await maildrop.SayAsync($"PASS {ImapServer.Password}"));

        var secret = await AddAppPasswordAsync(user);
        await client.RunOkAsync($"LOGIN {user} {secret}");
        await maildrop.SayOkAsync($"USER {user}");
        await maildrop.SayOkAsync($"PASS {secret}");

        await SetAsync(user, false);
        await using var again = await ImapClient.ConnectAsync(server.EndPoint);
        await again.RunOkAsync($"AUTHENTICATE PLAIN {plain}");
    }

    private async Task SetAsync(string user, bool has) => Assert.True(await Grains.GetGrain<IAddressGrain>(user).SetSecondFactorAsync(has));

    private IGrainFactory Grains => server.Services.GetRequiredService<IGrainFactory>();

    private async Task<string> AddAppPasswordAsync(string user)
    {
        var secret = AppPasswordSecret.New();
        var password = new AppPassword { Id = Guid.NewGuid(), Name = "phone", Scopes = LoginProtocols.Imap | LoginProtocols.Pop, MadeAt = DateTimeOffset.UtcNow };
        Assert.Equal(AddAppPasswordResult.Added, await Grains.GetGrain<IAppPasswordsGrain>(user).AddAsync(password, AppPasswordSecret.DigestOf(secret)!));
        return secret;
    }
}
