namespace MailCloud.MailboxAccess.Tests.Sessions;

/// <summary>What one session stores, another sees.</summary>
public sealed class StoreSeenByOthersTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Theory]
    [InlineData("STORE 1 +FLAGS (\\Seen)")]
    [InlineData("UID STORE 1 +FLAGS (\\Seen)")]
    [InlineData("STORE 1 +FLAGS.SILENT (\\Seen)")]
    [InlineData("FETCH 1 BODY[TEXT]<0.1>")]
    public async Task A_flag_is_told_to_the_others_once(string command)
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.SeesAsync(command, "* 1 FETCH (FLAGS (\\Seen))");
        Assert.Equal(["OK NOOP completed"], await two.Watcher.RunAsync("NOOP"));
        Assert.Equal(["OK NOOP completed"], await two.Actor.RunAsync("NOOP"));
    }

    [Fact]
    public async Task A_new_keyword_is_announced_before_a_message_has_it()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.SeesAsync(
            "STORE 2 +FLAGS ($Work)",
            "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work)",
            "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work \\*)] Flags are kept",
            "* 2 FETCH (FLAGS ($Work))");
    }

    [Fact]
    public async Task With_condstore_and_qresync_the_modseq_and_the_uid_come_along()
    {
        await using var two = await TwoSessions.OpenAsync(server, "ENABLE CONDSTORE");
        await two.SeesAsync("STORE 1 +FLAGS (\\Seen)", "* 1 FETCH (FLAGS (\\Seen) MODSEQ (4))");
        await using var quick = await TwoSessions.OpenAsync(server, "ENABLE QRESYNC");
        await quick.SeesAsync("STORE 3 +FLAGS (\\Seen)", "* 3 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (4))");
    }

    [Fact]
    public async Task A_silent_store_does_not_swallow_what_another_session_changed()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await two.Actor.RunOkAsync("STORE 1:2 +FLAGS (\\Flagged)");

        // The watcher has not heard of it: of message 1 it is told both changes together, of message 3 nothing, and of message 2 the other's.
        Assert.Equal(
            ["* 1 FETCH (FLAGS (\\Flagged \\Seen))", "* 2 FETCH (FLAGS (\\Flagged))", "OK STORE completed"],
            await two.Watcher.RunAsync("STORE 1,3 +FLAGS.SILENT (\\Seen)"));
        Assert.Equal(["OK NOOP completed"], await two.Watcher.RunAsync("NOOP"));
    }

    [Fact]
    public async Task A_condition_leaves_alone_what_another_session_changed()
    {
        await using var two = await TwoSessions.OpenAsync(server, "ENABLE CONDSTORE");
        await two.Actor.RunOkAsync("STORE 2 +FLAGS (\\Flagged)");
        Assert.Equal(
            ["* 1 FETCH (MODSEQ (5))", "* 3 FETCH (MODSEQ (5))", "* 2 FETCH (FLAGS (\\Flagged) MODSEQ (4))", "OK [MODIFIED 2] Conditional STORE failed for some"],
            await two.Watcher.RunAsync("STORE 1:3 (UNCHANGEDSINCE 3) +FLAGS.SILENT (\\Seen)"));
    }

    [Fact]
    public async Task Flags_of_a_delivery_are_not_told_before_its_existence()
    {
        await using var two = await TwoSessions.OpenAsync(server);
        await server.DeliverAsync(two.User, SampleMail.All[0]);
        await two.Actor.RunOkAsync("NOOP");
        await two.SeesAsync("STORE 4 +FLAGS (\\Seen)", "* 4 EXISTS", "* 0 RECENT");
    }
}
