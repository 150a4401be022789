namespace MailCloud.MailboxAccess.Tests.Sessions;

/// <summary>RFC 2177: what changes is told without being asked for.</summary>
public sealed class IdleTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task Changes_are_told_at_once()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Watcher.IdleAsync();
        await two.IsToldAsync("STORE 1 +FLAGS (\\Seen)", "* 1 FETCH (FLAGS (\\Seen))");
        await two.IsToldAsync("STORE 2 +FLAGS.SILENT (\\Seen)", "* 2 FETCH (FLAGS (\\Seen))");
        await server.DeliverAsync(two.User, SampleMail.All[0]);
        Assert.Equal("* 4 EXISTS", await two.Watcher.ReadLineAsync());
        Assert.Equal("* 1 RECENT", await two.Watcher.ReadLineAsync());
        Assert.Equal(["OK IDLE completed"], await two.Watcher.DoneAsync());
        Assert.Equal(["OK NOOP completed"], await two.Watcher.RunAsync("NOOP"));
    }

    [Fact]
    public async Task What_changed_before_is_told_when_idling_begins()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("STORE 1 +FLAGS (\\Seen)");
        await two.Watcher.IdleAsync();
        Assert.Equal("* 1 FETCH (FLAGS (\\Seen))", await two.Watcher.ReadLineAsync());
    }

    [Fact]
    public async Task Every_session_that_idles_is_told()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await using var third = await ImapClient.ConnectAsync(server.EndPoint, two.User);
        await third.RunOkAsync("EXAMINE INBOX");
        for (var round = 0; round < 3; round++)
        {
            await two.Watcher.IdleAsync();
            await third.IdleAsync();
            var change = round % 2 == 0 ? '+' : '-';
            var flags = round % 2 == 0 ? "\\Seen" : "";
            await two.IsToldAsync($"STORE 1 {change}FLAGS (\\Seen)", $"* 1 FETCH (FLAGS ({flags}))");
            Assert.Equal($"* 1 FETCH (FLAGS ({flags}))", await third.ReadLineAsync());
            Assert.Equal(["OK IDLE completed"], await two.Watcher.DoneAsync());
            Assert.Equal(["OK IDLE completed"], await third.DoneAsync());
        }
    }

    [Fact]
    public async Task A_client_that_takes_nothing_holds_nobody()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Watcher.IdleAsync();
        await using var deaf = await ImapClient.ConnectAsync(server.EndPoint, two.User);
        await deaf.RunOkAsync("SELECT INBOX");
        await deaf.IdleAsync();
        for (var round = 0; round < 50; round++)
        {
            var change = round % 2 == 0 ? '+' : '-';
            await two.IsToldAsync($"STORE 1 {change}FLAGS (\\Seen)", $"* 1 FETCH (FLAGS ({(round % 2 == 0 ? "\\Seen" : "")}))");
        }
    }
}
