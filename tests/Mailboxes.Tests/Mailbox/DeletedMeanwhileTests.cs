using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>A folder is deleted while a change of its messages waits for a chunk: nothing is recorded of messages that are gone, and the journal stays readable.</summary>
public sealed class DeletedMeanwhileTests
{
    private const string Account = "demo/meanwhile";

    private static readonly UidRange[] Everything = [new(1, uint.MaxValue)];

    [Fact]
    public Task A_store_finds_nothing() => RunAsync(async (mailbox, folder) =>
    {
        var store = new StoreRequest { Operation = Guid.NewGuid(), FolderId = folder, Uids = Everything, Change = FlagChange.Add, Flags = MessageFlags.Seen };
        Assert.Empty((await mailbox.StoreFlagsAsync(store)).Messages);
    });

    [Fact]
    public Task An_expunge_removes_nothing() => RunAsync(async (mailbox, folder) =>
        Assert.Equal(0, (await mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = folder })).Expunged));

    [Fact]
    public Task A_copy_says_that_its_source_is_gone() => RunAsync(async (mailbox, folder) =>
    {
        var copy = new CopyRequest { Operation = Guid.NewGuid(), FolderId = folder, Uids = Everything, Target = "INBOX" };
        Assert.Equal(WriteOutcome.SourceGone, (await mailbox.CopyAsync(copy)).Outcome);
    });

    [Fact]
    public Task A_fetch_finds_nothing() => RunAsync(async (mailbox, folder) =>
        Assert.Empty((await mailbox.FetchAsync(new() { FolderId = folder, Uids = Everything })).Messages));

    private static async Task RunAsync(Func<IMailboxGrain, int, Task> change)
    {
        HeldReads blobs = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: inner => blobs = new HeldReads(inner));
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new() { Folders = [new("a", null)] });
        var folder = (await mailbox.OpenFolderAsync("a", claimRecent: false))!.FolderId;

        // More than a journal holds, and one more at the latest, which is sealed: the folder has a chunk, and nobody has read its rows.
        await FileAsync(mailbox, 1);
        await mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = folder, Uids = [new(1, 1)], Change = FlagChange.Add, Flags = MessageFlags.Deleted });
        await FileAsync(mailbox, 1100);
        await FileAsync(mailbox, 1);
        await silo.ForgetAsync();

        blobs.Holding = true;
        var changed = change(mailbox, folder);
        await blobs.Asked.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(FolderResult.Done, await mailbox.DeleteFolderAsync(Guid.NewGuid(), "a"));
        blobs.LetGo();
        await changed;

        await silo.ForgetAsync();
        Assert.Equal(["INBOX"], (await mailbox.ListFoldersAsync()).Where(f => !f.NonExistent).Select(f => f.Name));
        Assert.Equal(0, (await mailbox.GetQuotaAsync())!.Value.UsedBytes);
    }

    private static async Task FileAsync(IMailboxGrain mailbox, int count)
    {
        foreach (var outcome in await Task.WhenAll(Enumerable.Range(0, count).Select(_ => mailbox.FileAsync(Mail.For(Account) with { Folder = "a" }))))
        {
            Assert.Equal(FilingResult.Filed, outcome.Result);
        }
    }
}
