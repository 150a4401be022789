using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>The hold on a maildrop over time, and when the mailbox's grain is made anew.</summary>
public sealed class MaildropLeaseTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private readonly ImapServer server;

    public MaildropLeaseTests() => server = new() { Time = time };

    public Task InitializeAsync() => server.InitializeAsync();

    public Task DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task What_a_killed_edge_held_is_free_after_a_minute()
    {
        var user = await server.CreateAccountAsync();
        var mailbox = await server.MailboxAsync(user);
        var killed = Guid.NewGuid();
        Assert.True(await mailbox.HoldMaildropAsync(killed));
        time.Advance(TimeSpan.FromSeconds(45));
        Assert.True(await mailbox.HoldMaildropAsync(killed));
        time.Advance(TimeSpan.FromSeconds(45));
        await using var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint);
        Assert.StartsWith("-ERR [IN-USE] ", await client.LogInAsync(user));
        time.Advance(TimeSpan.FromSeconds(16));
        Assert.StartsWith("+OK ", await client.LogInAsync(user));
        Assert.False(await mailbox.HoldMaildropAsync(killed));
    }

    [Fact]
    public async Task A_session_renews_its_hold_also_with_a_new_activation()
    {
        var user = await server.CreateAccountAsync();
        var mailbox = await server.MailboxAsync(user);
        await using var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        await server.ForgetAsync();

        // The new activation knows of no session until the next renewal, which the other one must not come before.
        var other = Guid.NewGuid();
        while (await mailbox.HoldMaildropAsync(other))
        {
            await mailbox.ReleaseMaildropAsync(other);
            time.Advance(TimeSpan.FromSeconds(15));
            await client.SayOkAsync("NOOP");
        }

        await client.SayOkAsync("DELE 1");
        Assert.Equal("+OK Goodbye, 1 messages removed", await client.SayAsync("QUIT"));
        Assert.True(await mailbox.HoldMaildropAsync(other));
    }

    [Fact]
    public async Task Who_has_lost_the_maildrop_removes_nothing()
    {
        var user = await server.CreateAccountAsync();
        await using var first = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        await first.SayOkAsync("DELE 1");
        await server.ForgetAsync();
        await using var second = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        Assert.Equal("-ERR [IN-USE] Another session has the maildrop by now; nothing was removed", await first.SayAsync("QUIT"));
        Assert.Equal(3, (await second.ListAsync("LIST")).Count);
        await second.SayOkAsync("DELE 2");
        Assert.Equal("+OK Goodbye, 1 messages removed", await second.SayAsync("QUIT"));
    }

    [Fact]
    public async Task A_session_outlives_a_new_activation_that_nobody_else_came_to()
    {
        var user = await server.CreateAccountAsync();
        await using var client = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        await client.SayOkAsync("DELE 2");
        await server.ForgetAsync();
        await client.RetrieveAsync("RETR 1");
        Assert.Equal("+OK Goodbye, 1 messages removed", await client.SayAsync("QUIT"));
    }
}
