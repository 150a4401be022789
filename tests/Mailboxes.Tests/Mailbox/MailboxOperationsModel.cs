using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>
/// A mailbox as plain lists, and random operations on it and on the real one. Each operation is repeated with its id until it is answered, as an edge repeats it.
/// A reader per folder follows by changes alone, as a session does.
/// </summary>
internal sealed class MailboxOperationsModel(TestSilo silo, IMessageBlobs blobs, string account, int seed)
{
    private readonly Random random = new(seed);
    private readonly Dictionary<string, ModelFolder> folders = new(StringComparer.Ordinal) { ["INBOX"] = new() };
    private int subjects;

    private IMailboxGrain Mailbox => silo.Mailbox(account);

    /// <param name="afterEach">Of the steps: looks at the mailbox in another way.</param>
    public async Task RunAsync(int steps, Func<Task>? afterEach = null)
    {
        for (var step = 0; step < steps; step++)
        {
            var (name, folder) = folders.ElementAt(random.Next(folders.Count));
            await StepAsync(name, folder);
            if (random.Next(4) == 0 && folders.TryGetValue(name, out var still))
            {
                await FollowAsync(name, still);
            }

            await (afterEach?.Invoke() ?? Task.CompletedTask);
        }
    }

    public async Task CheckAsync()
    {
        Assert.Equal(folders.Keys.Order(StringComparer.Ordinal), (await CallAsync(m => m.ListFoldersAsync())).Where(f => !f.NonExistent).Select(f => f.Name));
        foreach (var (name, folder) in folders)
        {
            var messages = await CallAsync(m => Folders.AllAsync(m, name, withContent: true));
            Assert.Equal(folder.Messages.Select(m => (m.Uid, m.Subject, m.Flags)), messages.Select(m => (m.Uid, m.Content!.Summary.Envelope.Subject!, m.Flags)));
            var status = (await CallAsync(m => m.GetStatusAsync(name)))!;
            Assert.Equal((folder.Messages.Count, folder.Messages.Count(m => (m.Flags & MessageFlags.Seen) == 0)), (status.Messages, status.Unseen));
            await FollowAsync(name, folder);
        }

        Assert.Equal(folders.Values.Sum(f => f.Messages.Count) * 100L, (await CallAsync(m => m.GetQuotaAsync()))!.Value.UsedBytes);
    }

    private Task StepAsync(string name, ModelFolder folder) => random.Next(12) switch
    {
        0 or 1 or 2 => AppendAsync(name, folder, random.Next(1, 60)),
        3 or 4 => StoreAsync(name, folder),
        5 => ExpungeAsync(name, folder),
        6 or 7 => CopyAsync(name, folder, move: false),
        8 => CopyAsync(name, folder, move: true),
        9 => CreateOrRenameAsync(name),
        10 when name != "INBOX" && random.Next(3) == 0 => DeleteAsync(name),
        11 when random.Next(3) == 0 => silo.ForgetAsync(),
        _ => Task.CompletedTask,
    };

    private async Task AppendAsync(string name, ModelFolder folder, int count)
    {
        var messages = new List<AppendedMessage>();
        for (var i = 0; i < count; i++)
        {
            var mail = Mail.For(account, subject: $"{subjects++}");
            await using var upload = blobs.Create(mail.Body.Name, [BodyOwner.Mailbox(new(account))]);
            await upload.WriteAsync(new byte[100], CancellationToken.None);
            await upload.CommitAsync(CancellationToken.None);

            // Large enough that the journal is sealed several times on the way.
            messages.Add(new() { Body = mail.Body, Summary = mail.Summary with { Header = new byte[3000] }, InternalDate = mail.InternalDate });
        }

        var request = new AppendRequest { Operation = Guid.NewGuid(), Folder = name, Messages = messages };
        var result = await CallAsync(m => m.AppendAsync(request));
        Assert.Equal(WriteOutcome.Done, result.Outcome);
        foreach (var (uid, message) in result.Uids.SelectMany(Each).Zip(messages))
        {
            folder.Messages.Add(new(uid, message.Summary.Envelope.Subject!, MessageFlags.None));
        }
    }

    private async Task StoreAsync(string name, ModelFolder folder)
    {
        var uids = Pick(folder);
        var flags = (MessageFlags)(1UL << random.Next(5));
        var request = new StoreRequest { Operation = Guid.NewGuid(), FolderId = await IdAsync(name), Uids = uids, Change = FlagChange.Add, Flags = flags };
        await CallAsync(m => m.StoreFlagsAsync(request));
        folder.Messages.ForEach(m => m.Flags |= Contains(uids, m.Uid) ? flags : MessageFlags.None);
    }

    private async Task ExpungeAsync(string name, ModelFolder folder)
    {
        var request = new ExpungeRequest { Operation = Guid.NewGuid(), FolderId = await IdAsync(name), Uids = random.Next(2) == 0 ? null : Pick(folder) };
        await CallAsync(m => m.ExpungeAsync(request));
        folder.Messages.RemoveAll(m => (m.Flags & MessageFlags.Deleted) != 0 && (request.Uids is null || Contains(request.Uids, m.Uid)));
    }

