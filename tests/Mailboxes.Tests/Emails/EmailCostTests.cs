using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Mailbox;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>What a query opens does not grow with the mailbox: a few chunks about the place that is looked at, of which each has rows and flags.</summary>
public sealed class EmailCostTests
{
    private const string Account = "demo/cost";

    [Theory]
    [InlineData(3_000)]
    [InlineData(60_000)]
    public async Task A_page_and_what_changed_open_a_few_chunks(int messages)
    {
        CountingBlobs counted = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: blobs => counted = new(blobs), settings: [new("Mailboxes:ChunkCacheBytes", "1")]);
        await FillAsync(silo.Mailbox(Account), messages);
        var emails = silo.Grains.GetGrain<IEmailGrain>(Account);
        var inbox = (await silo.Mailbox(Account).OpenFolderAsync("INBOX", claimRecent: false))!.FolderId;
        var query = new EmailQuery { Filter = EmailQueryShapes.In(inbox) };

        var first = await CountAsync(2, () => emails.QueryAsync(query, new() { Limit = 50, CalculateTotal = true }));
        Assert.Equal((50, messages), (first.Emails.Length, (int)first.Total!));
        var middle = await CountAsync(3, () => emails.QueryAsync(query, new() { Position = messages / 2, Limit = 50 }));
        Assert.Equal(50, middle.Emails.Length);
        var around = await CountAsync(9, () => emails.QueryAsync(query, new() { Anchor = middle.Emails[10], AnchorOffset = -10, Limit = 50 }));
        Assert.Equal(middle.Emails, around.Emails);
        var last = await CountAsync(2, () => emails.QueryAsync(query, new() { Position = -50, Limit = 50 }));
        Assert.Equal(messages - 50, last.Position);
        await CountAsync(3, () => emails.QueryAsync(query with { CollapseThreads = true }, new() { Limit = 50 }));

        await silo.Mailbox(Account).FileAsync(Mail.For(Account));
        var changes = await CountAsync(2, () => emails.QueryChangesAsync(query, new() { Since = first.ModSeq, CalculateTotal = true }));
        Assert.Equal((0, messages + 1), (Assert.Single(changes.Added).Index, (int)changes.Total!));

        async Task<T> CountAsync<T>(int chunks, Func<Task<T>> ask)
        {
            await silo.ForgetAsync();
            counted.Reads.Clear();
            var answer = await ask();
            Assert.InRange(counted.Reads.Count(r => r.Contains("/rows-", StringComparison.Ordinal)), 0, chunks);
            Assert.InRange(counted.Reads.Count(r => r.Contains("/flags-", StringComparison.Ordinal)), 0, chunks);
            Assert.DoesNotContain(counted.Reads, r => r.Contains("/contents-", StringComparison.Ordinal));
            return answer;
        }
    }

    // Dates rise as mail does: nearly.
    private static async Task FillAsync(IMailboxGrain mailbox, int messages)
    {
        await mailbox.CreateAsync(new());
        var random = new Random(1);
        var start = DateTimeOffset.UtcNow.AddDays(-100);
        foreach (var batch in Enumerable.Range(0, messages).Chunk(2000))
        {
            var appended = batch.Select(i => (Mail: Mail.For(Account), Date: start.AddMinutes(i + random.Next(10))))
                .Select(m => new AppendedMessage { Body = m.Mail.Body, Summary = m.Mail.Summary with { Header = new byte[600] }, InternalDate = m.Date });
            var result = await mailbox.AppendAsync(new() { Operation = Guid.NewGuid(), Folder = "INBOX", Messages = [.. appended] });
            Assert.Equal(WriteOutcome.Done, result.Outcome);
        }
    }
}
