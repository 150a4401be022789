using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>Whatever happens to a mailbox, queries agree with a plain list, and who follows them by their changes alone has what a fresh query gives.</summary>
public sealed class EmailQueryModelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Queries_and_their_changes_agree_with_a_plain_list(int seed)
    {
        await using var silo = await TestSilo.StartAsync();
        var model = new EmailModel(silo, $"demo/queries{seed}", seed);
        await model.StartAsync();
        var followers = EmailQueryShapes.All(model.Folders).Select(q => new Follower(model.Emails, q)).ToList();
        for (var step = 0; step < 150; step++)
        {
            await model.StepAsync();
            foreach (var follower in followers.Where(_ => model.Random.Next(8) == 0))
            {
                await follower.FollowAsync();
                Assert.Equal(model.Query(follower.Query), follower.Ids);
            }
        }

        foreach (var follower in followers)
        {
            await follower.FollowAsync();
            Assert.Equal(model.Query(follower.Query), follower.Ids);
            await AssertWindowsAsync(model, follower.Query);
        }

        await AssertThreadsAsync(model);
    }

    /// <summary>Beyond the first screens pages come from a list that is kept and brought forward.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Pages_of_conversations_deep_in_a_mailbox_agree_with_a_plain_list(int seed)
    {
        await using var silo = await TestSilo.StartAsync();
        var model = new EmailModel(silo, $"demo/deep{seed}", seed);
        await model.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await model.AppendAsync("INBOX", 900, headerBytes: 100);
        }

        var followers = EmailQueryShapes.Conversations(model.Folders["INBOX"]).Select(q => new Follower(model.Emails, q)).ToList();
        for (var step = 0; step < 40; step++)
        {
            await model.StepAsync();
            var follower = followers[model.Random.Next(followers.Count)];
            var all = model.Query(follower.Query);
            var position = model.Random.Next(-all.Count, all.Count);
            var page = await model.Emails.QueryAsync(follower.Query, new() { Position = position, Limit = 20, CalculateTotal = step % 2 == 0 });
            Assert.Equal(all.Skip(position < 0 ? all.Count + position : position).Take(20), page.Emails);
            await follower.FollowAsync();
            Assert.Equal(all, follower.Ids);
        }

        foreach (var follower in followers)
        {
            await AssertWindowsAsync(model, follower.Query);
        }

        await AssertThreadsAsync(model);
    }

    private static async Task AssertWindowsAsync(EmailModel model, EmailQuery query)
    {
        var all = model.Query(query);
        for (var i = 0; i < 12; i++)
        {
            var position = model.Random.Next(-all.Count - 3, all.Count + 3);
            var limit = model.Random.Next(0, 30);
            var first = position >= 0 ? position : Math.Max(0, all.Count + position);
            var page = await model.Emails.QueryAsync(query, new() { Position = position, Limit = limit, CalculateTotal = i % 2 == 0 });
            Assert.Equal((first, i % 2 == 0 ? all.Count : null), (page.Position, page.Total));
            Assert.Equal(all.Skip(first).Take(limit), page.Emails);
            if (all.Count > 0)
            {
                var anchor = model.Random.Next(all.Count);
                var offset = model.Random.Next(-20, 20);
                var around = await model.Emails.QueryAsync(query, new() { Anchor = all[anchor], AnchorOffset = offset, Limit = limit });
                Assert.True(around.AnchorFound);
                Assert.Equal(Math.Max(0, anchor + offset), around.Position);
                Assert.Equal(all.Skip(Math.Max(0, anchor + offset)).Take(limit), around.Emails);
            }
        }

        Assert.False((await model.Emails.QueryAsync(query, new() { Anchor = Guid.NewGuid(), Limit = 5 })).AnchorFound);
    }

    private static async Task AssertThreadsAsync(EmailModel model)
    {
        var expected = model.Threads();
        var all = await model.Emails.GetAsync([.. expected.Take(200).Select(t => t[0])], withContent: false);
        var threadOf = all.Emails.ToDictionary(e => e.Id, e => e.Thread);
        var threads = await model.Emails.GetThreadsAsync([.. all.Emails.Select(e => e.Thread), 5]);
        Assert.Equal(threadOf.Count, threads.Count);
        foreach (var thread in expected.Take(200))
        {
            Assert.Equal(thread, threads.Single(t => t.Id == threadOf[thread[0]]).Emails);
        }

        foreach (var folder in (await model.Emails.GetFoldersAsync())!.Folders)
        {
            Assert.Equal(model.ThreadCounts(folder.Id), (folder.TotalThreads, folder.UnreadThreads));
        }
    }

    /// <summary>A client that has a result and brings it forward.</summary>
    private sealed class Follower(IEmailGrain emails, EmailQuery query)
    {
        private long? modSeq;

        public EmailQuery Query => query;

        public List<Guid> Ids { get; private set; } = [];

        public async Task FollowAsync()
        {
            if (modSeq is not { } since)
            {
                var fresh = await emails.QueryAsync(query, new() { Limit = EmailWindow.MaxLimit, CalculateTotal = true });
                (modSeq, Ids) = (fresh.ModSeq, [.. fresh.Emails]);
                Assert.Equal(Ids.Count, fresh.Total);
                return;
            }

            var changes = await emails.QueryChangesAsync(query, new() { Since = since, CalculateTotal = true });
            Assert.Equal(EmailQueryChangesOutcome.Done, changes.Outcome);
            var removed = changes.Removed.ToHashSet();
            Ids.RemoveAll(removed.Contains);
            Assert.Equal(changes.Added.OrderBy(a => a.Index), changes.Added);
            foreach (var (email, index) in changes.Added)
            {
                Assert.InRange(index, 0, Ids.Count);
                Ids.Insert((int)index, email);
            }

            modSeq = changes.ModSeq;
            Assert.Equal(Ids.Count, changes.Total);
        }
    }
}