    private async Task CopyAsync(string name, ModelFolder folder, bool move)
    {
        var (targetName, target) = folders.ElementAt(random.Next(folders.Count));
        var request = new CopyRequest { Operation = Guid.NewGuid(), FolderId = await IdAsync(name), Uids = Pick(folder), Target = targetName, Move = move };
        var result = await CallAsync(m => m.CopyAsync(request));
        Assert.Equal(WriteOutcome.Done, result.Outcome);
        var sources = folder.Messages.Where(m => Contains(request.Uids, m.Uid)).ToList();
        Assert.Equal(sources.Select(m => m.Uid), result.Sources.SelectMany(Each));
        folder.Messages.RemoveAll(m => move && sources.Contains(m));
        target.Messages.AddRange(sources.Zip(result.Targets.SelectMany(Each), (m, uid) => new ModelMessage(uid, m.Subject, m.Flags)));
    }

    private async Task CreateOrRenameAsync(string name)
    {
        var fresh = $"f{random.Next(1000)}";
        var operation = Guid.NewGuid();
        if (folders.ContainsKey(fresh))
        {
            return;
        }

        if (folders.Count < 4)
        {
            Assert.Equal(FolderResult.Done, await CallAsync(m => m.CreateFolderAsync(operation, new(fresh, null))));
            folders[fresh] = new();
            return;
        }

        Assert.Equal(FolderResult.Done, await CallAsync(m => m.RenameFolderAsync(operation, name, fresh)));
        folders[fresh] = folders[name];
        folders.Remove(name);
        if (name == "INBOX")
        {
            // A new folder has the messages: who follows INBOX sees them go.
            folders["INBOX"] = folders[fresh].LeaveEmpty();
        }
    }

    private async Task DeleteAsync(string name)
    {
        var operation = Guid.NewGuid();
        Assert.Equal(FolderResult.Done, await CallAsync(m => m.DeleteFolderAsync(operation, name)));
        folders.Remove(name);
    }

    // What a session would do: UIDs and flags brought forward by the changes since it last asked.
    private async Task FollowAsync(string name, ModelFolder folder)
    {
        folder.Follower ??= new() { Id = await IdAsync(name) };
        var follower = folder.Follower;
        var request = new ChangesRequest { FolderId = follower.Id, SinceModSeq = follower.ModSeq, UidNext = follower.UidNext };
        var changes = (await CallAsync(m => m.GetChangesAsync(request)))!;
        foreach (var uid in changes.Expunged.SelectMany(Each))
        {
            follower.Flags.Remove(uid);
        }

        foreach (var uid in changes.Arrived.SelectMany(Each))
        {
            Assert.True(follower.Flags.TryAdd(uid, MessageFlags.None), $"UID {uid} arrived twice");
        }

        foreach (var message in changes.Flags)
        {
            Assert.True(follower.Flags.ContainsKey(message.Uid));
            follower.Flags[message.Uid] = message.Flags;
        }

        Assert.True(changes.ModSeq >= follower.ModSeq && changes.UidNext >= follower.UidNext);
        (follower.ModSeq, follower.UidNext) = (changes.ModSeq, changes.UidNext);
        Assert.Equal(folder.Messages.Select(m => (m.Uid, m.Flags)), follower.Flags.OrderBy(f => f.Key).Select(f => (f.Key, f.Value)));
    }

    private async Task<T> CallAsync<T>(Func<IMailboxGrain, Task<T>> call)
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            try
            {
                return await call(Mailbox);
            }
            catch (Exception e) when (e is not (ArgumentException or InvalidOperationException))
            {
                // In doubt: the same operation again.
            }
        }

        throw new TimeoutException("the operation never succeeded");
    }

    private async Task<int> IdAsync(string name) => (await CallAsync(m => m.OpenFolderAsync(name, claimRecent: false)))!.FolderId;

    private UidRange[] Pick(ModelFolder folder)
    {
        var first = (uint)random.Next(1, (int)(folder.Messages.LastOrDefault()?.Uid ?? 1) + 1);
        return [new(first, first + (uint)random.Next(0, 80))];
    }

    private static bool Contains(UidRange[] ranges, uint uid) => ranges.Any(r => r.First <= uid && uid <= r.Last);

    private static IEnumerable<uint> Each(UidRange range) => Enumerable.Range((int)range.First, range.Count).Select(uid => (uint)uid);

    private sealed class ModelFolder
    {
        public List<ModelMessage> Messages { get; init; } = [];

        public Follower? Follower { get; set; }

        public ModelFolder LeaveEmpty()
        {
            var empty = new ModelFolder { Follower = Follower };
            Follower = null;
            return empty;
        }
    }

    private sealed class ModelMessage(uint uid, string subject, MessageFlags flags)
    {
        public uint Uid => uid;

        public string Subject => subject;

        public MessageFlags Flags { get; set; } = flags;
    }

    private sealed class Follower
    {
        public required int Id { get; init; }

        public long ModSeq { get; set; }

        public uint UidNext { get; set; } = 1;

        public Dictionary<uint, MessageFlags> Flags { get; } = [];
    }
}
