using System.Text;
using MailCloud.Wire;

namespace MailCloud.SmtpIngress.Tests;

[Collection("server")]
public sealed class LimitTests(ServerFixture fixture)
{
    private static readonly string[] TurnedAway = ["S 421 4.7.0 too many connections from your network", "S <close>"];
    private static readonly string[] Welcome = ["S 220 mail.example ESMTP *", "C QUIT", "S 221 2.0.0 *"];

    [Fact]
    public async Task A_network_has_so_many_sessions_at_a_time_and_gets_a_place_back()
    {
        var server = new PipedServer(fixture.Services, new() { MaxSessionsPerNetwork = 1 });
        using var first = server.Connect("2001:db8::1");
        Assert.StartsWith("220 ", await first.ReadReplyAsync(), StringComparison.Ordinal);

        await server.RunAsync("2001:db8::2", TurnedAway);
        await server.RunAsync("2001:db8:0:1::2", Welcome);
        await first.LeaveAsync();
        await server.RunAsync("2001:db8::2", Welcome);
    }

    [Fact]
    public async Task The_process_has_so_many_sessions_at_a_time()
    {
        var server = new PipedServer(fixture.Services, new() { MaxSessions = 1 });
        using var first = server.Connect("192.0.2.1");
        Assert.StartsWith("220 ", await first.ReadReplyAsync(), StringComparison.Ordinal);

        await server.RunAsync("198.51.100.1", TurnedAway);
        await first.LeaveAsync();
        await server.RunAsync("198.51.100.1", Welcome);
    }

    [Fact]
    public async Task Where_TLS_comes_first_who_has_no_place_is_told_nothing_in_clear()
    {
        var server = new PipedServer(fixture.SecuredServices, new() { MaxSessions = 1 });
        using var first = server.Connect("192.0.2.1");
        Assert.StartsWith("220 ", await first.ReadReplyAsync(), StringComparison.Ordinal);

        using var next = server.Connect("198.51.100.1", Listener.Submissions);
        Assert.Equal("(closed)", await next.ReadReplyAsync());
    }

    [Fact]
    public async Task A_network_has_so_many_new_sessions_a_minute()
    {
        var server = new PipedServer(fixture.Services, new() { SessionsPerMinute = 2 });
        await server.RunAsync("192.0.2.1", Welcome);
        await server.RunAsync("192.0.2.1", Welcome);
        await server.RunAsync("192.0.2.1", TurnedAway);
        await server.RunAsync("192.0.2.2", Welcome);
        server.Time.Advance(TimeSpan.FromMinutes(1));
        await server.RunAsync("192.0.2.1", Welcome);
    }

    [Fact]
    public async Task A_network_has_so_many_messages_a_minute()
    {
        var server = new PipedServer(fixture.Services, new() { MessagesPerMinute = 1 });
        string[] one = ["S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", "C MAIL FROM:<me@c.example>", "S 250 *"];
        await server.RunAsync("192.0.2.1", [.. one, "C RSET", "S 250 *", "C MAIL FROM:<me@c.example>", "S 450 4.7.1 *", "C QUIT", "S 221 *"]);
        await server.RunAsync("192.0.2.2", one);
        server.Time.Advance(TimeSpan.FromMinutes(1));
        await server.RunAsync("192.0.2.1", one);
    }

    [Fact]
    public async Task An_account_has_so_many_messages_a_minute_from_wherever()
    {
        // Nobody is without limits here, and loopback may send a password.
        var server = new PipedServer(fixture.Services, new() { AccountMessagesPerMinute = 1, UnlimitedNetworks = "" });
        Assert.Equal("250 2.1.0 sender OK", await SubmitAsync(server, "127.0.0.1", "alice"));
        Assert.StartsWith("450 4.7.1 ", await SubmitAsync(server, "127.0.0.9", "alice"), StringComparison.Ordinal);
        Assert.Equal("250 2.1.0 sender OK", await SubmitAsync(server, "127.0.0.1", "bob"));
    }

    [Fact]
    public async Task A_silent_client_is_told_and_left()
    {
        var server = new PipedServer(fixture.Services, new());
        using var client = await server.GreetAsync("192.0.2.1");
        await client.SendAsync("MAIL FROM:<me@c.exam");

        Assert.StartsWith("421 4.4.2 ", await server.PassTimeAsync(client, TimeSpan.FromSeconds(100), () => Task.CompletedTask), StringComparison.Ordinal);
        Assert.Equal("(closed)", await client.ReadReplyAsync());
    }

