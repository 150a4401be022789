using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>Emails that are added, changed and destroyed, as folders show them.</summary>
public sealed class EmailWritesTests : IAsyncLifetime
{
    private const string Account = "demo/emails";

    private TestSilo silo = null!;
    private WrittenMailbox mailbox = null!;
    private int inbox;
    private int archive;
    private int trash;

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync();
        mailbox = new(silo, Account);
        await mailbox.Folders.CreateAsync(new() { Folders = [new("Archive", null), new("Trash", "\\Trash")] });
        (inbox, archive, trash) = (await mailbox.IdAsync("INBOX"), await mailbox.IdAsync("Archive"), await mailbox.IdAsync("Trash"));
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task An_Email_comes_into_all_its_folders_in_one_step_with_one_body()
    {
        var message = await mailbox.NewMessageAsync() with { Flags = MessageFlags.Draft | MessageFlags.Deleted, Keywords = ["$forwarded"] };
        var email = new NewEmail { Operation = Guid.NewGuid(), Folders = [archive, inbox], Message = message };
        var before = await mailbox.Emails.GetStateAsync();
        var added = await mailbox.Emails.AddAsync(email);
        Assert.Equal((EmailOutcome.Done, WrittenMailbox.EmailOf(message.Body), 100L), (added.Outcome, added.Email, added.Size));
        Assert.Equal((before, await mailbox.Emails.GetStateAsync()), (added.OldModSeq, added.ModSeq));
        var rows = await mailbox.RowsAsync();
        Assert.Equal([inbox, archive], rows.Select(r => r.Folder));
        Assert.All(rows, r => Assert.Equal((added.Email, MessageFlags.Draft | (MessageFlags)(1 << 8)), (r.Email, r.Flags)));
        Assert.Equal(200, (await mailbox.Folders.GetQuotaAsync())!.Value.UsedBytes);
        await silo.ForgetAsync();
        Assert.Equal(added, await mailbox.Emails.AddAsync(email));
        Assert.Equal(rows, await mailbox.RowsAsync());
    }

    [Fact]
    public async Task What_cannot_be_added_changes_nothing()
    {
        var email = new NewEmail { Operation = Guid.NewGuid(), Folders = [inbox, archive], Message = await mailbox.NewMessageAsync() };
        Assert.Equal(EmailOutcome.NoFolder, (await mailbox.Emails.AddAsync(email with { Folders = [] })).Outcome);
        Assert.Equal(EmailOutcome.NoSuchFolder, (await mailbox.Emails.AddAsync(email with { Folders = [inbox, 99] })).Outcome);
        Assert.Equal(EmailOutcome.StateMismatch, (await mailbox.Emails.AddAsync(email with { IfModSeq = 99 })).Outcome);
        var many = email with { Message = email.Message with { Keywords = [.. Enumerable.Range(0, 57).Select(i => $"k{i}")] } };
        Assert.Equal(EmailOutcome.KeywordsFull, (await mailbox.Emails.AddAsync(many)).Outcome);
        await mailbox.Folders.CreateAsync(new() { QuotaBytes = 150 });
        Assert.Equal(EmailOutcome.OverQuota, (await mailbox.Emails.AddAsync(email)).Outcome);
        Assert.Empty(await mailbox.RowsAsync());
        Assert.Equal(EmailOutcome.Done, (await mailbox.Emails.AddAsync(email with { Folders = [inbox] })).Outcome);
    }

