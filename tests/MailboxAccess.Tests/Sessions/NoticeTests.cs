using MailCloud.MailboxAccess.Imap.Terminals;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests.Sessions;

/// <summary>RFC 821 §3.4: a session of an account is its terminal.</summary>
public sealed class NoticeTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task Who_idles_is_shown_it_at_once_with_or_without_a_mailbox()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("UNSELECT");
        await two.Actor.IdleAsync();
        await two.Watcher.IdleAsync();
        for (var i = 1; i < 4; i++)
        {
            Assert.True(await Terminals.ShowAsync(await server.AccountAsync(two.User), $"number {i}"));
            Assert.Equal($"* OK [ALERT] number {i}", await two.Actor.ReadLineAsync());
            Assert.Equal($"* OK [ALERT] number {i}", await two.Watcher.ReadLineAsync());
        }

        Assert.Equal(["OK IDLE completed"], await two.Watcher.DoneAsync());
    }

    [Fact]
    public async Task Who_does_not_is_shown_it_before_the_next_tagged_response()
    {
        var user = await server.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        var shown = Sessions.ShowAsync(await server.AccountAsync(user), "later");

        Assert.Equal(["* OK [ALERT] later", "OK NOOP completed"], await client.RunAsync("NOOP"));
        Assert.True(await shown);
        Assert.Equal(["OK NOOP completed"], await client.RunAsync("NOOP"));
    }

    [Fact]
    public async Task It_is_told_with_what_has_changed()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("STORE 1 +FLAGS (\\Seen)");
        var shown = Sessions.ShowAsync(await server.AccountAsync(two.User), "and this");

        Assert.Equal(["* 1 FETCH (FLAGS (\\Seen))", "* OK [ALERT] and this", "OK NOOP completed"], await two.Watcher.RunAsync("NOOP"));
        Assert.True(await shown);
    }

    [Theory]
    [InlineData("one\r\n* BYE injected", "one  * BYE injected")]
    [InlineData("nul\0 and\u2028line, \u202Eright to left\u202C, tab\t.", "nul  and line, right to left, tab .")]
    [InlineData("中文 👩\u200D👩\u200D👧", "中文 👩\u200D👩\u200D👧")]
    public async Task It_is_one_line_whatever_it_holds(string text, string line)
    {
        var user = await server.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        var shown = Sessions.ShowAsync(await server.AccountAsync(user), text);

        Assert.Equal([$"* OK [ALERT] {line}", "OK NOOP completed"], await client.RunAsync("NOOP"));
        Assert.True(await shown);
    }

    [Fact]
    public async Task The_last_ten_wait_and_the_older_ones_are_given_back()
    {
        var user = await server.CreateAccountAsync();
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        var account = await server.AccountAsync(user);
        var shown = Enumerable.Range(1, 12).Select(i => Sessions.ShowAsync(account, $"number {i}")).ToList();
        var lines = await client.RunAsync("NOOP");

        Assert.Equal(
            ["* OK [ALERT] 2 older messages to you were not shown here", .. Enumerable.Range(3, 10).Select(i => $"* OK [ALERT] number {i}"), "OK NOOP completed"], lines);
        var results = await Task.WhenAll(shown);
        Assert.Equal([false, false, .. Enumerable.Repeat(true, 10)], results);
    }

    [Fact]
    public async Task Only_who_is_logged_in_is_there()
    {
        var user = await server.CreateAccountAsync();
        var account = await server.AccountAsync(user);
        await using var stranger = await ImapClient.ConnectAsync(server.EndPoint);
        Assert.Empty(await Terminals.FindLiveAsync([account]));
        Assert.False(await Terminals.ShowAsync(account, "to nobody"));
        await using var client = await ImapClient.ConnectAsync(server.EndPoint, user);
        Assert.Equal([account], await Terminals.FindLiveAsync([account]));
    }

    [Fact]
    public async Task What_no_client_takes_in_time_is_given_back_and_so_is_what_waits_at_the_end()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var slow = new ImapServer { Time = time };
        await slow.InitializeAsync();
        try
        {
            var user = await slow.CreateAccountAsync();
            var account = await slow.AccountAsync(user);
            var sessions = slow.Services.GetRequiredService<LiveSessions>();
            await using var client = await ImapClient.ConnectAsync(slow.EndPoint, user);
            var late = sessions.ShowAsync(account, "late");
            time.Advance(TimeSpan.FromSeconds(5));
            Assert.False(await late);
            Assert.Equal(["* OK [ALERT] late", "OK NOOP completed"], await client.RunAsync("NOOP"));

            // The clock stands still: only the end of the session can give it back.
            var lost = sessions.ShowAsync(account, "lost");
            Assert.Equal(["* BYE Goodbye", "OK LOGOUT completed"], await client.RunAsync("LOGOUT"));
            Assert.False(await lost);
            Assert.Empty(await sessions.FindLiveAsync([account]));
        }
        finally
        {
            await slow.DisposeAsync();
        }
    }

    private LiveSessions Sessions => server.Services.GetRequiredService<LiveSessions>();

    private ITerminalsGrain Terminals => server.Services.GetRequiredService<IGrainFactory>().GetGrain<ITerminalsGrain>(0);
}
