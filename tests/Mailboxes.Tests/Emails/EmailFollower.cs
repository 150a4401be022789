using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>Has Emails and folders as a JMAP client has them: by changes alone, in pages of any size, and reads only what they name.</summary>
internal sealed class EmailFollower(TestSilo silo, string account, Random random)
{
    private readonly Dictionary<Guid, TrueEmail> emails = [];
    private readonly Dictionary<Guid, ulong> threads = [];
    private readonly Dictionary<int, EmailFolder> folders = [];
    private EmailState state;
    private long folderState;

    private IEmailGrain Emails => silo.Grains.GetGrain<IEmailGrain>(account);

    /// <summary>Begins with a mailbox of which it has folders and no Emails.</summary>
    public async Task BeginAsync()
    {
        var read = (await CallAsync(g => g.GetFoldersAsync()))!;
        Assert.All(read.Folders, f => Assert.Equal(0, f.TotalEmails));
        (state, folderState) = (new(read.ModSeq), read.ModSeq);
        foreach (var folder in read.Folders)
        {
            folders[folder.Id] = folder;
        }
    }

    /// <summary>Catches up, and compares with what IMAP shows. What stood in a folder that was deleted goes a while later.</summary>
    public async Task CheckAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            await FollowAsync();
            var truth = await CallMailboxAsync(EmailTruth.ReadAsync);
            var isWhole = truth.Emails.Count == emails.Count;
            if (isWhole || attempt > 200)
            {
                Assert.Equal(truth.Emails.OrderBy(e => e.Key), emails.OrderBy(e => e.Key));
                Assert.Equal(
                    truth.Folders.OrderBy(f => f.Key).Select(f => (f.Key, f.Value.Name, f.Value.Total, f.Value.Unread)),
                    folders.Values.OrderBy(f => f.Id).Select(f => (f.Id, f.Name, f.TotalEmails, f.UnreadEmails)));

                // None of these messages answers another.
                Assert.All((await CallAsync(g => g.GetFoldersAsync()))!.Folders, f => Assert.Equal(f.TotalEmails, f.TotalThreads));
                return;
            }

            await Task.Delay(20);
        }
    }

    public async Task FollowAsync()
    {
        for (var hasMore = true; hasMore;)
        {
            var changes = await CallAsync(g => g.GetChangesAsync(state, random.Next(1, 200)));
            Assert.True(changes.Known);
            Assert.True(changes.State.ModSeq >= state.ModSeq);
            await TakeAsync(changes);
            (state, hasMore) = (changes.State, changes.HasMore);
        }

        await FollowFoldersAsync();
    }

    private async Task TakeAsync(EmailChanges changes)
    {
        Guid[] told = [.. changes.Created, .. changes.Updated, .. changes.Destroyed];
        Assert.Equal(told.Length, told.Distinct().Count());
        Assert.All(changes.Created, id => Assert.False(emails.ContainsKey(id), $"{id} was made twice"));
        Assert.All(changes.Updated, id => Assert.True(threads.ContainsKey(id), $"{id} changed before it was made"));
        foreach (var id in changes.Destroyed)
        {
            emails.Remove(id);
            Assert.True(!threads.TryGetValue(id, out var thread) || changes.Threads.Contains(thread));
        }

        for (IReadOnlyList<Guid> left = [.. changes.Created, .. changes.Updated]; left.Count > 0;)
        {
            var page = await CallAsync(g => g.GetAsync(left, withContent: random.Next(2) == 0));
            foreach (var id in left.Except(page.Left))
            {
                if (page.Emails.SingleOrDefault(e => e.Id == id) is not { } email)
                {
                    // Its folder is deleted, and it will be told as destroyed.
                    emails.Remove(id);
                    continue;
                }

                emails[id] = new(string.Join(',', email.Folders), email.Flags, email.Size);
                Assert.Equal(threads[id] = threads.GetValueOrDefault(id, email.Thread), email.Thread);
                Assert.Contains(email.Thread, changes.Threads);
            }

            left = page.Left;
        }
    }

    private async Task FollowFoldersAsync()
    {
        var changes = await CallAsync(g => g.GetFolderChangesAsync(folderState));
        Assert.True(changes.Known);
        Assert.All(changes.Created, id => Assert.False(folders.ContainsKey(id)));
        Assert.All(changes.Destroyed, id => Assert.True(folders.Remove(id)));
        var now = (await CallAsync(g => g.GetFoldersAsync()))!.Folders.ToDictionary(f => f.Id);
        foreach (var id in (int[])[.. changes.Created, .. changes.Updated, .. changes.Counted])
        {
            // Between the two calls nothing but the end of deleted folders happens.
            folders[id] = now[id];
        }

        folderState = changes.ModSeq;
        Assert.Equal(now.Keys.Order(), folders.Keys.Order());
    }

    private Task<T> CallAsync<T>(Func<IEmailGrain, Task<T>> call) => AnsweredAsync(() => call(Emails));

    private Task<T> CallMailboxAsync<T>(Func<IMailboxGrain, Task<T>> call) => AnsweredAsync(() => call(silo.Mailbox(account)));

    private static async Task<T> AnsweredAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (e is not (ArgumentException or InvalidOperationException or NotSupportedException or NullReferenceException))
            {
                // In doubt: asked again.
            }
        }

        throw new TimeoutException("the mailbox never answered");
    }
}
