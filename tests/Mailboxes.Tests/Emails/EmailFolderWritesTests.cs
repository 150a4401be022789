using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>Folders that are made, changed and deleted by their ids, as IMAP lists them.</summary>
public sealed class EmailFolderWritesTests : IAsyncLifetime
{
    private TestSilo silo = null!;
    private WrittenMailbox mailbox = null!;
    private int inbox;

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync();
        mailbox = new(silo, "demo/folders");
        await mailbox.Folders.CreateAsync(new() { Folders = [new("Trash", "\\Trash")] });
        inbox = await mailbox.IdAsync("INBOX");
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task A_folder_stands_below_its_parent_in_NFC_and_is_made_once()
    {
        var operation = Guid.NewGuid();
        var parent = await mailbox.Emails.AddFolderAsync(operation, new(null, "Cafe\u0301", "\\Archive", 7, true));
        Assert.Equal((EmailFolderOutcome.Done, 1L), (parent.Outcome, parent.ModSeq - parent.OldModSeq));
        var child = await AddAsync(parent.Folder, "收件");
        Assert.Equal(EmailFolderOutcome.Done, child.Outcome);
        await silo.ForgetAsync();
        Assert.Equal(parent, await mailbox.Emails.AddFolderAsync(operation, new(null, "Cafe\u0301", "\\Archive", 7, true)));
        var listed = await mailbox.Folders.ListFoldersAsync();
        var made = Assert.Single(listed, f => f.Id == parent.Folder);
        Assert.Equal(("Café", "\\Archive", true), (made.Name, made.SpecialUse, made.Subscribed));
        Assert.Equal(("Café/收件", false), (listed.Single(f => f.Id == child.Folder).Name, listed.Single(f => f.Id == child.Folder).Subscribed));
    }

    [Theory]
    [InlineData("", EmailFolderOutcome.InvalidName)]
    [InlineData("a/b", EmailFolderOutcome.InvalidName)]
    [InlineData("a\u0007", EmailFolderOutcome.InvalidName)]
    [InlineData("a*", EmailFolderOutcome.InvalidName)]
    [InlineData("\ufffe", EmailFolderOutcome.InvalidName)]
    [InlineData("Trash", EmailFolderOutcome.Exists)]
    [InlineData("inBox", EmailFolderOutcome.Exists)]
    public async Task A_name_must_be_one_level_and_free(string name, EmailFolderOutcome outcome) => Assert.Equal(outcome, (await AddAsync(null, name)).Outcome);

    [Fact]
    public async Task A_use_is_given_once_and_a_parent_must_exist()
    {
        Assert.Equal(EmailFolderOutcome.UseTaken, (await mailbox.Emails.AddFolderAsync(Guid.NewGuid(), new(null, "bin", "\\Trash", 0, false))).Outcome);
        Assert.Equal(EmailFolderOutcome.NotPermitted, (await mailbox.Emails.AddFolderAsync(Guid.NewGuid(), new(null, "all", "\\All", 0, false))).Outcome);
        Assert.Equal(EmailFolderOutcome.NoSuchParent, (await AddAsync(99, "a")).Outcome);
        var folder = (await AddAsync(null, "a")).Folder;
        Assert.Equal(EmailFolderOutcome.UseTaken, (await UpdateAsync(new() { Folder = folder, ChangesUse = true, SpecialUse = "\\Trash" })).Outcome);
        Assert.Equal(EmailFolderOutcome.Done, (await UpdateAsync(new() { Folder = await mailbox.IdAsync("Trash"), ChangesUse = true })).Outcome);
        Assert.Equal(EmailFolderOutcome.Done, (await UpdateAsync(new() { Folder = folder, ChangesUse = true, SpecialUse = "\\Trash" })).Outcome);
        await silo.ForgetAsync();
        Assert.Equal("\\Trash", (await mailbox.Folders.ListFoldersAsync()).Single(f => f.Id == folder).SpecialUse);
    }

    [Fact]
    public async Task A_renamed_or_moved_folder_takes_those_below_along()
    {
        var a = (await AddAsync(null, "a")).Folder;
        var b = (await AddAsync(a, "b")).Folder;
        var c = (await AddAsync(b, "c")).Folder;
        Assert.Equal(EmailFolderOutcome.Done, (await UpdateAsync(new() { Folder = a, Name = "x" })).Outcome);
        Assert.Equal(["INBOX", "Trash", "x", "x/b", "x/b/c"], await NamesAsync());
        var moved = await UpdateAsync(new() { Folder = b, Moves = true, Parent = null, Name = "y", SortOrder = 3, Subscribed = true });
        Assert.Equal((EmailFolderOutcome.Done, 1L), (moved.Outcome, moved.ModSeq - moved.OldModSeq));
        Assert.Equal(["INBOX", "Trash", "x", "y", "y/c"], await NamesAsync());
        Assert.Equal(EmailFolderOutcome.Done, (await UpdateAsync(new() { Folder = a, Moves = true, Parent = c })).Outcome);
        Assert.Equal(["INBOX", "Trash", "y", "y/c", "y/c/x"], await NamesAsync());
        Assert.Equal(EmailFolderOutcome.NoSuchParent, (await UpdateAsync(new() { Folder = b, Moves = true, Parent = a })).Outcome);
        Assert.Equal(EmailFolderOutcome.NoSuchParent, (await UpdateAsync(new() { Folder = b, Moves = true, Parent = b })).Outcome);
        Assert.Equal(EmailFolderOutcome.Exists, (await UpdateAsync(new() { Folder = b, Name = "Trash" })).Outcome);
        Assert.Equal(EmailFolderOutcome.NotFound, (await UpdateAsync(new() { Folder = 99, Name = "z" })).Outcome);
        await silo.ForgetAsync();
        Assert.Equal(["INBOX", "Trash", "y", "y/c", "y/c/x"], await NamesAsync());
    }

