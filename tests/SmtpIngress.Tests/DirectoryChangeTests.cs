using System.Text;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>What the directory tells of counts at once, for what it touches; and names of a domain are as good as its own.</summary>
[Collection("server")]
public sealed class DirectoryChangeTests(ServerFixture server)
{
    [Fact]
    public async Task A_deleted_domain_takes_no_mail_and_no_login_until_it_is_restored()
    {
        var mx = new PipedServer(server.Services, new() { DirectoryCache = TimeSpan.FromHours(1) });
        using var sender = await mx.GreetAsync("192.0.2.1");
        await sender.SayAsync("MAIL FROM:<me@c.example>");
        Assert.StartsWith("250 ", await sender.SayAsync("RCPT TO:<ivy@leaving.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250 ", await sender.SayAsync("RCPT TO:<ivy@left.test>"), StringComparison.Ordinal);
        using var client = await LogInAsync(mx, "ivy@leaving.test", "235 ");
        using var other = await LogInAsync(mx, "alice@example.test", "235 ");

        await DeleteAsync("leaving.test", isDeleted: true);

        Assert.StartsWith("421 4.7.13 ", await client.SayAsync("NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("250 ", await other.SayAsync("NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("550 5.7.1 ", await sender.SayAsync("RCPT TO:<ivy@leaving.test>"), StringComparison.Ordinal);
        Assert.StartsWith("550 5.2.1 ", await sender.SayAsync("RCPT TO:<ivy@left.test>"), StringComparison.Ordinal);
        using var refused = await LogInAsync(mx, "ivy@leaving.test", "525 ");

        await DeleteAsync("leaving.test", isDeleted: false);

        Assert.StartsWith("250 ", await sender.SayAsync("RCPT TO:<ivy@leaving.test>"), StringComparison.Ordinal);
        using var again = await LogInAsync(mx, "ivy@leaving.test", "235 ");
    }

    [Fact]
    public async Task A_change_makes_an_edge_forget_what_it_touches_and_little_else()
    {
        var mx = new PipedServer(server.Services, new() { DirectoryCache = TimeSpan.FromHours(1) });
        using var sender = await mx.GreetAsync("192.0.2.1");
        await sender.SayAsync("MAIL FROM:<me@c.example>");
        await AskForAllAsync(sender);
        var before = Asked();
        await AskForAllAsync(sender);
        Assert.Equal(before, Asked());

        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAddressGrain>("kim0@example.test").SetStateAsync(AccountState.Active);
        await AskForAllAsync(sender);
        Assert.Equal(before[0] + 1, Asked()[0]);

        // Names that share a counter by chance are asked for too: of twenty hardly ever one.
        Assert.True(Asked().Skip(1).Zip(before.Skip(1)).Count(asked => asked.First != asked.Second) <= 2);
    }

    [Fact]
    public async Task An_alias_of_as_many_as_there_may_be_is_accepted_and_not_remembered()
    {
        var mx = new PipedServer(server.Services, new() { DirectoryCache = TimeSpan.FromHours(1) });
        using var sender = await mx.GreetAsync("192.0.2.1");
        await sender.SayAsync("MAIL FROM:<me@c.example>");
        Assert.StartsWith("250 ", await sender.SayAsync("RCPT TO:<crowd@example.test>"), StringComparison.Ordinal);
        var asked = Table.Asked["crowd@example.test"];
        Assert.StartsWith("250 ", await sender.SayAsync("RCPT TO:<crowd@example.test>"), StringComparison.Ordinal);
        Assert.True(Table.Asked["crowd@example.test"] > asked);
    }

    [Theory]
    [InlineData("", "alice@named.test")]
    [InlineData("alice@named.test", "alice@named.test")]
    [InlineData("alice@example.test", "alice@named.test")]
    [InlineData("", "own@named.test")]
    public async Task Who_logs_in_by_a_name_in_another_name_of_the_domain_sends_by_both(string authorizationId, string name)
    {
        var submission = new PipedServer(server.Services, new());
        using var client = await submission.GreetAsync("127.0.0.1", Listener.Submission);
        var response = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{authorizationId}\0{name}\0mailcloud"));
        Assert.StartsWith("235 ", await client.SayAsync($"AUTH PLAIN {response}"), StringComparison.Ordinal);
        Assert.StartsWith("250 ", await client.SayAsync($"MAIL FROM:<{name}>"), StringComparison.Ordinal);
        if (name.StartsWith("alice", StringComparison.Ordinal))
        {
            await client.SayAsync("RSET");
            Assert.StartsWith("250 ", await client.SayAsync("MAIL FROM:<alice@example.test>"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("nobody@named.test")]
    [InlineData("bob@caught.test")]
    public async Task A_name_that_stands_for_no_account_logs_nobody_in(string name)
    {
        using var client = await LogInAsync(new PipedServer(server.Services, new()), name, "535 ");
    }

    private static async Task AskForAllAsync(PipedClient sender)
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.StartsWith("250 ", await sender.SayAsync($"RCPT TO:<kim{i}@example.test>"), StringComparison.Ordinal);
        }
    }

    private static int[] Asked() => [.. Enumerable.Range(0, 20).Select(i => Table.Asked[$"kim{i}@example.test"])];

    private async Task DeleteAsync(string domain, bool isDeleted)
    {
        if (isDeleted)
        {
            Table.Deleted[domain] = true;
        }
        else
        {
            Table.Deleted.TryRemove(domain, out _);
        }

        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IStandingNewsGrain>(0).TellAsync(new(Table.Demo, null, null, EndsSessions: isDeleted) { Domain = domain });
    }

    private static async Task<PipedClient> LogInAsync(PipedServer submission, string account, string reply)
    {
        var client = await submission.GreetAsync("127.0.0.1", Listener.Submission);
        var response = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{account}\0mailcloud"));
        Assert.StartsWith(reply, await client.SayAsync($"AUTH PLAIN {response}"), StringComparison.Ordinal);
        return client;
    }
}
