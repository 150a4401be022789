using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests.Mailbox;

public sealed class StoreFlagsTests
{
    private const string Account = "demo/store";

    [Fact]
    public async Task A_repeated_operation_answers_as_the_first_and_changes_nothing()
    {
        await using var silo = await TestSilo.StartAsync();
        var (mailbox, inbox) = await WithMessagesAsync(silo, 3);
        var change = new StoreRequest { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(1, 3)], Change = FlagChange.Add, Flags = MessageFlags.Seen, UnchangedSince = 2 };

        var first = await mailbox.StoreFlagsAsync(change);
        await silo.ForgetAsync();
        var repeat = await mailbox.StoreFlagsAsync(change);

        Assert.Equal([3u], first.Unmodified);
        Assert.Equal(first.Unmodified, repeat.Unmodified);
        Assert.Equal(first.Messages, repeat.Messages);
    }

    [Fact]
    public async Task Keywords_are_made_once_whatever_their_case_and_are_bounded()
    {
        await using var silo = await TestSilo.StartAsync();
        var (mailbox, inbox) = await WithMessagesAsync(silo, 1);

        await StoreAsync(mailbox, inbox, "$Forwarded", "重要");
        var again = await StoreAsync(mailbox, inbox, "$FORWARDED");
        var tooMany = await StoreAsync(mailbox, inbox, [.. Enumerable.Range(0, 55).Select(i => $"k{i}")]);
        var last = await StoreAsync(mailbox, inbox, [.. Enumerable.Range(0, 54).Select(i => $"k{i}")]);

        Assert.Equal(["$Forwarded", "重要"], again.Keywords);
        Assert.False(tooMany.KeywordsFit);
        Assert.True(last.KeywordsFit);
        Assert.Equal(56, last.Keywords.Count);
    }

    [Fact]
    public async Task Changes_since_a_modseq_name_what_changed_and_what_is_there()
    {
        await using var silo = await TestSilo.StartAsync();
        var (mailbox, inbox) = await WithMessagesAsync(silo, 1500);
        var before = (await mailbox.GetChangesAsync(new() { FolderId = inbox, SinceModSeq = 0 }))!.ModSeq;
        await mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(7, 8)], Change = FlagChange.Add, Flags = MessageFlags.Flagged });
        await mailbox.FileAsync(Mail.For(Account));
        await silo.ForgetAsync();

        var changes = await mailbox.GetChangesAsync(new() { FolderId = inbox, SinceModSeq = before, UidNext = 1501 });

        Assert.Equal([7u, 8u, 1501u], changes!.Flags.Select(f => f.Uid));
        Assert.Equal([new UidRange(1501, 1501)], changes.Arrived);
        Assert.Equal(before + 2, changes.ModSeq);
        Assert.Empty((await mailbox.GetChangesAsync(new() { FolderId = inbox, SinceModSeq = changes.ModSeq }))!.Flags);
    }

    [Fact]
    public async Task Recent_messages_are_claimed_by_one_session()
    {
        await using var silo = await TestSilo.StartAsync();
        var (mailbox, _) = await WithMessagesAsync(silo, 2);

        var watching = await mailbox.OpenFolderAsync("inbox", claimRecent: false);
        var first = await mailbox.OpenFolderAsync("INBOX", claimRecent: true);
        var second = await mailbox.OpenFolderAsync("INBOX", claimRecent: true);

        Assert.Equal((1u, 1u, 3u), (watching!.RecentFrom, first!.RecentFrom, second!.RecentFrom));
        Assert.Equal(0, (await mailbox.GetStatusAsync("INBOX"))!.Recent);
    }

    [Fact]
    public async Task A_new_mailbox_has_its_folders_and_no_other_is_found()
    {
        await using var silo = await TestSilo.StartAsync();
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new() { Folders = [new("Sent", "\\Sent"), new("归档", "\\Archive")] });

        Assert.Equal(["INBOX", "Sent", "归档"], (await mailbox.ListFoldersAsync()).Select(f => f.Name));
        Assert.Null(await mailbox.GetStatusAsync("sent"));
        Assert.Null(await mailbox.OpenFolderAsync("Nowhere", claimRecent: true));
    }

    private static Task<StoreResult> StoreAsync(IMailboxGrain mailbox, int inbox, params string[] keywords) => mailbox.StoreFlagsAsync(
        new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(1, 1)], Change = FlagChange.Add, Keywords = keywords });

    private static async Task<(IMailboxGrain Mailbox, int Inbox)> WithMessagesAsync(TestSilo silo, int messages)
    {
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new());
        for (var i = 0; i < messages; i++)
        {
            await mailbox.FileAsync(Mail.For(Account));
        }

        return (mailbox, (await mailbox.OpenFolderAsync("INBOX", claimRecent: false))!.FolderId);
    }
}
