using System.Text;
using MailCloud.Credentials;
using MailCloud.MailboxAccess.Tests.Pop3;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>What an app password opens, and that it is over with its sessions when it is taken back.</summary>
public sealed class AppPasswordTests(ImapServer server) : IClassFixture<ImapServer>
{
    private const string Bye = "* BYE This app password was revoked";

    [Fact]
    public async Task One_opens_the_protocols_of_its_scope()
    {
        var user = await server.CreateAccountAsync();
        var (imap, _) = await AddAsync(server, user, LoginProtocols.Imap);
        var (pop, _) = await AddAsync(server, user, LoginProtocols.Pop);

        await using var client = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.Equal(["NO [AUTHENTICATIONFAILED] Wrong user name or password"], await client.RunAsync($"LOGIN {user} {pop}"));
        await client.RunOkAsync($"LOGIN {user} {imap}");
        await using var plain = await ImapClient.ConnectAsync(server.EndPoint);
        await plain.RunOkAsync($"AUTHENTICATE PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{imap}"))}");
        await using var own = await ImapClient.ConnectAsync(server.EndPoint);
        await own.RunOkAsync($"LOGIN {user} {ImapServer.Password}");

        await using var maildrop = await Pop3Client.ConnectAsync(server.Pop3EndPoint);
        await maildrop.SayOkAsync($"USER {user}");
        Assert.StartsWith("-ERR [AUTH]", await maildrop.SayAsync($"PASS {imap}"), StringComparison.Ordinal);
        await maildrop.SayOkAsync($"USER {user}");
        await maildrop.SayOkAsync($"PASS {pop}");
    }

    [Fact]
    public async Task Only_sessions_that_a_revoked_one_opened_end()
    {
        var user = await server.CreateAccountAsync();
        var (secret, id) = await AddAsync(server, user, LoginProtocols.Imap);
        var (others, _) = await AddAsync(server, user, LoginProtocols.Imap);
        await using var revoked = await LogInAsync(server, user, secret);
        await using var other = await LogInAsync(server, user, others);
        await using var own = await LogInAsync(server, user, ImapServer.Password);

        await PasswordsOf(server, user).RemoveAsync(id);

        Assert.Equal(Bye, await revoked.ReadLineAsync());
        await Assert.ThrowsAnyAsync<IOException>(revoked.ReadLineAsync);
        await other.RunOkAsync("NOOP");
        await own.RunOkAsync("NOOP");
        await using var next = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.Equal(["NO [AUTHENTICATIONFAILED] Wrong user name or password"], await next.RunAsync($"LOGIN {user} {secret}"));
    }

    [Fact]
    public async Task A_POP3_session_of_a_revoked_one_is_told_and_ends()
    {
        var user = await server.CreateAccountAsync();
        var (secret, id) = await AddAsync(server, user, LoginProtocols.Pop);
        await using var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint);
        await client.SayOkAsync($"USER {user}");
        await client.SayOkAsync($"PASS {secret}");
        await PasswordsOf(server, user).RemoveAsync(id);
        Assert.Equal("-ERR [AUTH] This app password was revoked", await client.ReadLineAsync());
        Assert.Null(await client.TryReadLineAsync());
    }

    /// <param name="others">With 1,000 more changes the edge cannot be told what it has missed: it asks about each of its accounts.</param>
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task An_edge_that_was_not_told_learns_of_it_when_it_renews(int others)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var forgotten = new ImapServer { Time = time };
        await forgotten.InitializeAsync();
        try
        {
            var grains = forgotten.Services.GetRequiredService<IGrainFactory>();
            var user = await forgotten.CreateAccountAsync();
            var (secret, id) = await AddAsync(forgotten, user, LoginProtocols.Imap);
            await using var client = await LogInAsync(forgotten, user, secret);
            await using var own = await LogInAsync(forgotten, user, ImapServer.Password);

            // Whom to tell stands in memory, and is gone with it until edges renew.
            await forgotten.ForgetAsync();
            await PasswordsOf(forgotten, user).RemoveAsync(id);
            var news = grains.GetGrain<IStandingNewsGrain>(0);
            await Task.WhenAll(Enumerable.Range(0, others).Select(_ => news.TellAsync(new(new("demo"), "a@example.test", null, EndsSessions: false))));
            await client.RunOkAsync("NOOP");

            time.Advance(TimeSpan.FromSeconds(15));
            Assert.Equal(Bye, await client.ReadLineAsync());
            await own.RunOkAsync("NOOP");
        }
        finally
        {
            await forgotten.DisposeAsync();
        }
    }

    private static async Task<ImapClient> LogInAsync(ImapServer at, string user, string password)
    {
        var client = await ImapClient.ConnectAsync(at.EndPoint);
        await client.RunOkAsync($"LOGIN {user} {password}");
        return client;
    }

    private static async Task<(string Secret, Guid Id)> AddAsync(ImapServer at, string user, LoginProtocols scopes)
    {
        var (secret, id) = (AppPasswordSecret.New(), Guid.NewGuid());
        var password = new AppPassword { Id = id, Name = $"{id}", Scopes = scopes, MadeAt = DateTimeOffset.UtcNow };
        Assert.Equal(AddAppPasswordResult.Added, await PasswordsOf(at, user).AddAsync(password, AppPasswordSecret.DigestOf(secret)!));
        return (secret, id);
    }

    private static IAppPasswordsGrain PasswordsOf(ImapServer at, string user) => at.Services.GetRequiredService<IGrainFactory>().GetGrain<IAppPasswordsGrain>(user);
}
