using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Mailbox;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>What queries, their changes and scans promise, one by one.</summary>
public sealed class EmailQueryTests
{
    private const string Account = "demo/query";

    [Fact]
    public async Task A_result_is_that_of_one_moment_whatever_happens_while_it_is_read()
    {
        HeldReads held = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: blobs => held = new(blobs));
        var model = await StartAsync(silo);

        // So many that the next seal does not read them to merge them.
        await model.AppendAsync("INBOX", 2100);
        await model.AppendAsync("Archive", 400);
        await model.FileAsync();
        EmailQuery query = new() { Filter = EmailQueryShapes.Not(EmailQueryShapes.Has("$seen")), Sort = [new(EmailSortKey.HasKeyword, true, "$flagged"), new(EmailSortKey.ReceivedAt, true)] };
        var (expected, modSeq) = (model.Query(query), await model.Emails.GetStateAsync());
        held.Holding = true;

        var asked = model.Emails.QueryAsync(query, new() { Limit = EmailWindow.MaxLimit });
        await held.Asked;
        await model.FileAsync();
        await model.AppendAsync("INBOX", 500);
        Assert.Equal(FolderResult.Done, await model.Mailbox.DeleteFolderAsync(Guid.NewGuid(), "Archive"));
        held.LetGo();

        var result = await asked;
        Assert.Equal(modSeq, result.ModSeq);
        Assert.Equal(expected, result.Emails);
    }

    [Fact]
    public async Task Flags_change_nothing_in_a_result_that_does_not_look_at_them()
    {
        await using var silo = await TestSilo.StartAsync();
        var model = await StartAsync(silo);
        await model.AppendAsync("INBOX", 20);
        var query = new EmailQuery { Filter = EmailQueryShapes.In(model.Folders["INBOX"]) };
        var before = await model.Emails.GetStateAsync();
        await StoreAsync(model, 1, 20, MessageFlags.Flagged);

        foreach (var shape in new[] { query, query with { CollapseThreads = true }, query with { Sort = [new(EmailSortKey.Size, true)] } })
        {
            var changes = await model.Emails.QueryChangesAsync(shape, new() { Since = before!.Value });
            Assert.Equal((EmailQueryChangesOutcome.Done, 0, 0), (changes.Outcome, changes.Removed.Length, changes.Added.Length));
        }

        var unseen = query with { Filter = EmailQueryShapes.Not(EmailQueryShapes.Has("$flagged")) };
        Assert.Equal(20, (await model.Emails.QueryChangesAsync(unseen, new() { Since = before!.Value })).Removed.Length);
    }

    [Fact]
    public async Task Changes_are_refused_that_are_too_many_or_not_known()
    {
        await using var silo = await TestSilo.StartAsync();
        var model = await StartAsync(silo);
        var query = new EmailQuery { Filter = EmailFilter.Everything };
        var before = (await model.Emails.GetStateAsync())!.Value;
        await model.AppendAsync("INBOX", 5);
        Assert.Equal(EmailQueryChangesOutcome.TooMany, (await model.Emails.QueryChangesAsync(query, new() { Since = before, MaxChanges = 4 })).Outcome);
        Assert.Equal(EmailQueryChangesOutcome.Done, (await model.Emails.QueryChangesAsync(query, new() { Since = before, MaxChanges = 5 })).Outcome);
        Assert.Equal(EmailQueryChangesOutcome.Unknown, (await model.Emails.QueryChangesAsync(query, new() { Since = before + 100 })).Outcome);
    }

    [Fact]
    public async Task What_is_added_beyond_the_last_known_Email_is_left_out_when_nothing_can_move()
    {
        await using var silo = await TestSilo.StartAsync();
        var model = await StartAsync(silo);
        await model.AppendAsync("INBOX", 30);
        foreach (var sort in new EmailSort[] { new(EmailSortKey.ReceivedAt, false), new(EmailSortKey.Size, true) })
        {
            var query = new EmailQuery { Filter = EmailQueryShapes.Number(EmailFilterKind.MinSize, 100), Sort = [sort] };
            var known = await model.Emails.QueryAsync(query, new() { Limit = 10 });
            await model.AppendAsync("INBOX", 30);
            var now = model.Query(query);
            var upTo = now.IndexOf(known.Emails[^1]);
            var changes = await model.Emails.QueryChangesAsync(query, new() { Since = known.ModSeq, UpTo = known.Emails[^1] });
            Assert.Equal(now.Take(upTo + 1).Except(known.Emails), changes.Added.Select(a => a.Email));
        }
    }

    [Fact]
    public async Task A_scan_gives_all_that_may_match_page_by_page()
    {
        await using var silo = await TestSilo.StartAsync();
        var model = await StartAsync(silo);
        await model.AppendAsync("INBOX", 700);
        await model.AppendAsync("Archive", 600);
        await model.CopyAsync(move: false);
        var unknown = new EmailFilter { Kind = EmailFilterKind.Unknown };
        var inbox = EmailQueryShapes.In(model.Folders["INBOX"]);
        foreach (var (filter, same) in new[]
        {
            (EmailQueryShapes.And(inbox, unknown), inbox),
            (EmailQueryShapes.And(inbox, EmailQueryShapes.Not(unknown)), inbox),
            (EmailQueryShapes.Or(inbox, unknown), EmailFilter.Everything),
            (EmailQueryShapes.Not(EmailQueryShapes.Or(inbox, unknown)), EmailQueryShapes.Not(inbox)),
        })
        {
            foreach (var withContent in new[] { true, false })
            {
                var scanned = new List<EmailRecord>();
                EmailCursor? cursor = null;
                do
                {
                    var page = await model.Emails.ScanAsync(filter, cursor, withContent);
                    Assert.InRange(page.Emails.Count, 0, 500);
                    scanned.AddRange(page.Emails);
                    cursor = page.Next;
                }
                while (cursor is not null);

                Assert.Equal(model.Query(new() { Filter = same }), scanned.Select(e => e.Id));
                Assert.All(scanned, e => Assert.Equal(withContent, e.Content is not null));
            }
        }
    }

    private static async Task<EmailModel> StartAsync(TestSilo silo)
    {
        var model = new EmailModel(silo, Account, seed: 1);
        await model.StartAsync();
        return model;
    }

    private static Task<StoreResult> StoreAsync(EmailModel model, uint first, uint last, MessageFlags flags) => model.Mailbox.StoreFlagsAsync(new()
    {
        Operation = Guid.NewGuid(),
        FolderId = model.Folders["INBOX"],
        Uids = [new(first, last)],
        Change = FlagChange.Add,
        Flags = flags,
    });
}
