using MailCloud.MailboxAccess.Imap;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>How many sessions there may be, and whose they are behind a proxy.</summary>
public sealed class SessionLimitTests(ImapServer server) : IClassFixture<ImapServer>
{
    private const string TurnedAway = "* BYE [UNAVAILABLE] ";

    [Fact]
    public async Task A_network_has_so_many_sessions_at_a_time_and_gets_a_place_back()
    {
        var piped = new PipedImapServer(server.Services, new() { MaxSessionsPerNetwork = 1 });
        using var first = piped.Connect("2001:db8::1");
        Assert.StartsWith("* OK ", await first.ReadLineAsync(), StringComparison.Ordinal);

        using (var second = piped.Connect("2001:db8::2"))
        {
            Assert.StartsWith(TurnedAway, await second.ReadLineAsync(), StringComparison.Ordinal);
            Assert.Equal(PipedClient.Closed, await second.ReadLineAsync());
        }

        await GreetsAsync(piped, "2001:db8:0:1::2");
        Assert.StartsWith("* BYE", await first.SayAsync("a LOGOUT"), StringComparison.Ordinal);
        await first.EndAsync();
        await GreetsAsync(piped, "2001:db8::2");
    }

    [Fact]
    public async Task The_process_has_so_many_sessions_at_a_time()
    {
        var piped = new PipedImapServer(server.Services, new() { MaxSessions = 1 });
        using var first = piped.Connect();
        Assert.StartsWith("* OK ", await first.ReadLineAsync(), StringComparison.Ordinal);
        using var second = piped.Connect("198.51.100.1");
        Assert.StartsWith(TurnedAway, await second.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_network_has_so_many_new_sessions_a_minute()
    {
        var piped = new PipedImapServer(server.Services, new() { SessionsPerMinute = 1 });
        await GreetsAsync(piped, "192.0.2.1");
        using (var second = piped.Connect("192.0.2.1"))
        {
            Assert.StartsWith(TurnedAway, await second.ReadLineAsync(), StringComparison.Ordinal);
        }

        await GreetsAsync(piped, "192.0.2.2");
        piped.Time.Advance(TimeSpan.FromMinutes(1));
        await GreetsAsync(piped, "192.0.2.1");
    }

    [Fact]
    public async Task An_account_has_so_many_sessions_from_one_network_and_gets_a_place_back()
    {
        var piped = new PipedImapServer(server.Services, new() { MaxSessionsPerAccount = 1, UnlimitedNetworks = "" });
        var user = await server.CreateAccountAsync();
        using var first = piped.Connect("127.0.0.1");
        Assert.StartsWith("a OK ", await LogInAsync(first, user), StringComparison.Ordinal);
        using var second = piped.Connect("127.0.0.1");
        Assert.StartsWith("a NO [LIMIT] ", await LogInAsync(second, user), StringComparison.Ordinal);
        using var elsewhere = piped.Connect("127.0.0.2");
        Assert.StartsWith("a OK ", await LogInAsync(elsewhere, user), StringComparison.Ordinal);
        using var other = piped.Connect("127.0.0.1");
        Assert.StartsWith("a OK ", await LogInAsync(other, await server.CreateAccountAsync()), StringComparison.Ordinal);

        Assert.StartsWith("* BYE", await first.SayAsync("b LOGOUT"), StringComparison.Ordinal);
        await first.EndAsync();
        Assert.StartsWith("c OK ", await second.SayAsync($"c LOGIN {user} {ImapServer.Password}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Networks_without_limits_have_none()
    {
        var piped = new PipedImapServer(server.Services, new() { MaxSessionsPerNetwork = 1, SessionsPerMinute = 1, MaxSessionsPerAccount = 1 });
        var user = await server.CreateAccountAsync();
        using var first = piped.Connect("127.0.0.1");
        Assert.StartsWith("a OK ", await LogInAsync(first, user), StringComparison.Ordinal);
        using var second = piped.Connect("127.0.0.1");
        Assert.StartsWith("a OK ", await LogInAsync(second, user), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Behind_a_proxy_the_client_counts_and_not_the_proxy()
    {
        var piped = new PipedImapServer(server.Services, new() { ProxyNetworks = "198.51.100.0/24", MaxSessionsPerNetwork = 1 });
        using var first = await ConnectThroughProxyAsync(piped, "192.0.2.1");
        Assert.Contains("LOGINDISABLED", await first.ReadLineAsync(), StringComparison.Ordinal);
        using var second = await ConnectThroughProxyAsync(piped, "192.0.2.2");
        Assert.StartsWith("* OK ", await second.ReadLineAsync(), StringComparison.Ordinal);
        using var third = await ConnectThroughProxyAsync(piped, "192.0.2.1");
        Assert.StartsWith(TurnedAway, await third.ReadLineAsync(), StringComparison.Ordinal);

        // And a proxy that says nothing of its client is not served.
        using var silent = piped.Connect("198.51.100.9");
        await silent.SendAsync("a CAPABILITY\r\n");
        Assert.Equal(PipedClient.Closed, await silent.ReadLineAsync());
    }

    private static async Task<PipedClient> ConnectThroughProxyAsync(PipedImapServer piped, string client)
    {
        var connection = piped.Connect("198.51.100.9");
        await connection.SendAsync($"PROXY TCP4 {client} 127.0.0.1 40000 143\r\n");
        return connection;
    }

    private static async Task<string> LogInAsync(PipedClient client, string user)
    {
        Assert.StartsWith("* OK ", await client.ReadLineAsync(), StringComparison.Ordinal);
        return await client.SayAsync($"a LOGIN {user} {ImapServer.Password}");
    }

    private static async Task GreetsAsync(PipedImapServer piped, string address)
    {
        using var client = piped.Connect(address);
        Assert.StartsWith("* OK ", await client.ReadLineAsync(), StringComparison.Ordinal);
        Assert.StartsWith("* BYE", await client.SayAsync("a LOGOUT"), StringComparison.Ordinal);
        await client.EndAsync();
    }
}
