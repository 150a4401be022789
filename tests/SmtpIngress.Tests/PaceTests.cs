namespace MailCloud.SmtpIngress.Tests;

/// <summary>A tenant with a command a second, eleven of them in a burst of four a second: what is beyond waits.</summary>
[Collection("server")]
public sealed class PaceTests(ServerFixture server)
{
    private const int Burst = 11;
    private const int Commands = 20;

    /// <summary>So many that the last must be beyond the wait, although the clock goes on while they ask.</summary>
    private const int Senders = 100;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Mail_for_it_waits_for_two_seconds_and_is_asked_to_come_later_when_it_would_wait_longer()
    {
        var mx = new PipedServer(server.Services, new());
        using var first = await BeginAsync(mx, 1);
        var others = await Task.WhenAll(Enumerable.Range(2, Senders).Select(host => BeginAsync(mx, host)));
        var began = mx.Time.GetUtcNow();
        var waiting = Task.WhenAll(others.Select(client => client.SayAsync("RCPT TO:<ida@slow.test>")));
        Assert.StartsWith("250 ", await first.SayAsync("RCPT TO:<bob@example.test>"), StringComparison.Ordinal);
        await PassAsync(mx, waiting);
        var replies = await waiting;
        Assert.Contains(replies, reply => reply.StartsWith("250 ", StringComparison.Ordinal));
        Assert.Contains(replies, reply => reply.StartsWith("451 4.4.5 ", StringComparison.Ordinal));
        Assert.InRange(mx.Time.GetUtcNow() - began, 2 * Second, TimeSpan.MaxValue);
        Array.ForEach(others, client => client.Dispose());
    }

    [Fact]
    public async Task Commands_of_its_clients_wait()
    {
        var submission = new PipedServer(server.Services, new());
        using var client = await submission.GreetAsync("127.0.0.1", Listener.Submission);
        var response = Convert.ToBase64String("\0ida@slow.test\0mailcloud"u8);
        Assert.StartsWith("235 ", await client.SayAsync($"AUTH PLAIN {response}"), StringComparison.Ordinal);
        var began = submission.Time.GetUtcNow();
        for (var i = 0; i < Commands; i++)
        {
            var reply = client.SayAsync("NOOP");
            await PassAsync(submission, reply);
            Assert.StartsWith("250 ", await reply, StringComparison.Ordinal);
        }

        Assert.InRange(submission.Time.GetUtcNow() - began, (Commands - Burst) * Second, TimeSpan.MaxValue);
    }

    private static async Task<PipedClient> BeginAsync(PipedServer mx, int host)
    {
        var client = await mx.GreetAsync($"192.0.2.{host}");
        await client.SayAsync("MAIL FROM:<me@c.example>");
        return client;
    }

    // Who has no part in it waits for nothing.
    private static async Task PassAsync(PipedServer server, Task replies)
    {
        using var stranger = await server.GreetAsync("198.51.100.1");
        while (!replies.IsCompleted)
        {
            await stranger.SayAsync("NOOP");
            server.Time.Advance(Step);
        }
    }
}
