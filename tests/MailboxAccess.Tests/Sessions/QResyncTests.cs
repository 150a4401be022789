using System.Text.RegularExpressions;

namespace MailCloud.MailboxAccess.Tests.Sessions;

/// <summary>RFC 7162 §3.2: what a client that was away, or that listens, is told of messages that are gone.</summary>
public sealed partial class QResyncTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task Who_comes_back_is_told_what_went_and_what_changed()
    {
        await using var two = await TwoSessions.OpenAsync(server, "ENABLE QRESYNC");
        var uidValidity = await LeaveAsync(two);
        Assert.Equal(
            [
                "* VANISHED (EARLIER) 2",
                "* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (4))",
                "* 3 FETCH (UID 4 FLAGS (\\Draft) MODSEQ (7))",
                "OK [READ-WRITE] SELECT completed",
            ],
            await ResyncAsync(two.Watcher, $"({uidValidity} 3)"));
    }

    [Theory]
    [InlineData("1 1:4", "* VANISHED (EARLIER) 2|* 1 FETCH|* 2 FETCH|* 3 FETCH")]
    [InlineData("3 1,3", "* 1 FETCH")]
    [InlineData("3 2:3", "* VANISHED (EARLIER) 2")]
    [InlineData("3 1:3 (1:2 1:2)", "* VANISHED (EARLIER) 2|* 1 FETCH")]
    [InlineData("3 (1,3 1,3)", "* VANISHED (EARLIER) 2|* 1 FETCH|* 3 FETCH")]
    [InlineData("7", "")]
    public async Task Only_of_the_messages_that_it_knows(string parameters, string told)
    {
        await using var two = await TwoSessions.OpenAsync(server, "ENABLE QRESYNC");
        var uidValidity = await LeaveAsync(two);
        var lines = await ResyncAsync(two.Watcher, $"({uidValidity} {parameters})");
        Assert.Equal(told, string.Join('|', lines.SkipLast(1).Select(line => line.Split(" (UID")[0])));
    }

    [Fact]
    public async Task Under_another_uidvalidity_nothing_is_told()
    {
        await using var two = await TwoSessions.OpenAsync(server, "ENABLE QRESYNC");
        await LeaveAsync(two);
        Assert.Equal(["OK [READ-WRITE] SELECT completed"], await ResyncAsync(two.Watcher, "(1 3)"));
    }

    [Fact]
    public async Task Expunges_are_vanished_for_one_and_numbers_for_the_other()
    {
        await using var two = await TwoSessions.OpenAsync(server, "ENABLE QRESYNC");
        await using var plain = await ImapClient.ConnectAsync(server.EndPoint, two.User);
        await plain.RunOkAsync("EXAMINE INBOX");
        await two.Watcher.IdleAsync();
        await two.Actor.RunOkAsync("STORE 1,3 +FLAGS.SILENT (\\Deleted)");
        Assert.Equal("* 1 FETCH (UID 1 FLAGS (\\Deleted) MODSEQ (4))", await two.Watcher.ReadLineAsync());
        Assert.Equal("* 3 FETCH (UID 3 FLAGS (\\Deleted) MODSEQ (4))", await two.Watcher.ReadLineAsync());
        await two.IsToldAsync("EXPUNGE", "* VANISHED 1,3");
        Assert.Equal(["* 3 EXPUNGE", "* 1 EXPUNGE", "OK NOOP completed"], await plain.RunAsync("NOOP"));
    }

    [Fact]
    public async Task While_an_expunge_is_held_back_the_highest_modseq_stays_below_it()
    {
        await using var two = await TwoSessions.OpenAsync(server, "ENABLE QRESYNC");
        await two.Actor.RunOkAsync("STORE 2 +FLAGS (\\Deleted)");
        await two.Watcher.RunOkAsync("NOOP");
        await two.Actor.RunOkAsync("EXPUNGE");
        await two.Actor.RunOkAsync("STORE 2 +FLAGS (\\Seen)");

        // The message keeps its number until VANISHED takes it away, and ALL is all that have one.
        Assert.Equal(
            ["* SEARCH 1 2 3", "* 3 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (6))", "* OK [HIGHESTMODSEQ 4] Highest", "OK SEARCH completed"],
            await two.Watcher.RunAsync("SEARCH ALL"));
        Assert.Equal(["* VANISHED 2", "OK NOOP completed"], await two.Watcher.RunAsync("NOOP"));
    }

    /// <summary>The watcher leaves, knowing all up to modseq 3; then 1 is seen (4), 2 deleted (5) and expunged (6), and a draft comes (7).</summary>
    private static async Task<string> LeaveAsync(TwoSessions two)
    {
        await two.Watcher.RunOkAsync("UNSELECT");
        await two.Actor.RunOkAsync("STORE 1 +FLAGS (\\Seen)");
        await two.Actor.RunOkAsync("STORE 2 +FLAGS (\\Deleted)");
        await two.Actor.RunOkAsync("EXPUNGE");
        await two.Actor.RunOkAsync("APPEND INBOX (\\Draft) {14+}\r\nSubject: x\r\n\r\n");
        var lines = await two.Actor.RunOkAsync("EXAMINE INBOX");
        return lines.Select(line => UidValidity().Match(line)).First(match => match.Success).Groups[1].Value;
    }

    /// <summary>SELECT with QRESYNC; what comes after HIGHESTMODSEQ.</summary>
    private static async Task<IEnumerable<string>> ResyncAsync(ImapClient client, string parameters)
    {
        var lines = await client.RunOkAsync($"SELECT INBOX (QRESYNC {parameters})");
        return lines.SkipWhile(line => !line.Contains("HIGHESTMODSEQ", StringComparison.Ordinal)).Skip(1);
    }

    [GeneratedRegex(@"\[UIDVALIDITY (\d+)\]")]
    private static partial Regex UidValidity();
}
