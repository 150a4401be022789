using System.Net;
using System.Net.Sockets;
using System.Text;
using MailCloud.Testing;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>Guessing over real connections, whose networks are addresses of loopback. Figures and corner cases: Credentials.Tests.</summary>
[Collection("server")]
public sealed class GuessingTests(ServerFixture server) : IDisposable
{
    private readonly MeasuredDelays delays = new(server.GuessedServices);

    public void Dispose() => delays.Dispose();

    [Fact]
    public async Task A_guesser_is_slowed_and_the_owner_is_not()
    {
        Assert.StartsWith("235 ", await LogInAsync("127.1.0.1", "alice", "mailcloud"), StringComparison.Ordinal);
        Assert.True(delays.HasNone);

        // One network guesses: three times at once, then slower and slower.
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("535 5.7.8 ", await LogInAsync("127.1.1.66", "alice", $"guess {i}"), StringComparison.Ordinal);
        }

        Assert.True(delays.HasNone);
        foreach (var expected in new[] { 1, 2, 4 })
        {
            var guess = LogInAsync("127.1.1.66", "ALICE", $"guess {expected} more");
            Assert.Equal(expected, (await delays.NextAsync()).TotalSeconds);
            server.Time.Advance(TimeSpan.FromSeconds(expected));
            Assert.StartsWith("535 5.7.8 ", await guess, StringComparison.Ordinal);
        }

        // Who does not wait for the answer to one guess finds the line longer for the next, until it is not let in any more.
        var guesses = new List<Task<string>>();
        for (var i = 0; i < 2; i++)
        {
            guesses.Add(LogInAsync("127.1.1.66", "alice", $"parallel {i}"));
            Assert.Equal(i == 0 ? 8 : 24, (await delays.NextAsync()).TotalSeconds);
        }

        Assert.StartsWith("454 4.7.0 ", await LogInAsync("127.1.1.66", "alice", "mailcloud"), StringComparison.Ordinal);
        Assert.StartsWith("235 ", await LogInAsync("127.1.0.1", "alice", "mailcloud"), StringComparison.Ordinal);
        Assert.True(delays.HasNone);
        server.Time.Advance(TimeSpan.FromSeconds(24));
        Assert.All(await Task.WhenAll(guesses), reply => Assert.StartsWith("535 5.7.8 ", reply, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_owner_from_a_new_network_waits_for_at_most_fifteen_seconds_while_many_networks_guess()
    {
        for (var i = 0; i < 14; i++)
        {
            var guess = LogInAsync($"127.2.{i}.66", "carol", "guess", "other.test");
            if (i >= 10)
            {
                server.Time.Advance(await delays.NextAsync());
            }

            Assert.StartsWith("535 5.7.8 ", await guess, StringComparison.Ordinal);
        }

        var owner = LogInAsync("127.2.100.1", "carol", "mailcloud", "other.test");
        var wait = await delays.NextAsync();
        Assert.Equal(15, wait.TotalSeconds);
        server.Time.Advance(wait);
        Assert.StartsWith("235 ", await owner, StringComparison.Ordinal);

        // Known from now on, there and with that password anywhere.
        Assert.StartsWith("235 ", await LogInAsync("127.2.100.1", "carol", "mailcloud", "other.test"), StringComparison.Ordinal);
        Assert.StartsWith("235 ", await LogInAsync("127.2.101.1", "carol", "mailcloud", "other.test"), StringComparison.Ordinal);
        Assert.True(delays.HasNone);
    }

    private async Task<string> LogInAsync(string from, string name, string password, string domain = "example.test")
    {
        using var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(IPAddress.Loopback, server.Port("guessed-submission"));
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        Assert.StartsWith("220 ", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)), StringComparison.Ordinal);
        var message = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{name}@{domain}\0{password}"));
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"EHLO c.example\r\nAUTH PLAIN {message}\r\n"));
        while (true)
        {
            var line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) ?? "(closed)";
            if (!line.StartsWith('2') || line.StartsWith("235", StringComparison.Ordinal))
            {
                return line;
            }
        }
    }
}
