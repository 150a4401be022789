using MailCloud.MailboxAccess.Imap;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>What a session may do, how long it may be silent, and what becomes of one that goes too far.</summary>
public sealed class LimitTests(ImapServer server) : IClassFixture<ImapServer>
{
    private const string Elsewhere = "192.0.2.1";

    [Fact]
    public async Task No_password_is_taken_in_clear_from_elsewhere()
    {
        // RFC 3501 §6.2.3, RFC 8314 §3.3.
        using var client = new PipedImapServer(server.Services, new()).Connect(Elsewhere);
        var greeting = await client.ReadLineAsync();
        Assert.Contains(" LOGINDISABLED", greeting, StringComparison.Ordinal);
        Assert.DoesNotContain("AUTH=PLAIN", greeting, StringComparison.Ordinal);
        Assert.StartsWith("a NO [PRIVACYREQUIRED]", await client.SayAsync("a LOGIN alice@example.test mailcloud"), StringComparison.Ordinal);
        Assert.StartsWith("b NO [PRIVACYREQUIRED]", await client.SayAsync("b AUTHENTICATE PLAIN AHUAcA=="), StringComparison.Ordinal);
        Assert.StartsWith("c NO [PRIVACYREQUIRED]", await client.SayAsync("c authenticate login"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guesser_is_left_after_some_failures()
    {
        using var client = new PipedImapServer(server.Services, new() { MaxLoginFailures = 2 }).Connect();
        await client.ReadLineAsync();
        Assert.StartsWith("a NO [AUTHENTICATIONFAILED]", await client.SayAsync("a LOGIN nobody@example.test x"), StringComparison.Ordinal);
        Assert.StartsWith("b NO [AUTHENTICATIONFAILED]", await client.SayAsync("b LOGIN nobody@example.test x"), StringComparison.Ordinal);
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_client_that_talks_nonsense_is_left()
    {
        using var client = new PipedImapServer(server.Services, new() { MaxBadCommands = 3 }).Connect();
        await client.ReadLineAsync();
        Assert.StartsWith("a BAD", await client.SayAsync("a XYZZY"), StringComparison.Ordinal);
        Assert.StartsWith("b BAD", await client.SayAsync("b XYZZY"), StringComparison.Ordinal);
        Assert.StartsWith("c OK", await client.SayAsync("c NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("d BAD", await client.SayAsync("d XYZZY"), StringComparison.Ordinal);
        Assert.StartsWith("e BAD", await client.SayAsync("e XYZZY"), StringComparison.Ordinal);
        Assert.StartsWith("f BAD", await client.SayAsync("f XYZZY"), StringComparison.Ordinal);
        Assert.StartsWith("* BYE", await client.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
    }

    [Fact]
    public async Task Who_does_not_log_in_is_left_early()
    {
        var piped = new PipedImapServer(server.Services, new());
        using var client = piped.Connect();
        await client.ReadLineAsync();
        var started = piped.Time.GetUtcNow();
        Assert.StartsWith("* BYE", await piped.PassTimeAsync(client, TimeSpan.FromSeconds(1)), StringComparison.Ordinal);
        Assert.True(piped.Time.GetUtcNow() - started >= TimeSpan.FromMinutes(1));
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_silent_client_is_left_after_half_an_hour()
    {
        // RFC 3501 §5.4: not before 30 minutes.
        var piped = new PipedImapServer(server.Services, new());
        using var client = piped.Connect();
        await client.ReadLineAsync();
        Assert.StartsWith("a OK", await client.SayAsync($"a LOGIN {await server.CreateAccountAsync()} {ImapServer.Password}"), StringComparison.Ordinal);
        Assert.StartsWith("b OK", await client.SayAsync("b SELECT INBOX"), StringComparison.Ordinal);
        piped.Time.Advance(TimeSpan.FromMinutes(29));
        Assert.StartsWith("c OK", await client.SayAsync("c NOOP"), StringComparison.Ordinal);
        piped.Time.Advance(TimeSpan.FromMinutes(29));
        Assert.StartsWith("d OK", await client.SayAsync("d NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("* BYE", await piped.PassTimeAsync(client, TimeSpan.FromMinutes(1)), StringComparison.Ordinal);
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_literal_without_waiting_that_is_too_large_is_read_and_thrown_away()
    {
        // RFC 7888 §4.
        using var client = new PipedImapServer(server.Services, new()).Connect();
        await client.ReadLineAsync();
        await client.SendAsync("a LOGIN {70000+}\r\n");
        Assert.StartsWith("a NO [TOOBIG]", await client.SayAsync(new string('x', 70_000) + " password"), StringComparison.Ordinal);
        Assert.StartsWith("b OK", await client.SayAsync("b NOOP"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_literal_beyond_the_bound_ends_the_session()
    {
        using var client = new PipedImapServer(server.Services, new()).Connect();
        await client.ReadLineAsync();
        Assert.StartsWith("* BYE [TOOBIG]", await client.SayAsync("a LOGIN {9999999+}"), StringComparison.Ordinal);
        Assert.Equal(PipedClient.Closed, await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_line_without_end_is_refused_and_the_session_goes_on()
    {
        using var client = new PipedImapServer(server.Services, new()).Connect();
        await client.ReadLineAsync();
        await client.SendAsync("* " + new string('x', 80_000) + "\r\n");
        Assert.StartsWith("* BAD", await client.ReadLineAsync(), StringComparison.Ordinal);
        Assert.StartsWith("b OK", await client.SayAsync("b NOOP"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_takes_nothing_is_left()
    {
        var piped = new PipedImapServer(server.Services, new());
        using var client = piped.Connect();
        await client.ReadLineAsync();
        Assert.StartsWith("a OK", await client.SayAsync($"a LOGIN {await server.CreateAccountAsync()} {ImapServer.Password}"), StringComparison.Ordinal);

        var started = piped.Time.GetUtcNow();

        // More answers than the connection holds, and nobody reads them.
        var asked = client.SendAsync(string.Concat(Enumerable.Range(0, 4000).Select(i => $"x{i} CAPABILITY\r\n")));
        var ended = client.EndAsync();
        while (!ended.IsCompleted)
        {
            piped.Time.Advance(TimeSpan.FromSeconds(30));
            await Task.Delay(1);
        }

        await ended;
        await asked;
        Assert.True(piped.Time.GetUtcNow() - started >= new ImapOptions().WriteTimeout);
    }

}
