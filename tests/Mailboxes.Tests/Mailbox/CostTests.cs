using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>Cost follows the work and not the mailbox: what is read from the blob store is counted.</summary>
public sealed class CostTests
{
    private const string Account = "demo/cost";

    [Fact]
    public async Task Filing_into_a_cold_mailbox_reads_only_its_manifest()
    {
        CountingBlobs counted = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: blobs => counted = new CountingBlobs(blobs));
        var mailbox = await FilledAsync(silo, 6000);
        await silo.ForgetAsync();
        counted.Reads.Clear();

        await mailbox.FileAsync(Mail.For(Account));
        await mailbox.GetStatusAsync("INBOX");

        Assert.Contains("manifest-", Assert.Single(counted.Reads.Distinct()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flags_of_one_message_read_no_content()
    {
        CountingBlobs counted = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: blobs => counted = new CountingBlobs(blobs));
        var mailbox = await FilledAsync(silo, 6000);
        await silo.ForgetAsync();
        counted.Reads.Clear();

        var opened = await mailbox.OpenFolderAsync("INBOX", claimRecent: false);
        await mailbox.StoreFlagsAsync(new()
        {
            Operation = Guid.NewGuid(),
            FolderId = opened!.FolderId,
            Uids = [new(10, 10)],
            Change = FlagChange.Add,
            Flags = MessageFlags.Seen,
        });

        Assert.DoesNotContain(counted.Reads, r => r.Contains("contents-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Content_of_one_message_reads_that_message_only()
    {
        CountingBlobs counted = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: blobs => counted = new CountingBlobs(blobs));
        var mailbox = await FilledAsync(silo, 6000);
        var opened = await mailbox.OpenFolderAsync("INBOX", claimRecent: false);
        counted.Reads.Clear();
        counted.Bytes = 0;

        var message = Assert.Single(await Folders.FetchAsync(mailbox, opened!.FolderId, [new(10, 10)], withContent: true));

        Assert.Equal(10u, message.Uid);
        Assert.Single(counted.Reads, r => r.Contains("contents-", StringComparison.Ordinal));
        Assert.InRange(counted.Bytes, 1, 300_000);
    }

    [Fact]
    public async Task Changes_of_one_Email_read_its_chunk_and_no_content()
    {
        CountingBlobs counted = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: blobs => counted = new CountingBlobs(blobs));
        var mailbox = await FilledAsync(silo, 6000);
        var emails = silo.Grains.GetGrain<IEmailGrain>(Account);
        var since = new EmailState((await emails.GetStateAsync())!.Value);
        var inbox = (await mailbox.OpenFolderAsync("INBOX", claimRecent: false))!.FolderId;
        await mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(10, 10)], Change = FlagChange.Add, Flags = MessageFlags.Seen });
        await silo.ForgetAsync();
        counted.Reads.Clear();

        var changed = Assert.Single((await emails.GetChangesAsync(since, 100)).Updated);
        Assert.Single((await emails.GetAsync([changed], withContent: false)).Emails);

        Assert.DoesNotContain(counted.Reads, r => r.Contains("contents-", StringComparison.Ordinal));
        Assert.InRange(counted.Reads.Distinct().Count(r => r.Contains("rows-", StringComparison.Ordinal)), 0, 1);
    }

    private static async Task<IMailboxGrain> FilledAsync(TestSilo silo, int messages)
    {
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new());
        foreach (var batch in Enumerable.Range(0, messages).Chunk(500))
        {
            await Task.WhenAll(batch.Select(_ => mailbox.FileAsync(Mail.For(Account))));
        }

        return mailbox;
    }
}
