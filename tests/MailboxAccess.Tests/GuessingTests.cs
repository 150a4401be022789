using System.Net;
using System.Net.Sockets;
using System.Text;
using MailCloud.Testing;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>Guessing over real connections, whose networks are addresses of loopback. Figures and corner cases: Credentials.Tests.</summary>
public sealed class GuessingTests(GuessedImapServer server) : IClassFixture<GuessedImapServer>, IDisposable
{
    private readonly MeasuredDelays delays = new(server.Services);

    public void Dispose() => delays.Dispose();

    [Fact]
    public async Task A_guesser_is_slowed_and_the_owner_is_not()
    {
        var user = await server.CreateAccountAsync();
        Assert.StartsWith("a OK ", await LogInAsync("127.1.0.1", user, ImapServer.Password), StringComparison.Ordinal);
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("a NO [AUTHENTICATIONFAILED]", await LogInAsync("127.1.1.66", user, $"guess-{i}"), StringComparison.Ordinal);
        }

        Assert.True(delays.HasNone);
        foreach (var expected in new[] { 1, 2, 4 })
        {
            // However the name is written.
            var guess = LogInAsync("127.1.1.66", user.ToUpperInvariant(), $"guess-{expected}-more");
            Assert.Equal(expected, (await delays.NextAsync()).TotalSeconds);
            server.Clock.Advance(TimeSpan.FromSeconds(expected));
            Assert.StartsWith("a NO [AUTHENTICATIONFAILED]", await guess, StringComparison.Ordinal);
        }

        var guesses = new List<Task<string>>();
        for (var i = 0; i < 2; i++)
        {
            guesses.Add(LogInAsync("127.1.1.66", user, $"parallel-{i}"));
            Assert.Equal(i == 0 ? 8 : 24, (await delays.NextAsync()).TotalSeconds);
        }

        Assert.StartsWith("a NO [UNAVAILABLE]", await LogInAsync("127.1.1.66", user, ImapServer.Password), StringComparison.Ordinal);
        Assert.StartsWith("a OK ", await LogInAsync("127.1.0.1", user, ImapServer.Password), StringComparison.Ordinal);
        Assert.True(delays.HasNone);
        server.Clock.Advance(TimeSpan.FromSeconds(24));
        Assert.All(await Task.WhenAll(guesses), reply => Assert.StartsWith("a NO [AUTHENTICATIONFAILED]", reply, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_owner_from_a_new_network_waits_for_at_most_fifteen_seconds_while_many_networks_guess()
    {
        var user = await server.CreateAccountAsync();
        for (var i = 0; i < 14; i++)
        {
            var guess = LogInAsync($"127.2.{i}.66", user, "guess");
            if (i >= 10)
            {
                server.Clock.Advance(await delays.NextAsync());
            }

            Assert.StartsWith("a NO [AUTHENTICATIONFAILED]", await guess, StringComparison.Ordinal);
        }

        var owner = LogInAsync("127.2.100.1", user, ImapServer.Password);
        var wait = await delays.NextAsync();
        Assert.Equal(15, wait.TotalSeconds);
        server.Clock.Advance(wait);
        Assert.StartsWith("a OK ", await owner, StringComparison.Ordinal);
        Assert.StartsWith("a OK ", await LogInAsync("127.2.100.1", user, ImapServer.Password), StringComparison.Ordinal);
        Assert.StartsWith("a OK ", await LogInAsync("127.2.101.1", user, ImapServer.Password), StringComparison.Ordinal);
        Assert.True(delays.HasNone);
    }

    [Fact]
    public async Task Guesses_by_imap_slow_those_by_pop3()
    {
        var user = await server.CreateAccountAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("a NO [AUTHENTICATIONFAILED]", await LogInAsync("127.4.0.66", user, $"guess-{i}"), StringComparison.Ordinal);
        }

        var guess = PassAsync("127.4.0.66", user, "guess");
        Assert.Equal(1, (await delays.NextAsync()).TotalSeconds);
        var parallel = Enumerable.Range(0, 5).Select(i => PassAsync("127.4.0.66", user, $"parallel-{i}")).ToList();
        Assert.StartsWith("-ERR [SYS/TEMP]", await await Task.WhenAny(parallel), StringComparison.Ordinal);
        for (var i = 0; i < 4; i++)
        {
            await delays.NextAsync();
        }

        server.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.StartsWith("-ERR [AUTH]", await guess, StringComparison.Ordinal);
        Assert.Equal(4, (await Task.WhenAll(parallel)).Count(reply => reply.StartsWith("-ERR [AUTH]", StringComparison.Ordinal)));
        Assert.StartsWith("+OK", await PassAsync("127.4.1.1", user, ImapServer.Password), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guesses_by_sasl_count_as_those_by_login()
    {
        var user = await server.CreateAccountAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("a NO [AUTHENTICATIONFAILED]", await SayAsync("127.3.0.66", $"a AUTHENTICATE PLAIN {Plain(user, $"guess {i}")}"), StringComparison.Ordinal);
        }

        var guess = LogInAsync("127.3.0.66", user, "guess");
        Assert.Equal(1, (await delays.NextAsync()).TotalSeconds);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.StartsWith("a NO [AUTHENTICATIONFAILED]", await guess, StringComparison.Ordinal);
    }

    private async Task<string> PassAsync(string from, string user, string password)
    {
        using var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(server.Pop3EndPoint);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"USER {user}\r\nPASS {password}\r\n"));
        string? line = null;
        for (var i = 0; i < 3; i++)
        {
            line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }

        return line ?? "(closed)";
    }

    private static string Plain(string user, string password) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{password}"));

    private Task<string> LogInAsync(string from, string user, string password) => SayAsync(from, $"a LOGIN {user} {password}");

    private async Task<string> SayAsync(string from, string command)
    {
        using var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(server.EndPoint);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"));
        while (true)
        {
            var line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) ?? "(closed)";
            if (!line.StartsWith("* ", StringComparison.Ordinal))
            {
                return line;
            }
        }
    }
}

/// <summary>The same with a clock that tests move, and guessing from loopback slowed as from anywhere.</summary>
public sealed class GuessedImapServer : ImapServer
{
    public GuessedImapServer() => Time = Clock = new(DateTimeOffset.UtcNow);

    internal FakeTimeProvider Clock { get; }

    protected override IEnumerable<KeyValuePair<string, string?>> Further() => [new("Credentials:UnlimitedNetworks", "")];
}
