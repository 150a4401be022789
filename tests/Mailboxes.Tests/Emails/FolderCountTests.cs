using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Mailbox;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>Counts of folders cost something only when they are asked for, and then what changed since they were last asked for.</summary>
public sealed class FolderCountTests
{
    private const string Account = "demo/counts";

    [Fact]
    public async Task Folders_without_counts_read_nothing_but_the_manifest_and_counts_only_what_changed()
    {
        CountingBlobs counted = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: blobs => counted = new(blobs), settings: [new("Mailboxes:ChunkCacheBytes", "1")]);
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new() { Folders = [new("Archive", "\\Archive")] });
        for (var i = 0; i < 5; i++)
        {
            var messages = Enumerable.Range(0, 2000).Select(_ => Mail.For(Account))
                .Select(m => new AppendedMessage { Body = m.Body, Summary = m.Summary with { Header = new byte[600] }, InternalDate = m.InternalDate });
            await mailbox.AppendAsync(new() { Operation = Guid.NewGuid(), Folder = "INBOX", Messages = [.. messages] });
        }

        var inbox = (await mailbox.OpenFolderAsync("INBOX", claimRecent: false))!.FolderId;
        var archive = (await mailbox.OpenFolderAsync("Archive", claimRecent: false))!.FolderId;
        foreach (var uid in (uint[])[10, 5000, 9000])
        {
            await mailbox.CopyAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(uid, uid)], Target = "Archive" });
        }

        await silo.ForgetAsync();
        counted.Reads.Clear();
        var emails = silo.Grains.GetGrain<IEmailGrain>(Account);
        var bare = (await emails.ReadFoldersAsync(withCounts: false))!;
        Assert.Equal(["INBOX", "Archive"], bare.Folders.Select(f => f.Name));
        Assert.All(counted.Reads, r => Assert.Contains("/manifest-", r, StringComparison.Ordinal));

        Assert.Equal([(10_000, 10_000), (3, 3)], await CountsAsync());
        await StoreAsync(inbox, 10);
        await StoreAsync(archive, 1);
        counted.Reads.Clear();
        Assert.Equal([(10_000, 9_999), (3, 2)], await CountsAsync());
        Assert.InRange(counted.Reads.Where(r => r.Contains("/rows-", StringComparison.Ordinal)).Distinct().Count(), 1, 2);

        await mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(5000, 5000)], Change = FlagChange.Add, Flags = MessageFlags.Deleted });
        await mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox });
        Assert.Equal([(9_999, 9_998), (3, 2)], await CountsAsync());
        await mailbox.CopyAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(9000, 9001)], Target = "INBOX" });
        Assert.Equal([(9_999, 9_998), (3, 2)], await CountsAsync());

        async Task<IEnumerable<(int, int)>> CountsAsync() => (await emails.ReadFoldersAsync(withCounts: true))!.Folders.Select(f => (f.TotalEmails, f.UnreadEmails));

        Task StoreAsync(int folder, uint uid) =>
            mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = folder, Uids = [new(uid, uid)], Change = FlagChange.Add, Flags = MessageFlags.Seen });
    }
}
