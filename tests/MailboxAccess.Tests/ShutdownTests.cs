using MailCloud.MailboxAccess.Tests.Pop3;
using MailCloud.Wire;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>What sessions are told when the process is to end: who idles goes after a grace period, and what runs is finished.</summary>
public sealed class ShutdownTests(ImapServer server) : IClassFixture<ImapServer>, IDisposable
{
    private const string Bye = "* BYE The server shuts down, connect again";

    private readonly CancellationTokenSource stopping = new();

    public void Dispose() => stopping.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_idles_is_told_after_the_grace_period(bool within)
    {
        var piped = new PipedImapServer(server.Services, new());
        using var client = await LogInAsync(piped);
        Assert.StartsWith("b OK", await client.SayAsync("b SELECT INBOX"), StringComparison.Ordinal);
        if (within)
        {
            Assert.Equal("+ idling", await client.SayAsync("c IDLE"));
        }

        var started = piped.Time.GetUtcNow();
        await stopping.CancelAsync();
        Assert.Equal(Bye, await ReadWhileTimePassesAsync(piped.Time, client));
        Assert.InRange(piped.Time.GetUtcNow() - started, TimeSpan.FromSeconds(3), TimeSpan.MaxValue);
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
        await client.EndAsync();
    }

    [Fact]
    public async Task A_command_that_runs_is_finished_first_and_the_next_is_not_begun()
    {
        var piped = new PipedImapServer(server.Services, new());
        using var client = await LogInAsync(piped);
        await client.SendAsync("b APPEND INBOX {5}\r\n");
        Assert.StartsWith("+ ", await client.ReadLineAsync(), StringComparison.Ordinal);
        await stopping.CancelAsync();
        piped.Time.Advance(Farewell.Latest);
        Assert.StartsWith("b OK [APPENDUID ", await client.SayAsync("Hello\r\nc NOOP"), StringComparison.Ordinal);
        Assert.Equal(Bye, await client.ReadLineAsync());
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_maildrop_may_be_finished()
    {
        var user = await server.CreateAccountAsync();
        var piped = new PipedPop3Server(server.Services, new());
        using var client = await LogInAsync(piped, user);
        Assert.StartsWith("+OK", await client.SayAsync("DELE 1"));
        await stopping.CancelAsync();
        piped.Time.Advance(Farewell.Latest - TimeSpan.FromSeconds(1));
        Assert.Equal("+OK Goodbye, 1 messages removed", await client.SayAsync("QUIT"));
    }

    [Fact]
    public async Task A_maildrop_that_nobody_finishes_is_left_as_it_was()
    {
        var user = await server.CreateAccountAsync();
        var piped = new PipedPop3Server(server.Services, new());
        using var client = await LogInAsync(piped, user);
        Assert.StartsWith("+OK", await client.SayAsync("DELE 1"));
        await stopping.CancelAsync();
        Assert.Equal("-ERR [SYS/TEMP] The server shuts down, connect again", await ReadWhileTimePassesAsync(piped.Time, client));
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
        await client.EndAsync();
        await using var next = await Pop3Client.ConnectWhenFreeAsync(server.Pop3EndPoint, user);
        Assert.Equal(3, (await next.ListAsync("LIST")).Count);
    }

    // A second at a time, with room for real work between: the session has other times that must not pass meanwhile.
    private static async Task<string> ReadWhileTimePassesAsync(FakeTimeProvider time, PipedClient client)
    {
        var line = client.ReadLineAsync();
        while (!line.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(line, Task.Delay(10));
        }

        return await line;
    }

    private async Task<PipedClient> LogInAsync(PipedImapServer piped)
    {
        var client = piped.Connect(stopping: stopping.Token);
        await client.ReadLineAsync();
        Assert.StartsWith("a OK", await client.SayAsync($"a LOGIN {await server.CreateAccountAsync()} {ImapServer.Password}"), StringComparison.Ordinal);
        return client;
    }

    private async Task<PipedClient> LogInAsync(PipedPop3Server piped, string user)
    {
        var client = piped.Connect(stopping: stopping.Token);
        await client.ReadLineAsync();
        await client.SayAsync($"USER {user}");
        Assert.StartsWith("+OK", await client.SayAsync($"PASS {ImapServer.Password}"));
        return client;
    }
}