    [Fact]
    public async Task A_client_that_stops_within_a_handshake_is_told_nothing_in_clear()
    {
        var server = new PipedServer(fixture.SecuredServices, new());
        using var client = await server.GreetAsync("192.0.2.1");
        Assert.StartsWith("220 ", await client.SayAsync("STARTTLS"), StringComparison.Ordinal);
        await client.SendAsync("\u0016"); // The first octet of a ClientHello.

        Assert.Equal("(closed)", await server.PassTimeAsync(client, TimeSpan.FromSeconds(10), () => Task.CompletedTask));
    }

    [Fact]
    public async Task Who_is_idle_is_told_of_the_end()
    {
        var server = new PipedServer(fixture.Services, new());
        using var stopping = new CancellationTokenSource();
        using var client = await server.GreetAsync("192.0.2.1", stopping: stopping.Token);
        await stopping.CancelAsync();

        Assert.StartsWith("421 4.3.2 ", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Equal("(closed)", await client.ReadReplyAsync());
    }

    [Fact]
    public async Task Who_is_within_a_transaction_may_end_it_before_he_is_told()
    {
        var server = new PipedServer(fixture.Services, new());
        using var stopping = new CancellationTokenSource();
        using var client = await server.GreetAsync("192.0.2.1", stopping: stopping.Token);
        await client.SayAsync("MAIL FROM:<me@c.example>");
        await stopping.CancelAsync();
        Assert.StartsWith("250 ", await client.SayAsync("RCPT TO:<bob@example.test>"), StringComparison.Ordinal);
        Assert.StartsWith("354 ", await client.SayAsync("DATA"), StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0 queued", await client.SayAsync("Subject: late\r\n\r\ntext\r\n."), StringComparison.Ordinal);

        Assert.StartsWith("421 4.3.2 ", await client.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Equal("(closed)", await client.ReadReplyAsync());
    }

    [Fact]
    public async Task A_transaction_that_does_not_go_on_is_left_before_the_process_ends()
    {
        var server = new PipedServer(fixture.Services, new());
        using var stopping = new CancellationTokenSource();
        using var client = await server.GreetAsync("192.0.2.1", stopping: stopping.Token);
        await client.SayAsync("MAIL FROM:<me@c.example>");
        var started = server.Time.GetUtcNow();
        await stopping.CancelAsync();

        Assert.StartsWith("421 4.3.2 ", await server.PassTimeAsync(client, TimeSpan.FromSeconds(1), () => Task.CompletedTask), StringComparison.Ordinal);
        Assert.True(server.Time.GetUtcNow() - started >= Farewell.Latest);
    }

    [Fact]
    public async Task A_transaction_waits_for_the_directory_once()
    {
        var server = new PipedServer(fixture.Services, new());
        using var client = await server.GreetAsync("192.0.2.1");
        await client.SayAsync("MAIL FROM:<me@c.example>");
        var started = server.Time.GetUtcNow();
        await client.SendAsync("RCPT TO:<away@example.test>\r\n");

        // With room for real calls between: once it has replied the session's own time runs.
        Assert.StartsWith("451 4.4.3 ", await server.PassTimeAsync(client, TimeSpan.FromSeconds(1), () => Task.Delay(5)), StringComparison.Ordinal);
        Assert.True(server.Time.GetUtcNow() - started >= PipedServer.Patience);

        // No time passes any more: another recipient of the same transaction is tried once, and whoever answers is served.
        Assert.StartsWith("451 4.4.3 ", await client.SayAsync("RCPT TO:<away@example.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250 ", await client.SayAsync("RCPT TO:<bob@example.test>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_drips_is_given_up()
    {
        // Each octet comes long before DataTimeout, and together they are slower than MinDataRate.
        var server = new PipedServer(fixture.Services, new());
        using var client = await server.GreetAsync("192.0.2.1");
        await client.SayAsync("MAIL FROM:<me@c.example>");
        await client.SayAsync("RCPT TO:<bob@example.test>");
        Assert.StartsWith("354 ", await client.SayAsync("DATA"), StringComparison.Ordinal);

        Assert.StartsWith("421 4.4.2 ", await server.PassTimeAsync(client, TimeSpan.FromSeconds(30), () => client.SendAsync("x")), StringComparison.Ordinal);
        Assert.Equal("(closed)", await client.ReadReplyAsync());
    }

    private static string Login(string name, string password) =>
        "AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{name}@example.test\0{password}"));

    private static async Task<string> SubmitAsync(PipedServer server, string address, string name)
    {
        using var client = await server.GreetAsync(address, Listener.Submission);
        await client.SayAsync(Login(name, "mailcloud"));
        var reply = await client.SayAsync($"MAIL FROM:<{name}@example.test>");
        await client.LeaveAsync();
        return reply;
    }
}