    [Fact]
    public async Task What_changes_nothing_is_no_change_and_settings_keep_the_UIDVALIDITY()
    {
        var folder = (await AddAsync(null, "a")).Folder;
        var before = (await mailbox.Folders.GetStatusAsync("a"))!.UidValidity;
        var same = await UpdateAsync(new() { Folder = folder, Name = "a", SortOrder = 0, Subscribed = false, Moves = true });
        Assert.Equal((EmailFolderOutcome.Done, same.OldModSeq), (same.Outcome, same.ModSeq));
        var changed = await UpdateAsync(new() { Folder = folder, SortOrder = 5, Subscribed = true });
        Assert.Equal(1, changed.ModSeq - changed.OldModSeq);
        Assert.Equal(EmailFolderOutcome.Done, (await UpdateAsync(new() { Folder = folder, Name = "b" })).Outcome);
        Assert.Equal(before, (await mailbox.Folders.GetStatusAsync("b"))!.UidValidity);
        Assert.True((await mailbox.Folders.ListFoldersAsync()).Single(f => f.Id == folder).Subscribed);
    }

    [Fact]
    public async Task Inbox_stays_where_and_what_it_is()
    {
        Assert.Equal(EmailFolderOutcome.NotPermitted, (await UpdateAsync(new() { Folder = inbox, Name = "a" })).Outcome);
        Assert.Equal(EmailFolderOutcome.NotPermitted, (await UpdateAsync(new() { Folder = inbox, Moves = true, Parent = await mailbox.IdAsync("Trash") })).Outcome);
        Assert.Equal(EmailFolderOutcome.NotPermitted, (await UpdateAsync(new() { Folder = inbox, ChangesUse = true, SpecialUse = "\\Sent" })).Outcome);
        Assert.Equal(EmailFolderOutcome.NotPermitted, (await mailbox.Emails.RemoveFolderAsync(Guid.NewGuid(), inbox, true)).Outcome);
        Assert.Equal(EmailFolderOutcome.Done, (await UpdateAsync(new() { Folder = inbox, SortOrder = 1, Subscribed = false })).Outcome);
    }

    [Fact]
    public async Task Only_what_is_in_no_other_folder_goes_with_a_folder()
    {
        var a = (await AddAsync(null, "a")).Folder;
        var b = (await AddAsync(a, "b")).Folder;
        var only = await mailbox.AddAsync(a);
        var both = await mailbox.AddAsync(a, inbox);
        Assert.Equal(EmailFolderOutcome.HasChild, (await mailbox.Emails.RemoveFolderAsync(Guid.NewGuid(), a, true)).Outcome);
        Assert.Equal(EmailFolderOutcome.Done, (await mailbox.Emails.RemoveFolderAsync(Guid.NewGuid(), b, false)).Outcome);
        Assert.Equal(EmailFolderOutcome.HasEmails, (await mailbox.Emails.RemoveFolderAsync(Guid.NewGuid(), a, false)).Outcome);
        var operation = Guid.NewGuid();
        var removed = await mailbox.Emails.RemoveFolderAsync(operation, a, true);
        Assert.Equal(EmailFolderOutcome.Done, removed.Outcome);
        Assert.Equal([(inbox, both)], (await mailbox.RowsAsync()).Select(r => (r.Folder, r.Email)));
        Assert.Equal(EmailOutcome.NotFound, await mailbox.UpdateAsync(new() { Email = only, Destroy = true }));
        await silo.ForgetAsync();
        Assert.Equal(removed, await mailbox.Emails.RemoveFolderAsync(operation, a, true));
        Assert.Equal(EmailFolderOutcome.NotFound, (await mailbox.Emails.RemoveFolderAsync(Guid.NewGuid(), a, true)).Outcome);
    }

    private Task<EmailFolderResult> AddAsync(int? parent, string name) => mailbox.Emails.AddFolderAsync(Guid.NewGuid(), new(parent, name, null, 0, false));

    private Task<EmailFolderResult> UpdateAsync(EmailFolderUpdate update) => mailbox.Emails.UpdateFolderAsync(Guid.NewGuid(), update);

    private async Task<IEnumerable<string>> NamesAsync() => (await mailbox.Folders.ListFoldersAsync()).Where(f => !f.NonExistent).Select(f => f.Name);
}
