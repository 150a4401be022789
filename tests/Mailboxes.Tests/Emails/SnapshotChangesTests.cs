using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Mailbox;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>What changed is told as of one moment, whatever happens to the mailbox while it is read, and only as much as is worth telling.</summary>
public sealed class SnapshotChangesTests
{
    private const string Account = "demo/moment";

    [Fact]
    public async Task What_happens_while_it_reads_is_told_with_the_next_state()
    {
        HeldReads held = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: blobs => held = new(blobs), settings: [new("Mailboxes:ChunkCacheBytes", "1")]);
        var (mailbox, emails) = await StartAsync(silo);
        var ids = await FileAsync(mailbox, 1005);
        var since = await StateAsync(emails);
        await StoreAsync(mailbox, 1, MessageFlags.Seen);
        var seen = await StateAsync(emails);

        held.Holding = true;
        var asked = emails.GetChangesAsync(since, 10);
        await held.Asked;
        var later = Assert.Single(await FileAsync(mailbox, 1));
        held.LetGo();
        var changes = await asked;
        Assert.Equal([ids[0]], changes.Updated);
        Assert.Empty(changes.Created);
        Assert.Equal(seen, changes.State);
        Assert.Equal([later], (await emails.GetChangesAsync(changes.State, 10)).Created);
    }

    [Fact]
    public async Task Messages_of_a_deleted_folder_are_gone_at_once()
    {
        await using var silo = await TestSilo.StartAsync();
        var (mailbox, emails) = await StartAsync(silo);
        await mailbox.CreateFolderAsync(Guid.NewGuid(), new("Old", null));
        var ids = await FileAsync(mailbox, 1005, "Old");
        var old = (await mailbox.OpenFolderAsync("Old", claimRecent: false))!.FolderId;
        await mailbox.CopyAsync(new() { Operation = Guid.NewGuid(), FolderId = old, Uids = [new(1, 2)], Target = "INBOX" });
        await mailbox.CopyAsync(new() { Operation = Guid.NewGuid(), FolderId = old, Uids = [new(5, 5)], Target = "Old" });
        var since = await StateAsync(emails);
        var made = Assert.Single(await FileAsync(mailbox, 1, "Old"));

        await mailbox.DeleteFolderAsync(Guid.NewGuid(), "Old");
        var changes = await emails.GetChangesAsync(since, 10_000);
        Assert.Equal(ids.Skip(2).Order(), changes.Destroyed.Order());
        Assert.Equal(ids.Take(2).Order(), changes.Updated.Order());
        Assert.DoesNotContain(made, changes.Created);
        Assert.Equal((true, false), (changes.Known, changes.ThreadsUnknown));
        Assert.Equal([old], (await emails.GetFolderChangesAsync(since.ModSeq)).Destroyed);
    }

    [Fact]
    public async Task More_than_fifty_thousand_changes_are_not_told()
    {
        await using var silo = await TestSilo.StartAsync();
        var (mailbox, emails) = await StartAsync(silo);
        var since = await StateAsync(emails);
        await AppendAsync(mailbox, 2_000);
        var nearer = await StateAsync(emails);
        await AppendAsync(mailbox, 48_000);
        Assert.True((await emails.GetChangesAsync(since, 1)).Known);
        await AppendAsync(mailbox, 1);
        Assert.False((await emails.GetChangesAsync(since, 1)).Known);

        var told = new HashSet<Guid>();
        for (var hasMore = true; hasMore;)
        {
            var page = await emails.GetChangesAsync(nearer, 10_000);
            Assert.True(page.Known);
            Assert.All(page.Created, id => Assert.True(told.Add(id)));
            (nearer, hasMore) = (page.State, page.HasMore);
        }

        Assert.Equal(48_001, told.Count);
        Assert.Equal(await StateAsync(emails), nearer);
    }

    private static async Task<(IMailboxGrain Mailbox, IEmailGrain Emails)> StartAsync(TestSilo silo)
    {
        await silo.Mailbox(Account).CreateAsync(new());
        return (silo.Mailbox(Account), silo.Grains.GetGrain<IEmailGrain>(Account));
    }

    private static async Task<EmailState> StateAsync(IEmailGrain emails) => new((await emails.GetStateAsync())!.Value);

    private static async Task<List<Guid>> FileAsync(IMailboxGrain mailbox, int count, string folder = "INBOX")
    {
        var ids = new List<Guid>();
        for (var i = 0; i < count; i++)
        {
            var mail = Mail.For(Account) with { Folder = folder };
            await mailbox.FileAsync(mail);
            ids.Add(mail.Delivery.Value);
        }

        return ids;
    }

    private static async Task AppendAsync(IMailboxGrain mailbox, int count)
    {
        foreach (var batch in Enumerable.Range(0, count).Chunk(2000))
        {
            var messages = batch.Select(_ => Mail.For(Account)).Select(m => new AppendedMessage { Body = m.Body, Summary = m.Summary, InternalDate = m.InternalDate });
            await mailbox.AppendAsync(new() { Operation = Guid.NewGuid(), Folder = "INBOX", Messages = [.. messages] });
        }
    }

    private static async Task StoreAsync(IMailboxGrain mailbox, uint uid, MessageFlags flags)
    {
        var inbox = (await mailbox.OpenFolderAsync("INBOX", claimRecent: false))!.FolderId;
        await mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(uid, uid)], Change = FlagChange.Add, Flags = flags });
    }
}
