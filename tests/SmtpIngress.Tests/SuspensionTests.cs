using System.Text;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>What an administrator says of an account counts at once, also for who is logged in and for what the edge remembers.</summary>
[Collection("server")]
public sealed class SuspensionTests(ServerFixture server)
{
    [Fact]
    public async Task Who_is_suspended_is_told_so_at_the_next_command_and_the_session_ends()
    {
        var submission = new PipedServer(server.Services, new());
        using var client = await LogInAsync(submission, "erin@example.test");
        Assert.StartsWith("250 ", await client.SayAsync("MAIL FROM:<erin@example.test>"), StringComparison.Ordinal);

        await SetAsync("erin@example.test", AccountState.Suspended);

        Assert.StartsWith("421 4.7.13 ", await client.SayAsync("RCPT TO:<bob@example.test>"), StringComparison.Ordinal);
        Assert.Equal("(closed)", await client.ReadReplyAsync());
        await SetAsync("erin@example.test", AccountState.Active);
        using var again = await LogInAsync(submission, "erin@example.test");
        Assert.StartsWith("250 ", await again.SayAsync("MAIL FROM:<erin@example.test>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_edge_remembers_of_an_account_is_asked_anew_when_it_is_told()
    {
        var mx = new PipedServer(server.Services, new() { DirectoryCache = TimeSpan.FromHours(1) });
        using var sender = await mx.GreetAsync("192.0.2.1");
        using var account = await LogInAsync(mx, "frank@example.test");
        await sender.SayAsync("MAIL FROM:<me@c.example>");
        Assert.StartsWith("250 ", await sender.SayAsync("RCPT TO:<frank@example.test>"), StringComparison.Ordinal);

        await SetAsync("frank@example.test", AccountState.ReceiveOnly);
        Assert.StartsWith("550 5.7.1 ", await account.SayAsync("MAIL FROM:<frank@example.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250 ", await sender.SayAsync("RCPT TO:<frank@example.test>"), StringComparison.Ordinal);

        await SetAsync("frank@example.test", AccountState.Suspended);
        Assert.StartsWith("550 5.2.1 ", await sender.SayAsync("RCPT TO:<frank@example.test>"), StringComparison.Ordinal);

        await SetAsync("frank@example.test", AccountState.Active);
        Assert.StartsWith("250 ", await sender.SayAsync("RCPT TO:<frank@example.test>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenants_own_limit_of_recipients_takes_the_place_of_that_of_all_tenants()
    {
        var submission = new PipedServer(server.Services, new());
        using var client = await LogInAsync(submission, "gina@small.test");
        await client.SayAsync("MAIL FROM:<gina@small.test>");
        Assert.StartsWith("250 ", await client.SayAsync("RCPT TO:<bob@example.test>"), StringComparison.Ordinal);
        Assert.Equal(new SendingLimits(10, 40), TableSendingGrain.TenantLimits["small/gina"]);
    }

    [Fact]
    public async Task A_tenant_has_so_many_sessions_and_gets_a_place_back()
    {
        var submission = new PipedServer(server.Services, new());
        using var first = await LogInAsync(submission, "hugo@few.test");
        using var second = await submission.GreetAsync("127.0.0.1", Listener.Submission);
        var response = Convert.ToBase64String("\0hugo@few.test\0mailcloud"u8);
        Assert.StartsWith("454 4.7.0 ", await second.SayAsync($"AUTH PLAIN {response}"), StringComparison.Ordinal);
        await first.LeaveAsync();
        Assert.StartsWith("235 ", await second.SayAsync($"AUTH PLAIN {response}"), StringComparison.Ordinal);
    }

    private Task<bool> SetAsync(string address, AccountState state) => server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAddressGrain>(address).SetStateAsync(state);

    private static async Task<PipedClient> LogInAsync(PipedServer submission, string account)
    {
        var client = await submission.GreetAsync("127.0.0.1", Listener.Submission);
        var response = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{account}\0mailcloud"));
        Assert.StartsWith("235 ", await client.SayAsync($"AUTH PLAIN {response}"), StringComparison.Ordinal);
        return client;
    }
}
