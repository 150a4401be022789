using MailCloud.MailboxAccess.Pop3;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>What a session may do, how long it may be silent, and what becomes of one that goes too far.</summary>
public sealed class Pop3LimitTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task No_password_is_taken_in_clear_from_elsewhere()
    {
        // RFC 8314 §3.3.
        using var client = new PipedPop3Server(server.Services, new()).Connect("192.0.2.1");
        await client.ReadLineAsync();
        Assert.Equal("-ERR [AUTH] Use TLS first", await client.SayAsync("USER alice@example.test"));
        Assert.Equal("-ERR [AUTH] Use TLS first", await client.SayAsync("PASS mailcloud"));
        Assert.Equal("-ERR [AUTH] Use TLS first", await client.SayAsync("AUTH PLAIN AHUAcA=="));
        Assert.Equal("-ERR [AUTH] Use TLS first", await client.SayAsync("auth login"));
        Assert.StartsWith("+OK", await client.SayAsync("CAPA"));
        Assert.Equal(["TOP", "SASL SCRAM-SHA-256"], [await client.ReadLineAsync(), await client.ReadLineAsync()]);
    }

    [Fact]
    public async Task A_guesser_is_left_after_some_failures()
    {
        using var client = new PipedPop3Server(server.Services, new() { MaxLoginFailures = 2 }).Connect();
        await client.ReadLineAsync();
        Assert.StartsWith("-ERR [AUTH]", await client.SayAsync("AUTH PLAIN AHUAcA=="));
        Assert.StartsWith("-ERR [AUTH]", await client.SayAsync("AUTH PLAIN AHUAcA=="));
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_network_has_so_many_sessions_at_a_time_and_gets_a_place_back()
    {
        var piped = new PipedPop3Server(server.Services, new() { MaxSessionsPerNetwork = 1 });
        using var first = piped.Connect("2001:db8::1");
        Assert.StartsWith("+OK", await first.ReadLineAsync());
        using var second = piped.Connect("2001:db8::2");
        Assert.Equal("-ERR [SYS/TEMP] Too many connections, try again later", await second.ReadLineAsync());
        Assert.Equal(PipedClient.Closed, await second.ReadLineAsync());
        Assert.StartsWith("+OK", await first.SayAsync("QUIT"));
        await first.EndAsync();
        using var third = piped.Connect("2001:db8::2");
        Assert.StartsWith("+OK", await third.ReadLineAsync());
    }

    [Fact]
    public async Task Behind_a_proxy_the_client_counts_and_not_the_proxy()
    {
        using var client = new PipedPop3Server(server.Services, new() { ProxyNetworks = "127.0.0.1/32" }).Connect();
        await client.SendAsync("PROXY TCP4 192.0.2.1 127.0.0.1 40000 110\r\n");
        Assert.StartsWith("+OK", await client.ReadLineAsync());
        Assert.Equal("-ERR [AUTH] Use TLS first", await client.SayAsync("USER alice@example.test"));
    }

    [Fact]
    public async Task A_client_that_talks_nonsense_is_left()
    {
        using var client = new PipedPop3Server(server.Services, new() { MaxBadCommands = 3 }).Connect();
        await client.ReadLineAsync();
        Assert.StartsWith("-ERR Unknown", await client.SayAsync("XYZZY"));
        Assert.StartsWith("-ERR NOOP is not", await client.SayAsync("NOOP"));
        Assert.StartsWith("+OK", await client.SayAsync("UTF8"));
        Assert.StartsWith("-ERR Unknown", await client.SayAsync("XYZZY"));
        Assert.StartsWith("-ERR There are too many", await client.SayAsync("CAPA x"));
        Assert.Equal("-ERR Too many malformed commands", await client.SayAsync("XYZZY"));
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
    }

    [Fact]
    public async Task Who_does_not_log_in_is_left_early()
    {
        var piped = new PipedPop3Server(server.Services, new());
        using var client = piped.Connect();
        await client.ReadLineAsync();
        var started = piped.Time.GetUtcNow();
        Assert.Equal(PipedClient.Closed, await piped.PassTimeAsync(client, TimeSpan.FromSeconds(1)));
        Assert.True(piped.Time.GetUtcNow() - started >= TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_silent_client_is_left_after_ten_minutes_and_nothing_is_removed()
    {
        // RFC 1939 §3: not before ten minutes, without a reply and without UPDATE.
        var user = await server.CreateAccountAsync();
        var piped = new PipedPop3Server(server.Services, new());
        using var client = piped.Connect();
        await client.ReadLineAsync();
        await client.SayAsync($"USER {user}");
        Assert.StartsWith("+OK", await client.SayAsync($"PASS {ImapServer.Password}"));
        Assert.StartsWith("+OK", await client.SayAsync("DELE 1"));
        piped.Time.Advance(TimeSpan.FromMinutes(9));
        Assert.StartsWith("+OK", await client.SayAsync("NOOP"));
        var started = piped.Time.GetUtcNow();
        Assert.Equal(PipedClient.Closed, await piped.PassTimeAsync(client, TimeSpan.FromSeconds(30)));
        Assert.True(piped.Time.GetUtcNow() - started >= TimeSpan.FromMinutes(10));
        await client.EndAsync();
        await using var next = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        Assert.Equal(3, (await next.ListAsync("LIST")).Count);
    }

    [Fact]
    public async Task A_client_that_takes_nothing_is_left()
    {
        var user = await server.CreateAccountAsync([.. "Subject: large\r\n\r\n"u8, .. new byte[1024 * 1024].Select(_ => (byte)'x'), .. "\r\n"u8]);
        var piped = new PipedPop3Server(server.Services, new());
        var client = piped.Connect();
        await client.ReadLineAsync();
        await client.SayAsync($"USER {user}");
        Assert.StartsWith("+OK", await client.SayAsync($"PASS {ImapServer.Password}"));
        await client.SendAsync("RETR 1\r\n");
        var end = client.EndAsync();
        while (!end.IsCompleted)
        {
            piped.Time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        await end;
        client.Dispose();
        await using var next = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        await next.SayOkAsync("STAT");
    }
}
