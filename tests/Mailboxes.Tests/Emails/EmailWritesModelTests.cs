using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Journaled;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>Random operations on Emails beside those of IMAP agree with plain sets, on a sound store and on one that fails half of its writes.</summary>
public sealed class EmailWritesModelTests
{
    private static readonly string[] names = ["$seen", "$flagged", "$answered", "a", "b"];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task Emails_agree_with_plain_sets(int seed, bool faults)
    {
        FaultyJournal faulty = null!;
        await using var silo = await TestSilo.StartAsync(journal => faulty = new FaultyJournal(journal, seed));
        var mailbox = new WrittenMailbox(silo, "demo/sets");
        await mailbox.Folders.CreateAsync(new() { Folders = [new("x", null), new("y", null), new("z", null)] });
        faulty.Failing = faults;
        var random = new Random(seed);
        var folders = new[] { "INBOX", "x", "y", "z" };
        var ids = await Task.WhenAll(folders.Select(mailbox.IdAsync));
        var rows = new List<EmailRow>();
        for (var step = 0; step < 150; step++)
        {
            rows = await (random.Next(8) switch
            {
                0 or 1 => AddAsync(mailbox, ids, rows, random),
                2 or 3 or 4 when rows.Count > 0 => UpdateAsync(mailbox, ids, rows, random),
                5 when rows.Count > 0 => ImapAsync(mailbox, folders, ids, rows, random),
                6 when random.Next(4) == 0 => ForgetAsync(silo, rows),
                _ => Task.FromResult(rows),
            });
        }

        faulty.Failing = false;
        Assert.Equal(faults, faulty.Faults > 10);
        await silo.ForgetAsync();
        Assert.Equal(rows, await mailbox.RowsAsync());
        Assert.Equal(rows.Count * 100L, (await mailbox.Folders.GetQuotaAsync())!.Value.UsedBytes);
        var bodies = rows.Select(r => MailCloud.Messages.BodyRef.NameFor(new("demo"), new(r.Email))).Distinct().ToArray();
        Assert.Equal(bodies.Order(), (await mailbox.Folders.HoldsBodiesAsync(bodies)).Order());
        for (var i = 0; i < ids.Length; i++)
        {
            var status = (await mailbox.Folders.GetStatusAsync(folders[i]))!;
            var there = rows.Where(r => r.Folder == ids[i]).ToArray();
            Assert.Equal((there.Length, there.Count(r => (r.Flags & MessageFlags.Seen) == 0)), (status.Messages, status.Unseen));
        }
    }

    private static async Task<List<EmailRow>> AddAsync(WrittenMailbox mailbox, int[] ids, List<EmailRow> rows, Random random)
    {
        int[] folders = [.. ids.Where(_ => random.Next(2) == 0).DefaultIfEmpty(ids[0])];
        var email = await mailbox.AddAsync(folders);
        var after = await mailbox.RowsAsync();
        Assert.Equal(rows, after.Where(r => r.Email != email));
        Assert.Equal(folders.Order(), after.Where(r => r.Email == email).Select(r => r.Folder));
        return after;
    }

    private static async Task<List<EmailRow>> UpdateAsync(WrittenMailbox mailbox, int[] ids, List<EmailRow> rows, Random random)
    {
        var emails = rows.Select(r => r.Email).Distinct().Where(_ => random.Next(3) == 0).ToArray();
        var updates = new EmailUpdates { Operation = Guid.NewGuid(), Updates = [.. emails.Select(email => Random(email, ids, random))] };
        var result = await WrittenMailbox.CallAsync(() => mailbox.Emails.UpdateAsync(updates));
        var after = await mailbox.RowsAsync();
        Assert.Equal(rows.Where(r => !emails.Contains(r.Email)), after.Where(r => !emails.Contains(r.Email)));
        foreach (var (update, outcome) in updates.Updates.Zip(result.Outcomes))
        {
            var (before, now) = (rows.Where(r => r.Email == update.Email).ToArray(), after.Where(r => r.Email == update.Email).ToArray());
            if (outcome == EmailOutcome.NoFolder)
            {
                Assert.Equal(before, now);
                continue;
            }

            Assert.Equal(EmailOutcome.Done, outcome);
            var folders = update.Destroy ? [] : update.Folders ?? before.Select(r => r.Folder).Union(update.AddFolders).Except(update.RemoveFolders);
            Assert.Equal(folders.Order(), now.Select(r => r.Folder).Distinct());
            if (now.Length > 0)
            {
                Assert.Equal(Expected(update, Common(before)), Common(now) & ~Unknown);
            }
        }

        return after;
    }

