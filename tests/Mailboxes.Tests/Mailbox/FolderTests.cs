using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>CREATE, DELETE, RENAME and subscriptions (RFC 3501 §6.3.3–6.3.7).</summary>
public sealed class FolderTests : IAsyncLifetime
{
    private const string Account = "demo/folders";

    private TestSilo silo = null!;

    private IMailboxGrain Mailbox => silo.Mailbox(Account);

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync();
        await Mailbox.CreateAsync(new() { Folders = [new("Sent", "\\Sent")] });
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task A_new_folder_brings_the_levels_above_it_and_needs_no_subscription()
    {
        Assert.Equal(FolderResult.Done, await CreateAsync("客户/北京/2026/"));
        Assert.Equal(["INBOX", "Sent", "客户", "客户/北京", "客户/北京/2026"], await NamesAsync());
        Assert.All((await Mailbox.ListFoldersAsync()).Where(f => f.Name.StartsWith('客')), f => Assert.False(f.Subscribed));
        Assert.Equal(FolderResult.Exists, await CreateAsync("客户/北京"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("a\u0001b")]
    [InlineData("a*")]
    [InlineData("a/%")]
    [InlineData("a\ud800")]
    public async Task Names_that_cannot_be_told_are_refused(string name) => Assert.Equal(FolderResult.InvalidName, await CreateAsync(name));

    [Fact]
    public async Task Inbox_is_one_folder_in_any_case()
    {
        Assert.Equal(FolderResult.Exists, await CreateAsync("inbox"));
        Assert.Equal(FolderResult.NotPermitted, await DeleteAsync("Inbox"));
        Assert.Equal(FolderResult.Done, await CreateAsync("inbox/below"));
        Assert.Contains("INBOX/below", await NamesAsync());
    }

    [Fact]
    public async Task Deleting_keeps_what_is_below_and_what_is_subscribed()
    {
        await CreateAsync("a/b");
        Assert.Equal(FolderResult.Done, await Mailbox.SetSubscribedAsync("a", true));
        Assert.Equal(FolderResult.Done, await DeleteAsync("a"));
        Assert.Equal(FolderResult.NotPermitted, await DeleteAsync("a"));
        var a = Assert.Single(await Mailbox.ListFoldersAsync(), f => f.Name == "a");
        Assert.True(a is { NonExistent: true, Subscribed: true });
        await silo.ForgetAsync();
        Assert.Equal(FolderResult.Done, await CreateAsync("a"));
        Assert.True(Assert.Single(await Mailbox.ListFoldersAsync(), f => f.Name == "a") is { NonExistent: false, Subscribed: true });
        Assert.Equal(FolderResult.NoSuchFolder, await DeleteAsync("nothing"));
    }

    [Fact]
    public async Task A_subscription_without_a_folder_can_be_taken_off()
    {
        await CreateAsync("gone");
        await Mailbox.SetSubscribedAsync("gone", true);
        await DeleteAsync("gone");
        Assert.Equal(FolderResult.Done, await Mailbox.SetSubscribedAsync("gone", false));
        Assert.DoesNotContain("gone", await NamesAsync());
        Assert.Equal(FolderResult.NoSuchFolder, await Mailbox.SetSubscribedAsync("gone", true));
    }

    [Fact]
    public async Task Renaming_takes_what_is_below_and_keeps_messages_and_their_uids()
    {
        await CreateAsync("a/b/c");
        await FileAsync("a/b");
        var before = (await Mailbox.OpenFolderAsync("a/b", false))!;
        Assert.Equal(FolderResult.Done, await RenameAsync("a", "x/y"));
        Assert.Equal(["INBOX", "Sent", "x", "x/y", "x/y/b", "x/y/b/c"], await NamesAsync());
        var after = (await Mailbox.OpenFolderAsync("x/y/b", false))!;
        Assert.Equal((before.FolderId, before.UidValidity, before.UidNext), (after.FolderId, after.UidValidity, after.UidNext));
        Assert.Equal(before.Uids, after.Uids);
    }

    [Fact]
    public async Task Renaming_is_refused_where_names_would_meet()
    {
        await CreateAsync("a/b");
        await CreateAsync("c/b");
        Assert.Equal(FolderResult.Exists, await RenameAsync("a", "c"));
        await DeleteAsync("c");
        Assert.Equal(FolderResult.Exists, await RenameAsync("a", "c"));
        Assert.Equal(FolderResult.Exists, await RenameAsync("a", "inbox"));
        Assert.Equal(FolderResult.InvalidName, await RenameAsync("a", "a/b/c"));
        Assert.Equal(FolderResult.NoSuchFolder, await RenameAsync("nothing", "d"));
        Assert.Equal(["INBOX", "Sent", "a", "a/b", "c/b"], await NamesAsync());
    }

    [Fact]
    public async Task Renaming_inbox_moves_its_messages_and_leaves_it_empty()
    {
        await FileAsync("INBOX");
        await FileAsync("INBOX");
        await CreateAsync("INBOX/below");
        var before = (await Mailbox.OpenFolderAsync("INBOX", false))!;
        Assert.Equal(FolderResult.Done, await RenameAsync("inbox", "old mail"));
        await silo.ForgetAsync();
        var inbox = (await Mailbox.OpenFolderAsync("INBOX", false))!;
        Assert.Equal((before.FolderId, before.UidValidity, before.UidNext), (inbox.FolderId, inbox.UidValidity, inbox.UidNext));
        Assert.Empty(inbox.Uids);
        var old = (await Mailbox.OpenFolderAsync("old mail", false))!;
        Assert.Equal(before.Uids, old.Uids);
        Assert.True(old.UidValidity > before.UidValidity);
        Assert.Contains("INBOX/below", await NamesAsync());
        var changes = (await Mailbox.GetChangesAsync(new() { FolderId = inbox.FolderId, SinceModSeq = before.ModSeq, UidNext = before.UidNext }))!;
        Assert.Equal(before.Uids, changes.Expunged);
    }

    [Fact]
    public async Task A_name_never_shows_an_older_uidvalidity_again()
    {
        await CreateAsync("old");
        var seen = await ValidityAsync("old");
        await CreateAsync("new");
        await DeleteAsync("new");
        await CreateAsync("new");
        var second = await ValidityAsync("new");
        await DeleteAsync("new");
        await RenameAsync("old", "new");
        var third = await ValidityAsync("new");
        Assert.True(second > seen);
        Assert.True(third > second);
        await silo.ForgetAsync();

        // The name "old" was used by a folder of its own value only: that folder may have it again unchanged after another name.
        await RenameAsync("new", "other");
        Assert.Equal(third, await ValidityAsync("other"));
    }

    [Fact]
    public async Task A_repeated_operation_changes_nothing_more()
    {
        var operation = Guid.NewGuid();
        Assert.Equal(FolderResult.Done, await Mailbox.CreateFolderAsync(operation, new("a", null)));
        Assert.Equal(FolderResult.Done, await Mailbox.CreateFolderAsync(operation, new("a", null)));
        var delete = Guid.NewGuid();
        Assert.Equal(FolderResult.Done, await Mailbox.DeleteFolderAsync(delete, "a"));
        await silo.ForgetAsync();
        Assert.Equal(FolderResult.Done, await Mailbox.DeleteFolderAsync(delete, "a"));
    }

    [Fact]
    public async Task A_folder_that_went_is_told()
    {
        await CreateAsync("a");
        var id = (await Mailbox.OpenFolderAsync("a", false))!.FolderId;
        await DeleteAsync("a");
        Assert.Null(await Mailbox.GetChangesAsync(new() { FolderId = id, SinceModSeq = 0 }));
    }

    private Task<FolderResult> CreateAsync(string name) => Mailbox.CreateFolderAsync(Guid.NewGuid(), new(name, null));

    private Task<FolderResult> DeleteAsync(string name) => Mailbox.DeleteFolderAsync(Guid.NewGuid(), name);

    private Task<FolderResult> RenameAsync(string name, string newName) => Mailbox.RenameFolderAsync(Guid.NewGuid(), name, newName);

    private async Task<uint> ValidityAsync(string name) => (await Mailbox.GetStatusAsync(name))!.UidValidity;

    private async Task<string[]> NamesAsync() => [.. (await Mailbox.ListFoldersAsync()).Where(f => !f.NonExistent).Select(f => f.Name)];

    private async Task FileAsync(string folder) => Assert.Equal(FilingResult.Filed, (await Mailbox.FileAsync(Mail.For(Account) with { Folder = folder })).Result);
}
