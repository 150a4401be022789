using MailCloud.MailboxAccess.Tests.Pop3;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>What an administrator says of an account or its tenant counts at once, also for who is logged in.</summary>
public sealed class SuspensionTests(ImapServer server) : IClassFixture<ImapServer>
{
    private const string Bye = "* BYE [CONTACTADMIN] This account is suspended";

    [Fact]
    public async Task Who_waits_or_idles_hears_goodbye_at_once_and_cannot_come_back()
    {
        var user = await server.CreateAccountAsync();
        await using var waiting = await ImapClient.ConnectAsync(server.EndPoint, user);
        await using var idling = await ImapClient.ConnectAsync(server.EndPoint, user);
        await idling.RunOkAsync("SELECT INBOX");
        await idling.IdleAsync();
        await using var other = await ImapClient.ConnectAsync(server.EndPoint, await server.CreateAccountAsync());

        await SetAsync(user, AccountState.Suspended);

        Assert.Equal(Bye, await waiting.ReadLineAsync());
        Assert.Equal(Bye, await idling.ReadLineAsync());
        await Assert.ThrowsAnyAsync<IOException>(waiting.ReadLineAsync);
        await other.RunOkAsync("NOOP");
        await using var next = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.Equal(["NO [CONTACTADMIN] This account is suspended"], await next.RunAsync($"LOGIN {user} {ImapServer.Password}"));
        Assert.Equal(["NO [AUTHENTICATIONFAILED] Wrong user name or password"], await next.RunAsync($"LOGIN {user} wrong"));

        await SetAsync(user, AccountState.Active);
        await next.RunOkAsync($"LOGIN {user} {ImapServer.Password}");
    }

    [Fact]
    public async Task What_a_POP3_session_has_marked_stays_and_its_next_command_is_refused()
    {
        var user = await server.CreateAccountAsync();
        await using (var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user))
        {
            await client.SayOkAsync("DELE 1");
            await SetAsync(user, AccountState.Suspended);
            Assert.Equal("-ERR [SYS/PERM] This account is suspended, ask your administrator", await client.ReadLineAsync());
            Assert.Null(await client.TryReadLineAsync());
        }

        await using (var next = await Pop3Client.ConnectAsync(server.Pop3EndPoint))
        {
            Assert.Equal("-ERR [SYS/PERM] This account is suspended, ask your administrator", await next.LogInAsync(user));
        }

        await SetAsync(user, AccountState.Active);
        await using var again = await Pop3Client.ConnectWhenFreeAsync(server.Pop3EndPoint, user);
        Assert.Equal(3, (await again.ListAsync("LIST")).Count);
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
            await using var client = await ImapClient.ConnectAsync(forgotten.EndPoint, user);
            await using var other = await ImapClient.ConnectAsync(forgotten.EndPoint, await forgotten.CreateAccountAsync());

            // Whom to tell stands in memory, and is gone with it until edges renew.
            await forgotten.ForgetAsync();
            await grains.GetGrain<IAddressGrain>(user).SetStateAsync(AccountState.Suspended);
            var news = grains.GetGrain<IStandingNewsGrain>(0);
            await Task.WhenAll(Enumerable.Range(0, others).Select(_ => news.TellAsync(new(new("demo"), "a@example.test", null, EndsSessions: false))));
            await client.RunOkAsync("NOOP");

            time.Advance(TimeSpan.FromSeconds(15));
            Assert.Equal(Bye, await client.ReadLineAsync());
            await other.RunOkAsync("NOOP");
        }
        finally
        {
            await forgotten.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_may_not_send_goes_on_reading()
    {
        var user = await server.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        await SetAsync(user, AccountState.ReceiveOnly);
        await client.RunOkAsync("SELECT INBOX");
        await using var next = await ImapClient.ConnectAsync(server.EndPoint, user);
        await next.RunOkAsync("SELECT INBOX");
    }

    private Task<bool> SetAsync(string user, AccountState state) => server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAddressGrain>(user).SetStateAsync(state);
}

/// <summary>A server of its own: the whole tenant is suspended.</summary>
public sealed class TenantSuspensionTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task All_accounts_of_a_suspended_tenant_are_out_and_come_back_with_it()
    {
        var users = new[] { await server.CreateAccountAsync(), await server.CreateAccountAsync() };
        await using var first = await ImapClient.ConnectAsync(server.EndPoint, users[0]);
        await using var second = await ImapClient.ConnectAsync(server.EndPoint, users[1]);
        var tenant = server.Services.GetRequiredService<IGrainFactory>().GetGrain<ITenantGrain>("demo");

        Assert.True(await tenant.SetStateAsync(AccountState.Suspended));
        Assert.StartsWith("* BYE [CONTACTADMIN]", await first.ReadLineAsync(), StringComparison.Ordinal);
        Assert.StartsWith("* BYE [CONTACTADMIN]", await second.ReadLineAsync(), StringComparison.Ordinal);
        await using var next = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.StartsWith("NO [CONTACTADMIN]", (await next.RunAsync($"LOGIN {users[0]} {ImapServer.Password}"))[^1], StringComparison.Ordinal);

        await tenant.SetStateAsync(AccountState.Active);
        await next.RunOkAsync($"LOGIN {users[0]} {ImapServer.Password}");
    }
}
