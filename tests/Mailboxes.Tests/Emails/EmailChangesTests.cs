using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>Emails and their folders, one case at a time.</summary>
public sealed class EmailChangesTests : IAsyncLifetime
{
    private const string Account = "demo/changes";
    private TestSilo silo = null!;

    private IMailboxGrain Mailbox => silo.Mailbox(Account);

    private IEmailGrain Emails => silo.Grains.GetGrain<IEmailGrain>(Account);

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync();
        await Mailbox.CreateAsync(new() { Folders = [new("Archive", "\\Archive"), new("Trash", "\\Trash")] });
    }

    public Task DisposeAsync() => silo.DisposeAsync().AsTask();

    [Fact]
    public async Task There_is_no_state_of_a_mailbox_that_is_none()
    {
        var none = silo.Grains.GetGrain<IEmailGrain>("demo/none");
        Assert.Null(await none.GetStateAsync());
        Assert.Null(await none.GetFoldersAsync());
        Assert.Empty((await none.GetAsync([Guid.NewGuid()], withContent: true)).Emails);
    }

    [Fact]
    public async Task An_id_that_no_message_has_is_left_out()
    {
        await FileAsync();
        Guid[] strangers = [Guid.Empty, new([.. Enumerable.Repeat((byte)0xff, 16)]), Guid.NewGuid()];
        Assert.Empty((await Emails.GetAsync(strangers, withContent: true)).Emails);
    }

    [Fact]
    public async Task A_copy_is_the_same_Email_in_another_folder_with_the_flags_of_both()
    {
        var (id, uid) = await FileAsync();
        await CopyAsync("INBOX", uid, "Archive", move: false);
        await StoreAsync("INBOX", uid, MessageFlags.Seen | MessageFlags.Flagged | MessageFlags.Deleted);
        var email = await OnlyAsync(id);
        Assert.Equal(MessageFlags.Flagged, email.Flags);
        Assert.Equal([await IdAsync("INBOX"), await IdAsync("Archive")], email.Folders);
        Assert.Equal("hello", email.Content!.Summary.Envelope.Subject);
        Assert.Equal((1, 1), await CountsAsync("INBOX"));
        Assert.Equal((1, 1), await CountsAsync("Archive"));

        await StoreAsync("Archive", 1, MessageFlags.Seen);
        Assert.Equal(MessageFlags.Flagged | MessageFlags.Seen, (await OnlyAsync(id)).Flags);
        Assert.Equal((1, 0), await CountsAsync("INBOX"));
    }

    [Fact]
    public async Task Two_copies_in_one_folder_count_once()
    {
        var (_, uid) = await FileAsync();
        await CopyAsync("INBOX", uid, "INBOX", move: false);
        await FileAsync();
        Assert.Equal((2, 2), await CountsAsync("INBOX"));
    }

    [Fact]
    public async Task An_Email_is_destroyed_when_its_last_place_goes()
    {
        var (id, uid) = await FileAsync();
        await CopyAsync("INBOX", uid, "Archive", move: false);
        var since = await StateAsync();
        await ExpungeAsync("INBOX", uid);
        var first = await Emails.GetChangesAsync(since, 10);
        Assert.Equal([id], first.Updated);
        Assert.Equal([await IdAsync("Archive")], (await OnlyAsync(id)).Folders);

        await ExpungeAsync("Archive", 1);
        Assert.Equal([id], (await Emails.GetChangesAsync(first.State, 10)).Destroyed);
        Assert.Equal([id], (await Emails.GetChangesAsync(since, 10)).Destroyed);
        Assert.Empty((await Emails.GetAsync([id], withContent: false)).Emails);
    }

    [Fact]
    public async Task What_came_and_went_since_is_not_told()
    {
        var since = await StateAsync();
        var (_, uid) = await FileAsync();
        await ExpungeAsync("INBOX", uid);
        var changes = await Emails.GetChangesAsync(since, 10);
        Assert.Equal((true, 0, 0, 0), (changes.Known, changes.Created.Length, changes.Updated.Length, changes.Destroyed.Length));
        Assert.Equal(await StateAsync(), changes.State);
    }

    [Fact]
    public async Task A_move_is_a_change_and_no_destruction()
    {
        var (id, uid) = await FileAsync();
        var since = await StateAsync();
        await CopyAsync("INBOX", uid, "Trash", move: true);
        var changes = await Emails.GetChangesAsync(since, 10);
        Assert.Equal([id], changes.Updated);
        Assert.Empty(changes.Destroyed);
        Assert.Equal([(await OnlyAsync(id)).Thread], changes.Threads);
        Assert.Equal([await IdAsync("INBOX"), await IdAsync("Trash")], (await Emails.GetFolderChangesAsync(since.ModSeq)).Counted.Order());
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1500)]
    public async Task Renaming_INBOX_changes_the_folder_of_all(int messages)
    {
        var ids = (await Task.WhenAll(Enumerable.Range(0, messages).Select(_ => FileAsync()))).Select(f => f.Id).ToHashSet();
        var since = await StateAsync();
        var known = await Folders.AllAsync(Mailbox, "INBOX");
        await Mailbox.RenameFolderAsync(Guid.NewGuid(), "INBOX", "Old");
        var changes = await Emails.GetChangesAsync(since, 10_000);
        Assert.Equal(ids.Order(), changes.Updated.Order());
        Assert.Equal([await IdAsync("Old")], (await OnlyAsync(ids.First())).Folders);
        Assert.Equal(known.Select(m => (m.Uid, m.ModSeq)), (await Folders.AllAsync(Mailbox, "Old")).Select(m => (m.Uid, m.ModSeq)));
    }

    [Fact]
    public async Task Pages_may_end_within_one_modseq()
    {
        var uids = (await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => FileAsync()))).Select(f => f.Uid).Order().ToArray();
        var since = await StateAsync();
        await StoreAsync("INBOX", new UidRange(uids[0], uids[^1]), MessageFlags.Seen);
        var told = new List<Guid>();
        var state = since;
        for (var hasMore = true; hasMore;)
        {
            var page = await Emails.GetChangesAsync(state, 3);
            Assert.InRange(page.Updated.Length, 1, 3);
            told.AddRange(page.Updated);
            (state, hasMore) = (page.State, page.HasMore);
        }

        Assert.Equal(20, told.Distinct().Count());
        Assert.Equal(20, told.Count);
        Assert.Equal(await StateAsync(), state);
    }

    [Fact]
    public async Task What_was_made_early_and_changed_late_is_made_on_the_first_page_and_changed_on_a_later()
    {
        var since = await StateAsync();
        var (id, uid) = await FileAsync();
        var (second, _) = await FileAsync();
        await StoreAsync("INBOX", uid, MessageFlags.Seen);
        var first = await Emails.GetChangesAsync(since, 1);
        Assert.Equal([id], first.Created);
        Assert.True(first.HasMore);
        var rest = await Emails.GetChangesAsync(first.State, 10);
        Assert.Equal([second], rest.Created);
        Assert.Equal([id], rest.Updated);
    }

    [Fact]
    public async Task A_state_that_is_to_come_is_not_known()
    {
        var now = await StateAsync();
        Assert.False((await Emails.GetChangesAsync(new(now.ModSeq + 1), 10)).Known);
        Assert.False((await Emails.GetFolderChangesAsync(now.ModSeq + 1)).Known);
    }

    [Fact]
    public async Task Folders_are_told_when_they_are_made_changed_and_deleted()
    {
        var since = (await Emails.GetStateAsync())!.Value;
        await Mailbox.CreateFolderAsync(Guid.NewGuid(), new("a/b", null));
        await Mailbox.SetSubscribedAsync("Archive", subscribed: false);
        await Mailbox.RenameFolderAsync(Guid.NewGuid(), "Trash", "Bin");
        await FileAsync();
        var first = await Emails.GetFolderChangesAsync(since);
        Assert.Equal([await IdAsync("a"), await IdAsync("a/b")], first.Created);
        Assert.Equal([await IdAsync("Archive"), await IdAsync("Bin")], first.Updated);
        Assert.Equal([await IdAsync("INBOX")], first.Counted);

        var (gone, child) = (await IdAsync("a"), await IdAsync("a/b"));
        await Mailbox.DeleteFolderAsync(Guid.NewGuid(), "a");
        var second = await Emails.GetFolderChangesAsync(first.ModSeq);
        Assert.Equal([gone], second.Destroyed);
        Assert.Equal([child], second.Updated);
        Assert.DoesNotContain(gone, (await Emails.GetFolderChangesAsync(since)).Destroyed);
    }

    [Fact]
    public async Task Unread_counts_of_other_folders_follow_a_copy()
    {
        var (_, uid) = await FileAsync();
        await StoreAsync("INBOX", uid, MessageFlags.Seen);
        await CopyAsync("INBOX", uid, "Archive", move: false);
        await Mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = await IdAsync("Archive"), Uids = [new(1, 1)], Change = FlagChange.Remove, Flags = MessageFlags.Seen });
        Assert.Equal((1, 1), await CountsAsync("INBOX"));
        var since = (await Emails.GetStateAsync())!.Value;
        await ExpungeAsync("Archive", 1);
        Assert.Contains(await IdAsync("INBOX"), (await Emails.GetFolderChangesAsync(since)).Counted);
        Assert.Equal((1, 0), await CountsAsync("INBOX"));
    }

    [Fact]
    public async Task Contents_come_in_pages()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 30; i++)
        {
            var mail = Mail.For(Account);
            await Mailbox.FileAsync(mail with { Summary = mail.Summary with { Header = new byte[100_000] } });
            ids.Add(mail.Delivery.Value);
        }

        var page = await Emails.GetAsync(ids, withContent: true);
        Assert.InRange(page.Emails.Count, 5, 20);
        Assert.Equal(ids, page.Emails.Select(e => e.Id).Concat(page.Left));
        Assert.All(page.Emails, e => Assert.NotNull(e.Content));
        Assert.Empty((await Emails.GetAsync(ids, withContent: false)).Left);
    }

    [Fact]
    public async Task Threads_follow_from_the_messages()
    {
        var first = Mail.For(Account, subject: "Lunch");
        var reply = Mail.For(Account, subject: "AW: Lunch");
        await Mailbox.FileAsync(first with { Summary = first.Summary with { Envelope = first.Summary.Envelope with { MessageId = "<a@x>" } } });
        await Mailbox.FileAsync(reply with { Summary = reply.Summary with { Envelope = reply.Summary.Envelope with { MessageId = "<b@x>", InReplyTo = "<a@x>" } } });
        var (alone, _) = await FileAsync();
        var emails = (await Emails.GetAsync([first.Delivery.Value, reply.Delivery.Value, alone], withContent: false)).Emails;
        Assert.Equal(emails[0].Thread, emails[1].Thread);
        Assert.NotEqual(emails[0].Thread, emails[2].Thread);
    }

    private async Task<(Guid Id, uint Uid)> FileAsync()
    {
        var mail = Mail.For(Account);
        return (mail.Delivery.Value, (await Mailbox.FileAsync(mail)).Uid);
    }

    private async Task<EmailState> StateAsync() => new((await Emails.GetStateAsync())!.Value);

    private async Task<EmailRecord> OnlyAsync(Guid id) => Assert.Single((await Emails.GetAsync([id], withContent: true)).Emails);

    private async Task<int> IdAsync(string folder) => (await Mailbox.OpenFolderAsync(folder, claimRecent: false))!.FolderId;

    private async Task<(int Total, int Unread)> CountsAsync(string folder)
    {
        var found = (await Emails.GetFoldersAsync())!.Folders.Single(f => f.Name == folder);
        return (found.TotalEmails, found.UnreadEmails);
    }

    private async Task CopyAsync(string folder, uint uid, string target, bool move) => Assert.Equal(
        WriteOutcome.Done,
        (await Mailbox.CopyAsync(new() { Operation = Guid.NewGuid(), FolderId = await IdAsync(folder), Uids = [new(uid, uid)], Target = target, Move = move })).Outcome);

    private Task StoreAsync(string folder, uint uid, MessageFlags flags) => StoreAsync(folder, new UidRange(uid, uid), flags);

    private async Task StoreAsync(string folder, UidRange uids, MessageFlags flags) =>
        await Mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = await IdAsync(folder), Uids = [uids], Change = FlagChange.Add, Flags = flags });

    private async Task ExpungeAsync(string folder, uint uid)
    {
        await StoreAsync(folder, uid, MessageFlags.Deleted);
        Assert.Equal(1, (await Mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = await IdAsync(folder), Uids = [new(uid, uid)] })).Expunged);
    }
}
