namespace MailCloud.MailboxAccess.Tests.Sessions;

/// <summary>RFC 3501 §5.2, §7.3.1, §7.4.1: what one session changes by commands other than STORE, the others of the mailbox are told.</summary>
public sealed class WritesSeenByOthersTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Theory]
    [InlineData("APPEND INBOX {5+}\r\nHello", 4)]
    [InlineData("APPEND INBOX (\\Seen) {5+}\r\nHello {6+}\r\nHello2", 5)]
    [InlineData("COPY 2:3 INBOX", 5)]
    [InlineData("UID COPY 1 INBOX", 4)]
    public async Task New_messages_are_told(string command, int exists)
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.SeesAsync(command, $"* {exists} EXISTS", "* 0 RECENT");
    }

    [Theory]
    [InlineData("MOVE 1,3 Box", "* 3 EXPUNGE", "* 1 EXPUNGE")]
    [InlineData("UID MOVE 2 Box", "* 2 EXPUNGE")]
    [InlineData("EXPUNGE", "* 2 EXPUNGE", "* 1 EXPUNGE")]
    [InlineData("UID EXPUNGE 2:*", "* 2 EXPUNGE")]
    [InlineData("CLOSE", "* 2 EXPUNGE", "* 1 EXPUNGE")]
    [InlineData("RENAME INBOX Old", "* 3 EXPUNGE", "* 2 EXPUNGE", "* 1 EXPUNGE")]
    public async Task Messages_that_leave_are_told(string command, params string[] told)
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("CREATE Box");
        await two.Actor.RunOkAsync("STORE 1:2 +FLAGS.SILENT (\\Deleted)");
        await two.Watcher.RunOkAsync("NOOP");
        await two.SeesAsync(command, told);
    }

    [Fact]
    public async Task With_qresync_they_vanish()
    {
        await using var two = await TwoSessions.OpenAsync(server, "ENABLE QRESYNC");
        await two.Actor.RunOkAsync("CREATE Box");
        await two.SeesAsync("MOVE 1,3 Box", "* VANISHED 1,3");
    }

    [Fact]
    public async Task Who_idles_is_told_at_once()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("CREATE Box");
        await two.Watcher.IdleAsync();
        await two.IsToldAsync("MOVE 2 Box", "* 2 EXPUNGE");

        // From another mailbox: with INBOX selected both sessions hear of the message at once, and it is \Recent to whichever asks first (RFC 3501 §2.3.2).
        await two.Actor.RunOkAsync("SELECT Box");
        await two.IsToldAsync("APPEND INBOX {5+}\r\nHello", "* 3 EXISTS", "* 1 RECENT");
    }

    [Fact]
    public async Task The_target_of_a_move_is_told_too()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("CREATE Box");
        await two.Watcher.RunOkAsync("SELECT Box");
        await two.SeesAsync("MOVE 2:3 Box", "* 2 EXISTS", "* 2 RECENT");
    }

    [Theory]
    [InlineData("COPY 1 Box", "OK [EXPUNGEISSUED] There was nothing to copy")]
    [InlineData("MOVE 1 Box", "OK [EXPUNGEISSUED] There was nothing to move")]
    public async Task What_another_session_has_expunged_is_not_copied(string command, string answer)
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("CREATE Box");
        await two.Actor.RunOkAsync("STORE 1 +FLAGS.SILENT (\\Deleted)");
        await two.Actor.RunOkAsync("EXPUNGE");
        var lines = await two.Watcher.RunAsync(command);
        Assert.Equal(["* 1 EXPUNGE", answer], lines);
    }

    [Fact]
    public async Task A_mailbox_that_is_deleted_ends_the_sessions_that_have_it_selected()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("CREATE Box");
        await two.Actor.RunOkAsync("SELECT Box");
        await two.Watcher.RunOkAsync("SELECT Box");
        await two.Actor.RunOkAsync("DELETE Box");
        Assert.Equal(["* BYE The selected mailbox was deleted", "OK NOOP completed"], await two.Watcher.RunAsync("NOOP"));
        await Assert.ThrowsAsync<EndOfStreamException>(two.Watcher.ReadLineAsync);
        await two.Actor.RunOkAsync("SELECT INBOX");
    }

    [Fact]
    public async Task A_mailbox_that_is_renamed_stays_selected()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("CREATE Box");
        await two.Watcher.RunOkAsync("SELECT Box");
        await two.Actor.RunOkAsync("RENAME Box Chest");
        await two.SeesAsync("COPY 1 Chest", "* 1 EXISTS", "* 1 RECENT");
    }

    [Theory]
    [InlineData("CREATE New", "LIST \"\" New", "* LIST (\\HasNoChildren) \"/\" \"New\"")]
    [InlineData("RENAME Box New", "LIST \"\" New", "* LIST (\\HasNoChildren) \"/\" \"New\"")]
    [InlineData("SUBSCRIBE Box", "LSUB \"\" Box", "* LSUB () \"/\" \"Box\"")]
    [InlineData("UNSUBSCRIBE Listed", "LSUB \"\" Listed")]
    [InlineData("DELETE Box", "LIST \"\" Box")]
    public async Task Changes_of_folders_are_there_for_others_at_once(string command, string question, params string[] answer)
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("CREATE Box");
        await two.Actor.RunOkAsync("CREATE Listed");
        await two.Actor.RunOkAsync("SUBSCRIBE Listed");
        await two.Actor.RunOkAsync("UNSUBSCRIBE Box");
        await two.Actor.RunOkAsync(command);
        Assert.Equal(answer, (await two.Watcher.RunOkAsync(question)).SkipLast(1));
    }
}