    [Fact]
    public async Task Flags_change_in_all_folders_and_Deleted_stays_as_it_is()
    {
        var email = await mailbox.AddAsync(inbox, archive);
        await StoreAsync(inbox, 1, MessageFlags.Deleted | MessageFlags.Flagged);
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(new() { Email = email, AddKeywords = ["$seen", "todo"], RemoveKeywords = ["$flagged"] }));
        var todo = (MessageFlags)(1 << 8);
        Assert.Equal([MessageFlags.Seen | MessageFlags.Deleted | todo, MessageFlags.Seen | todo], (await mailbox.RowsAsync()).Select(r => r.Flags));
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(new() { Email = email, Keywords = ["$Draft", "TODO"] }));
        Assert.Equal([MessageFlags.Draft | MessageFlags.Deleted | todo, MessageFlags.Draft | todo], (await mailbox.RowsAsync()).Select(r => r.Flags));
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(new() { Email = email, Keywords = [] }));
        Assert.Equal([MessageFlags.Deleted, MessageFlags.None], (await mailbox.RowsAsync()).Select(r => r.Flags));
        Assert.Equal(["todo"], (await mailbox.Folders.OpenFolderAsync("INBOX", false))!.Keywords);
    }

    [Fact]
    public async Task An_Email_that_changes_folders_moves_as_IMAP_moves_it()
    {
        var emails = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            emails.Add(await mailbox.AddAsync(inbox));
        }

        var result = await mailbox.Emails.UpdateAsync(new() { Operation = Guid.NewGuid(), Updates = [.. emails.Select(e => new EmailUpdate { Email = e, Folders = [trash] })] });
        Assert.All(result.Outcomes, o => Assert.Equal(EmailOutcome.Done, o));

        // One event for all of them.
        Assert.Equal(1, result.ModSeq - result.OldModSeq);
        Assert.Equal(emails.Select((e, i) => new EmailRow(trash, (uint)i + 1, e, MessageFlags.None)), await mailbox.RowsAsync());
        var changes = (await mailbox.Folders.GetChangesAsync(new() { FolderId = inbox, SinceModSeq = result.OldModSeq }))!;
        Assert.Equal([new UidRange(1, 3)], changes.Expunged);
        Assert.Equal(300, (await mailbox.Folders.GetQuotaAsync())!.Value.UsedBytes);
    }

    [Fact]
    public async Task Folders_are_added_and_removed_one_by_one()
    {
        var email = await mailbox.AddAsync(inbox);
        await StoreAsync(inbox, 1, MessageFlags.Deleted | MessageFlags.Seen);
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(new() { Email = email, AddFolders = [archive, trash], AddKeywords = ["$answered"] }));
        Assert.Equal(
            [(inbox, MessageFlags.Deleted | MessageFlags.Seen | MessageFlags.Answered), (archive, MessageFlags.Seen | MessageFlags.Answered), (trash, MessageFlags.Seen | MessageFlags.Answered)],
            (await mailbox.RowsAsync()).Select(r => (r.Folder, r.Flags)));
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(new() { Email = email, RemoveFolders = [inbox, trash] }));
        Assert.Equal([archive], (await mailbox.RowsAsync()).Select(r => r.Folder));
        Assert.Equal(EmailOutcome.NoFolder, await mailbox.UpdateAsync(new() { Email = email, RemoveFolders = [archive] }));
        Assert.Equal(EmailOutcome.NoFolder, await mailbox.UpdateAsync(new() { Email = email, Folders = [] }));
        Assert.Equal(EmailOutcome.NoSuchFolder, await mailbox.UpdateAsync(new() { Email = email, AddFolders = [77] }));
        Assert.Equal([archive], (await mailbox.RowsAsync()).Select(r => r.Folder));
        Assert.Equal(100, (await mailbox.Folders.GetQuotaAsync())!.Value.UsedBytes);
    }

    [Fact]
    public async Task Copies_that_IMAP_made_in_one_folder_leave_it_together()
    {
        var email = await mailbox.AddAsync(inbox);
        await mailbox.Folders.CopyAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(1, 1)], Target = "INBOX" });
        Assert.Equal(2, (await mailbox.RowsAsync()).Count);
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(new() { Email = email, Folders = [archive] }));
        Assert.Equal([archive], (await mailbox.RowsAsync()).Select(r => r.Folder));
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(new() { Email = email, Folders = [archive, inbox] }));
        await silo.ForgetAsync();
        Assert.Equal([inbox, archive], (await mailbox.RowsAsync()).Select(r => r.Folder));
    }

    [Fact]
    public async Task What_stays_keeps_the_flags_that_the_Email_had()
    {
        var email = await mailbox.AddAsync(inbox, archive);
        await StoreAsync(inbox, 1, MessageFlags.Flagged);
        await StoreAsync(archive, 1, MessageFlags.Seen);
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(new() { Email = email, RemoveFolders = [inbox] }));
        Assert.Equal([MessageFlags.Flagged], (await mailbox.RowsAsync()).Select(r => r.Flags));
    }

    [Fact]
    public async Task A_destroyed_Email_is_gone_from_everywhere_and_its_body_is_released()
    {
        var message = await mailbox.NewMessageAsync();
        await mailbox.Emails.AddAsync(new() { Operation = Guid.NewGuid(), Folders = [inbox, archive], Message = message });
        var email = WrittenMailbox.EmailOf(message.Body);
        var updates = new EmailUpdates { Operation = Guid.NewGuid(), Updates = [new() { Email = email, Destroy = true }, new() { Email = Guid.NewGuid(), Destroy = true }] };
        var result = await mailbox.Emails.UpdateAsync(updates);
        Assert.Equal([EmailOutcome.Done, EmailOutcome.NotFound], result.Outcomes);
        Assert.Empty(await mailbox.RowsAsync());
        Assert.Equal(0, (await mailbox.Folders.GetQuotaAsync())!.Value.UsedBytes);
        await UntilReleasedAsync(message.Body);
        await silo.ForgetAsync();
        var again = await mailbox.Emails.UpdateAsync(updates);
        Assert.Equal(result.Outcomes, again.Outcomes);
        Assert.Equal((result.OldModSeq, result.ModSeq), (again.OldModSeq, again.ModSeq));
    }

    [Fact]
    public async Task Each_Email_is_changed_whole_or_not_at_all()
    {
        var first = await mailbox.AddAsync(inbox);
        var second = await mailbox.AddAsync(inbox);
        await mailbox.Folders.CreateAsync(new() { QuotaBytes = 300 });
        var result = await mailbox.Emails.UpdateAsync(new()
        {
            Operation = Guid.NewGuid(),
            Updates =
            [
                new() { Email = first, AddFolders = [archive], AddKeywords = ["a"] },
                new() { Email = second, AddFolders = [archive], AddKeywords = ["b"] },
            ],
        });
        Assert.Equal([EmailOutcome.Done, EmailOutcome.OverQuota], result.Outcomes);
        Assert.Equal(["a"], (await mailbox.Folders.OpenFolderAsync("INBOX", false))!.Keywords);
        Assert.Equal([(inbox, first), (inbox, second), (archive, first)], (await mailbox.RowsAsync()).Select(r => (r.Folder, r.Email)));
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(new() { Email = second, Folders = [archive] }));
        var many = new EmailUpdate { Email = first, AddKeywords = [.. Enumerable.Range(0, 56).Select(i => $"k{i}")] };
        Assert.Equal(EmailOutcome.KeywordsFull, await mailbox.UpdateAsync(many));
        Assert.Equal(EmailOutcome.Done, await mailbox.UpdateAsync(many with { AddKeywords = [.. many.AddKeywords.Skip(1)] }));
    }

    [Fact]
    public async Task A_state_that_has_passed_and_too_many_Emails_are_refused_as_a_whole()
    {
        var email = await mailbox.AddAsync(inbox);
        var state = await mailbox.Emails.GetStateAsync();
        var updates = new EmailUpdates { Operation = Guid.NewGuid(), Updates = [new() { Email = email, AddKeywords = ["$seen"] }], IfModSeq = state };
        Assert.Equal([EmailOutcome.Done], (await mailbox.Emails.UpdateAsync(updates)).Outcomes);
        Assert.Equal([EmailOutcome.Done], (await mailbox.Emails.UpdateAsync(updates)).Outcomes);
        Assert.Equal([EmailOutcome.StateMismatch], (await mailbox.Emails.UpdateAsync(updates with { Operation = Guid.NewGuid() })).Outcomes);
        var many = Enumerable.Range(0, EmailUpdates.MaxEmails + 1).Select(_ => new EmailUpdate { Email = Guid.NewGuid() });
        Assert.All((await mailbox.Emails.UpdateAsync(new() { Operation = Guid.NewGuid(), Updates = [.. many] })).Outcomes, o => Assert.Equal(EmailOutcome.TooMany, o));
    }

    [Fact]
    public async Task Sealed_messages_are_found_by_the_time_of_their_bodies()
    {
        var emails = new List<Guid>();
        for (var i = 0; i < 1200; i++)
        {
            emails.Add(await mailbox.AddAsync(inbox));
        }

        await silo.ForgetAsync();
        var picked = emails.Where((_, i) => i % 5 == 0).ToArray();
        var result = await mailbox.Emails.UpdateAsync(new() { Operation = Guid.NewGuid(), Updates = [.. picked.Select(e => new EmailUpdate { Email = e, Folders = [archive], AddKeywords = ["$seen"] })] });
        Assert.All(result.Outcomes, o => Assert.Equal(EmailOutcome.Done, o));
        Assert.Equal(2, result.ModSeq - result.OldModSeq);
        var rows = await mailbox.RowsAsync();
        Assert.Equal(picked, rows.Where(r => r.Folder == archive).Select(r => r.Email));
        Assert.All(rows, r => Assert.Equal(r.Folder == archive, r.Flags == MessageFlags.Seen));
        Assert.Equal(960, (await mailbox.Folders.GetStatusAsync("INBOX"))!.Unseen);
        Assert.All(await Folders.AllAsync(mailbox.Folders, "Archive", withContent: true), m => Assert.Equal("hello", m.Content!.Summary.Envelope.Subject));
    }

    private async Task StoreAsync(int folder, uint uid, MessageFlags flags) => await mailbox.Folders.StoreFlagsAsync(
        new() { Operation = Guid.NewGuid(), FolderId = folder, Uids = [new(uid, uid)], Change = FlagChange.Add, Flags = flags });

    // The outbox empties beside the calls.
    private async Task UntilReleasedAsync(BodyRef body)
    {
        var blobs = silo.Services.GetRequiredService<IMessageBlobs>();
        for (var attempt = 0; !(await blobs.ListAsync(body.Name, CancellationToken.None).ToListAsync()).All(b => b.IsReleased); attempt++)
        {
            Assert.True(attempt < 500);
            await Task.Delay(10);
        }
    }
}
