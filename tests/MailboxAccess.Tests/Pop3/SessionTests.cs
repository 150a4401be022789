using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>What a session leaves in the mailbox, and what IMAP sees of it.</summary>
public sealed class SessionTests(ImapServer server) : IClassFixture<ImapServer>
{
    [Fact]
    public async Task What_was_only_read_is_there_next_time()
    {
        var user = await server.CreateAccountAsync();
        await using var imap = await ImapClient.ConnectAsync(server.EndPoint, user);
        IReadOnlyList<string> ids;
        await using (var first = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user))
        {
            ids = await first.ListAsync("UIDL");
            await first.RetrieveAsync("RETR 1");
            await first.RetrieveAsync("TOP 2 1");
            await first.SayOkAsync("QUIT");
        }

        await using var second = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        Assert.Equal(ids, await second.ListAsync("UIDL"));

        // And IMAP sees nothing of it.
        await imap.RunOkAsync("EXAMINE INBOX");
        Assert.Equal(["* SEARCH 1 2 3", "OK SEARCH completed"], await imap.RunAsync("SEARCH UNSEEN"));
    }

    [Fact]
    public async Task What_was_deleted_is_gone_and_the_rest_keeps_its_ids()
    {
        var user = await server.CreateAccountAsync();
        await using var first = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        var ids = await first.ListAsync("UIDL");
        await first.RetrieveAsync("RETR 2");
        await first.SayOkAsync("DELE 2");
        await first.SayOkAsync("QUIT");
        Assert.Null(await first.TryReadLineAsync());
        await server.ForgetAsync();
        await using var second = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        Assert.Equal([ids[0], "2" + ids[2][1..]], await second.ListAsync("UIDL"));
    }

    [Fact]
    public async Task A_broken_connection_deletes_nothing()
    {
        var user = await server.CreateAccountAsync();
        await using (var first = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user))
        {
            await first.SayOkAsync("DELE 1");
            first.Reset();
        }

        await using (var second = await Pop3Client.ConnectWhenFreeAsync(server.Pop3EndPoint, user))
        {
            Assert.Equal(3, (await second.ListAsync("LIST")).Count);
            await second.SayOkAsync("DELE 1");
        }

        // The client ends its side in order and says no QUIT.
        await using var third = await Pop3Client.ConnectWhenFreeAsync(server.Pop3EndPoint, user);
        Assert.Equal(3, (await third.ListAsync("LIST")).Count);
    }

    [Fact]
    public async Task One_session_has_the_maildrop_until_it_quits()
    {
        var user = await server.CreateAccountAsync();
        await using var first = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        await using var second = await Pop3Client.ConnectAsync(server.Pop3EndPoint);
        Assert.StartsWith("-ERR [IN-USE] ", await second.LogInAsync(user));
        await first.SayOkAsync("DELE 3");
        await first.SayOkAsync("QUIT");
        Assert.StartsWith("+OK Logged in, 2 messages ", await second.LogInAsync(user));
        await second.SayOkAsync("QUIT");
        await using var third = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        Assert.Equal(2, (await third.ListAsync("LIST")).Count);
    }

    [Fact]
    public async Task Imap_is_told_at_once_and_keeps_what_it_has_marked()
    {
        var user = await server.CreateAccountAsync();
        await using var imap = await ImapClient.ConnectAsync(server.EndPoint, user);
        await imap.RunOkAsync("SELECT INBOX");
        await imap.RunOkAsync("STORE 2 +FLAGS (\\Deleted)");
        await imap.IdleAsync();
        await using var pop3 = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        await pop3.SayOkAsync("DELE 1");
        await pop3.SayOkAsync("DELE 3");
        await pop3.SayOkAsync("QUIT");
        Assert.Equal("* 3 EXPUNGE", await imap.ReadLineAsync());
        Assert.Equal("* 1 EXPUNGE", await imap.ReadLineAsync());
        await imap.DoneAsync();
        Assert.Contains("* 1 FETCH (FLAGS (\\Deleted \\Recent))", await imap.RunAsync("FETCH 1 FLAGS"));
    }

    [Fact]
    public async Task The_maildrop_stays_as_it_was_whatever_imap_does()
    {
        var user = await server.CreateAccountAsync();
        await using var pop3 = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        var list = await pop3.ListAsync("LIST");
        await using var imap = await ImapClient.ConnectAsync(server.EndPoint, user);
        await imap.RunOkAsync("SELECT INBOX");
        await imap.RunOkAsync("STORE 1:2 +FLAGS (\\Deleted)");
        await imap.RunOkAsync("EXPUNGE");
        await server.DeliverAsync(user, SampleMail.All[0]);
        Assert.Equal(list, await pop3.ListAsync("LIST"));
        Assert.Equal("-ERR Message 2 was removed by another client", await pop3.SayAsync("RETR 2"));
        Assert.Equal("-ERR Message 1 was removed by another client", await pop3.SayAsync("TOP 1 0"));
        await pop3.SayOkAsync("DELE 1");
        await pop3.SayOkAsync("DELE 3");
        await pop3.SayOkAsync("QUIT");
        await imap.RunOkAsync("NOOP");
        Assert.Equal(["* SEARCH 4", "OK SEARCH completed"], await imap.RunAsync("UID SEARCH ALL"));
    }

    [Fact]
    public async Task Many_messages_are_listed_by_pages_and_removed_at_once()
    {
        const int Count = 2500;
        var user = await server.CreateAccountAsync([.. Enumerable.Range(1, Count).Select(i => System.Text.Encoding.ASCII.GetBytes($"Subject: {i}\r\n\r\n"))]);
        await using var first = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        Assert.Equal(Count, (await first.ListAsync("UIDL")).Count);

        // RFC 2449 §6.6: all in one write.
        await first.SendAsync(string.Concat(Enumerable.Range(1, Count).Where(i => i != 1234).Select(i => $"DELE {i}\r\n")));
        for (var i = 1; i < Count; i++)
        {
            Assert.StartsWith("+OK", await first.ReadLineAsync());
        }

        Assert.Equal($"+OK Goodbye, {Count - 1} messages removed", await first.SayAsync("QUIT"));
        await server.ForgetAsync();
        await using var second = await Pop3Client.ConnectAsync(server.Pop3EndPoint, user);
        Assert.StartsWith("1 000004d2", Assert.Single(await second.ListAsync("UIDL")));
        Assert.Contains("Subject: 1234\r\n", System.Text.Encoding.ASCII.GetString(await second.RetrieveAsync("RETR 1")), StringComparison.Ordinal);
    }
}
