using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests.Sessions;

/// <summary>Sessions go on when the mailbox's grain is made anew under them, here or on another silo.</summary>
public sealed class ReactivationTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private readonly ImapServer server;

    public ReactivationTests() => server = new() { Time = time };

    public Task InitializeAsync() => server.InitializeAsync();

    public Task DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task What_changed_before_and_after_is_told()
    {
        await using var two = await TwoSessions.OpenAsync(server, "ENABLE QRESYNC");
        await two.Actor.RunOkAsync("STORE 1 +FLAGS (\\Seen)");
        await server.ForgetAsync();
        await two.Actor.RunOkAsync("STORE 2 +FLAGS (\\Deleted)");
        await server.ForgetAsync();
        await two.Actor.RunOkAsync("EXPUNGE");
        await server.DeliverAsync(two.User, SampleMail.All[0]);
        await server.ForgetAsync();
        Assert.Equal(
            ["* VANISHED 2", "* 3 EXISTS", "* 1 RECENT", "* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (4))", "OK NOOP completed"],
            await two.Watcher.RunAsync("NOOP"));
    }

    [Fact]
    public async Task Who_idles_is_told_without_a_wait_when_the_mailbox_says_that_it_moves()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Watcher.IdleAsync();
        await two.IsToldAsync("STORE 1 +FLAGS (\\Seen)", "* 1 FETCH (FLAGS (\\Seen))");

        // No time passes: the next renewal would never come.
        await server.ForgetAsync();
        await two.IsToldAsync("STORE 2 +FLAGS (\\Seen)", "* 2 FETCH (FLAGS (\\Seen))");
    }

    [Fact]
    public async Task Who_idles_is_told_again_after_the_next_renewal()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Watcher.IdleAsync();
        await two.IsToldAsync("STORE 1 +FLAGS (\\Seen)", "* 1 FETCH (FLAGS (\\Seen))");

        // The new activation knows no watchers: the answer to the renewal shows that a notice is missing.
        await server.ForgetAsync();
        await two.Actor.RunOkAsync("STORE 2 +FLAGS (\\Seen)");
        Assert.Equal("* 2 FETCH (FLAGS (\\Seen))", await ReadWhileTimePassesAsync(two.Watcher, TimeSpan.FromSeconds(1)));

        // And it is registered again.
        await two.IsToldAsync("STORE 3 +FLAGS (\\Seen)", "* 3 FETCH (FLAGS (\\Seen))");
    }

    [Fact]
    public async Task Who_idles_hears_something_every_two_minutes_and_is_left_after_half_an_hour()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Watcher.IdleAsync();
        await two.IsToldAsync("STORE 1 +FLAGS (\\Seen)", "* 1 FETCH (FLAGS (\\Seen))");
        var lines = new List<string>();
        do
        {
            lines.Add(await ReadWhileTimePassesAsync(two.Watcher, TimeSpan.FromMilliseconds(20)));
        }
        while (lines[^1] == "* OK Still here");
        Assert.Equal("* OK Still here", lines[0]);
        Assert.Equal("* BYE Inactive for too long", lines[^1]);
    }

    // The server sets its timers at moments of its own: its clock goes on, with room for real work between, until it has spoken. With too little of it a minute passes while a renewal is on its way.
    private async Task<string> ReadWhileTimePassesAsync(ImapClient client, TimeSpan room)
    {
        var line = client.ReadLineAsync();
        while (!line.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(15));
            await Task.WhenAny(line, Task.Delay(room));
        }

        return await line;
    }
}