    // Keywords get bits in the order of their first use, which the test does not follow: it looks at flags of the system.
    private const MessageFlags Unknown = ~MessageFlags.System;

    private static MessageFlags Expected(EmailUpdate update, MessageFlags before) =>
        (update.Keywords is { } whole ? Bits(whole) : (before | Bits(update.AddKeywords)) & ~Bits(update.RemoveKeywords)) & ~Unknown;

    private static MessageFlags Bits(string[] keywords) => keywords.Aggregate(MessageFlags.None, (set, k) => set | k switch
    {
        "$seen" => MessageFlags.Seen,
        "$flagged" => MessageFlags.Flagged,
        "$answered" => MessageFlags.Answered,
        _ => MessageFlags.None,
    });

    private static MessageFlags Common(EmailRow[] rows)
    {
        var some = rows.Aggregate(MessageFlags.None, (set, r) => set | r.Flags) & ~(MessageFlags.Seen | MessageFlags.Deleted);
        return rows.All(r => (r.Flags & MessageFlags.Seen) != 0) ? some | MessageFlags.Seen : some;
    }

    private static EmailUpdate Random(Guid email, int[] ids, Random random) => random.Next(6) switch
    {
        0 => new() { Email = email, Destroy = true },
        1 => new() { Email = email, Folders = Some(ids, random), Keywords = Some(names, random) },
        2 => new() { Email = email, Folders = Some(ids, random) },
        3 => new() { Email = email, AddFolders = [ids[0], ids[1]], RemoveFolders = [ids[2], ids[3]], AddKeywords = Some(names, random) },
        4 => new() { Email = email, RemoveFolders = Some(ids, random) },
        _ => new() { Email = email, AddKeywords = names[..2], RemoveKeywords = names[2..] },
    };

    private static T[] Some<T>(T[] all, Random random) => [.. all.Where(_ => random.Next(2) == 0)];

    private static async Task<List<EmailRow>> ImapAsync(WrittenMailbox mailbox, string[] folders, int[] ids, List<EmailRow> rows, Random random)
    {
        var row = rows[random.Next(rows.Count)];
        UidRange[] uids = [new(row.Uid, row.Uid)];
        var copy = new CopyRequest { Operation = Guid.NewGuid(), FolderId = row.Folder, Uids = uids, Target = folders[random.Next(4)], Move = random.Next(2) == 0 };
        var store = new StoreRequest { Operation = Guid.NewGuid(), FolderId = row.Folder, Uids = uids, Change = FlagChange.Add, Flags = (MessageFlags)(1UL << random.Next(4)) };
        var expunge = new ExpungeRequest { Operation = Guid.NewGuid(), FolderId = ids[random.Next(4)] };
        var count = rows.Count;
        switch (random.Next(4))
        {
            case 0:
                await WrittenMailbox.CallAsync(() => mailbox.Folders.CopyAsync(copy));
                count += copy.Move ? 0 : 1;
                break;
            case 1:
                await WrittenMailbox.CallAsync(() => mailbox.Folders.ExpungeAsync(expunge));
                count -= rows.Count(r => r.Folder == expunge.FolderId && (r.Flags & MessageFlags.Deleted) != 0);
                break;
            default:
                await WrittenMailbox.CallAsync(() => mailbox.Folders.StoreFlagsAsync(store));
                break;
        }

        var after = await mailbox.RowsAsync();
        Assert.Equal(count, after.Count);
        return after;
    }

    private static async Task<List<EmailRow>> ForgetAsync(TestSilo silo, List<EmailRow> rows)
    {
        await silo.ForgetAsync();
        return rows;
    }
}
