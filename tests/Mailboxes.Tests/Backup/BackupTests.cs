using MailCloud.Backup;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Backup;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Tests.Spool;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Mailboxes.Tests.Backup;

/// <summary>A backup that is taken while mail moves holds all that was there before, and comes back whole in an empty installation.</summary>
public sealed class BackupTests : IAsyncLifetime
{
    private const string Account = "demo/1";
    private const int Shard = 7;

    private readonly DirectoryInfo place = System.IO.Directory.CreateTempSubdirectory("mailcloud-backup-");
    private TestSilo silo = null!;

    private IMessageBlobs Blobs => silo.Services.GetRequiredService<IMessageBlobs>();

    private IMailQueue Queue => silo.Services.GetRequiredService<IMailQueue>();

    public async Task InitializeAsync()
    {
        silo = await StartAsync(keep: 2);
        await silo.Mailbox(Account).CreateAsync(new());
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        place.Delete(recursive: true);
    }

    [Fact]
    public async Task It_comes_back_whole_in_an_empty_installation()
    {
        await FileAsync(1100);
        var queued = await NewMessageAsync();
        await Queue.PublishAsync(queued, default);
        var spooled = await SpoolAsync();
        var expected = await SeenAsync(silo);

        var summary = await TakeAsync();
        Assert.Equal(1102, summary.Counts["blobs"] - await PartsAsync());
        Assert.Equal(1, summary.Counts["waiting"]);
        await AssertWholeAsync(mailboxes: 1, messages: 1100);

        await using var other = await StartAsync(keep: 2);
        await RestoreAsync(other);

        Assert.Equal(expected, await SeenAsync(other));
        Assert.Equal(queued.Id, Assert.Single(await other.Services.GetRequiredService<IMailQueue>().ListAsync(default).ToListAsync()).Id);
        Assert.Equal(spooled, Assert.Single(await other.Grains.GetGrain<ISpoolGrain>(Shard).GetPageAsync(SpoolFilter.Everything, "", 10)).Key);
        Assert.DoesNotContain(await other.Services.GetRequiredService<Verifier>().RunAsync(default).ToListAsync(), record => record.Kind == UpkeepKind.Problem);
    }

    [Fact]
    public async Task No_UID_or_modseq_that_was_given_since_is_given_again_and_clients_hear_of_all_that_went_back()
    {
        await FileAsync(3);
        var known = await OpenAsync(silo);
        await TakeAsync();
        await FileAsync(2);
        var seen = await OpenAsync(silo);

        await using var other = await StartAsync(keep: 2);
        await RestoreAsync(other);

        var opened = await OpenAsync(other);
        Assert.Equal((known.UidValidity, 5u), (opened.UidValidity, seen.UidNext - 1));
        Assert.InRange(opened.HighestModSeq, seen.HighestModSeq + 1, long.MaxValue);
        await other.Mailbox(Account).FileAsync(await DeliverAsync(other));
        Assert.Equal(opened.UidNext, (await SeenAsync(other))[^1].Uid);
        Assert.InRange(opened.UidNext, seen.UidNext, uint.MaxValue);

        // Who saw what a restore undid: all flags may have gone back.
        var undone = (await other.Mailbox(Account).GetChangesAsync(new() { FolderId = opened.FolderId, SinceModSeq = seen.HighestModSeq }))!;
        Assert.Equal([1, 2, 3], undone.Flags.Select(flags => flags.Uid).Take(3));
        Assert.Equal([new UidRange(4, opened.UidNext - 1)], undone.Expunged);
        Assert.Equal(4, (await Folders.AllAsync(other.Mailbox(Account), "INBOX", changedSince: seen.HighestModSeq)).Count);

        // Who was away since before the backup hears of what came, and of UIDs that it never saw.
        var away = (await other.Mailbox(Account).GetChangesAsync(new() { FolderId = opened.FolderId, SinceModSeq = known.HighestModSeq }))!;
        Assert.DoesNotContain(away.Flags, flags => flags.Uid <= 3);
        Assert.Equal(undone.Expunged, away.Expunged);

        // It stays so when the mailbox is sealed and loaded.
        for (var i = 0; i < 1100; i++)
        {
            await other.Mailbox(Account).FileAsync(await DeliverAsync(other));
        }

        await other.ForgetAsync();
        Assert.Equal(undone.Expunged, (await other.Mailbox(Account).GetChangesAsync(new() { FolderId = opened.FolderId, SinceModSeq = seen.HighestModSeq }))!.Expunged);
        Assert.Equal(1104, (await Folders.AllAsync(other.Mailbox(Account), "INBOX", changedSince: seen.HighestModSeq)).Count);
    }

    [Fact]
    public async Task It_is_restored_into_an_empty_installation_only_and_once_more_after_a_death()
    {
        await FileAsync(20);
        await TakeAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => RestoreAsync(silo));
        Assert.Contains("empty", refused.Message, StringComparison.Ordinal);

        await using var other = await StartAsync(keep: 2);
        using var dying = new CancellationTokenSource();
        var counts = new BackupCounts();
        var broken = RestoreAsync(other, counts, dying.Token);
        while (counts.ByName()["blobs"] == 0 && !broken.IsCompleted)
        {
            await Task.Yield();
        }

        await dying.CancelAsync();
        await broken.ContinueWith(_ => { }, TaskScheduler.Default);
        await RestoreAsync(other);
        Assert.Equal(await SeenAsync(silo), await SeenAsync(other));
    }

    [Fact]
    public async Task What_is_expunged_while_it_is_taken_is_in_it_and_no_sweep_deletes_it_before_it_is_copied()
    {
        var body = (await FileAsync(3))[1];
        var hooked = new HookedBlobs(Blobs) { BeforeListing = () => ExpungeAndSweepAsync(body) };
        var storage = silo.Services.GetRequiredService<GrainStorage>() with { Blobs = hooked };

        await new BackupTaker(storage, Queue, Service<WaitingMail>(), Service<UpkeepTurns>(), Service<BackupPlace>()).RunAsync(new(), default).ToListAsync();

        Assert.True(hooked.HasListed);
        Assert.True((await Blobs.FindAsync(body, default))!.IsReleased);
        await AssertWholeAsync(mailboxes: 1, messages: 3);
        await SweepAsync();
        Assert.Null(await Blobs.FindAsync(body, default));
    }

    [Fact]
    public async Task Mail_that_leaves_the_spool_while_it_is_taken_is_in_it_as_mail_that_waits()
    {
        var key = await SpoolAsync();
        var hooked = new HookedQueue(Queue) { BeforeSecondListing = () => FinishAsync(key) };

        await new BackupTaker(Service<GrainStorage>(), hooked, Service<WaitingMail>(), Service<UpkeepTurns>(), Service<BackupPlace>()).RunAsync(new(), default).ToListAsync();

        Assert.Empty(await silo.Grains.GetGrain<ISpoolGrain>(Shard).GetPageAsync(SpoolFilter.Everything, "", 10));
        await using var other = await StartAsync(keep: 2);
        await RestoreAsync(other);
        Assert.Equal(key.Split(':')[0], Assert.Single(await other.Services.GetRequiredService<IMailQueue>().ListAsync(default).ToListAsync()).Id.ToString());
    }

    [Fact]
    public async Task The_next_one_copies_only_what_is_new_and_the_oldest_go_with_what_they_alone_have()
    {
        var first = (await FileAsync(50))[0];
        await TakeAsync();
        await ExpungeAsync(first);
        await SweepAsync();
        Assert.Null(await Blobs.FindAsync(first, default));
        await FileAsync(1);

        var second = await TakeAsync();
        Assert.InRange(second.Counts["blobs"], 1, 3);
        Assert.InRange(second.Counts["shared"], 49, long.MaxValue);
        Assert.True(await HasAsync(first));
        await AssertWholeAsync(mailboxes: 1, messages: 50);

        // Two are kept: the first goes, and with it the body that only it refers to.
        await TakeAsync();
        Assert.False(await HasAsync(first));
        await using var store = Service<BackupPlace>().Open();
        Assert.Equal(2, await store.ListAsync(default).CountAsync());
        await AssertWholeAsync(mailboxes: 1, messages: 50);
    }

    [Fact]
    public async Task A_part_of_one_is_none_and_the_next_removes_it()
    {
        await FileAsync(10);
        using var dying = new CancellationTokenSource();
        var hooked = new HookedBlobs(Blobs) { BeforeListing = dying.CancelAsync };
        var storage = Service<GrainStorage>() with { Blobs = hooked };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await new BackupTaker(storage, Queue, Service<WaitingMail>(), Service<UpkeepTurns>(), Service<BackupPlace>()).RunAsync(new(), dying.Token).ToListAsync(CancellationToken.None));

        await using (var store = Service<BackupPlace>().Open())
        {
            Assert.Empty(await store.ListAsync(default).ToListAsync());
            Assert.Single(await store.ListBegunAsync(default));
        }

        await TakeAsync();
        await using var after = Service<BackupPlace>().Open();
        Assert.Single(await after.ListBegunAsync(default));
        await AssertWholeAsync(mailboxes: 1, messages: 10);
    }

    [Fact]
    public async Task A_backup_with_a_hole_is_found_out()
    {
        var body = (await FileAsync(1100))[5];
        await TakeAsync();
        await using (var store = Service<BackupPlace>().Open())
        {
            await store.Blobs.DeleteAsync([body], default);
        }

        Assert.Contains(await CheckAsync(), record => record.Kind == UpkeepKind.Problem && record.Text.Contains(body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_a_sweep_deletes_no_backup_begins_and_the_other_way_round()
    {
        var turns = Service<UpkeepTurns>();
        await using (var sweeping = await turns.TryBeginAsync(UpkeepWork.Sweep))
        {
            Assert.NotNull(sweeping);
            Assert.Null(await turns.TryBeginAsync(UpkeepWork.Backup));
            await using var beside = await turns.TryBeginAsync(UpkeepWork.Sweep);
            Assert.NotNull(beside);
        }

        await using var backup = await turns.TryBeginAsync(UpkeepWork.Backup);
        Assert.NotNull(backup);
        await silo.ForgetAsync();
        var swept = Assert.Single(await Service<Sweeper>().RunAsync(TimeSpan.Zero, TimeSpan.Zero, default).ToListAsync());
        Assert.Contains("backup", swept.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "b", -1)]
    [InlineData("a/b", "a/b", 0)]
    [InlineData("a/b", "a", 1)]
    [InlineData("\uffee", "\U0001f600", -1)]
    [InlineData("\U0001f600", "\uffee", 1)]
    [InlineData("\U0001f600", "\U0001f601", -1)]
    public void Names_are_in_the_order_of_their_octets(string a, string b, int order) => Assert.Equal(order, Math.Sign(NameOrder.Compare(a, b)));

    private static async Task<OpenedFolder> OpenAsync(TestSilo of) => (await of.Mailbox(Account).OpenFolderAsync("INBOX", claimRecent: false))!;

    private static async Task<IReadOnlyList<(uint Uid, string)>> SeenAsync(TestSilo of) =>
        [.. (await Folders.AllAsync(of.Mailbox(Account), "INBOX")).Select(message => (message.Uid, message.ToString()!))];

    private static Task<string> RestoreAsync(TestSilo into, BackupCounts? counts = null, CancellationToken cancellationToken = default) =>
        into.Services.GetRequiredService<BackupRestore>().RunAsync(null, counts ?? new(), cancellationToken);

    private static async Task<FilingRequest> DeliverAsync(TestSilo to)
    {
        var mail = Mail.For(Account);
        await WriteAsync(to.Services.GetRequiredService<IMessageBlobs>(), mail.Body.Name);
        return mail;
    }

    private static async Task WriteAsync(IMessageBlobs blobs, string name)
    {
        await using var upload = blobs.Create(name, [BodyOwner.Mailbox(new(Account))]);
        await upload.WriteAsync(new byte[100], default);
        await upload.CommitAsync(default);
    }

    private Task<TestSilo> StartAsync(int keep) => TestSilo.StartAsync(settings: [new("Backup:Directory", place.FullName), new("Backup:Keep", $"{keep}")]);

    private T Service<T>()
        where T : notnull => silo.Services.GetRequiredService<T>();

    private async Task<List<string>> FileAsync(int count)
    {
        var bodies = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var mail = await DeliverAsync(silo);
            await silo.Mailbox(Account).FileAsync(mail);
            bodies.Add(mail.Body.Name);
        }

        return bodies;
    }

    private async Task<QueuedMessage> NewMessageAsync()
    {
        var entry = SpooledMail.Local("1");
        await WriteAsync(Blobs, entry.Message.Body.Name);
        return entry.Message with { Body = entry.Message.Body with { Length = 100 } };
    }

    private async Task<string> SpoolAsync()
    {
        var entry = new SpoolEntry { Message = await NewMessageAsync(), Kind = SpoolKind.Local };
        await silo.Grains.GetGrain<ISpoolGrain>(Shard).AddAsync([entry]);
        return entry.Key;
    }

    private Task FinishAsync(string key) => silo.Grains.GetGrain<ISpoolGrain>(Shard).ReportAsync([new() { Key = key, Final = true }]);

    private async Task ExpungeAsync(string body)
    {
        var id = BlobNames.BodyOf(body)!.Value;
        var mailbox = silo.Mailbox(Account);
        var opened = (await mailbox.OpenFolderAsync("INBOX", claimRecent: false))!;
        var uid = (await Folders.AllAsync(mailbox, "INBOX")).Single(message => message.Body.Name == BodyRef.NameFor(new("demo"), id)).Uid;
        await mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = opened.FolderId, Uids = [new(uid, uid)], Change = FlagChange.Add, Flags = MessageFlags.Deleted });
        await mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = opened.FolderId });
        while (!(await Blobs.FindAsync(body, default))!.IsReleased)
        {
            await Task.Yield();
        }
    }

    private async Task ExpungeAndSweepAsync(string body)
    {
        await ExpungeAsync(body);
        await SweepAsync();
        Assert.NotNull(await Blobs.FindAsync(body, default));
    }

    private async Task SweepAsync() => await Service<Sweeper>().RunAsync(TimeSpan.Zero, TimeSpan.Zero, default).ToListAsync();

    private async Task<UpkeepRecord> TakeAsync() => await Service<BackupTaker>().RunAsync(new(), default).LastAsync();

    private Task<List<UpkeepRecord>> CheckAsync() => Service<BackupCheck>().RunAsync(null, new(), default).ToListAsync().AsTask();

    private async Task AssertWholeAsync(int mailboxes, int messages)
    {
        var records = await CheckAsync();
        Assert.DoesNotContain(records, record => record.Kind == UpkeepKind.Problem);
        Assert.Equal((mailboxes, messages), (records[^1].Counts["mailboxes"], records[^1].Counts["messages"]));
    }

    private async Task<bool> HasAsync(string blob)
    {
        await using var store = Service<BackupPlace>().Open();
        return await store.Blobs.FindAsync(blob, default) is not null;
    }

    /// <summary>Blobs of states.</summary>
    private async Task<int> PartsAsync() => await Blobs.ListAsync("", default).CountAsync(blob => BlobNames.BodyOf(blob.Name) is null && BackupParts.HasBlob(blob.Name));

    /// <summary>Does something before all blobs are listed, which is when the journals have been copied.</summary>
    private sealed class HookedBlobs(IMessageBlobs inner) : IMessageBlobs
    {
        public required Func<Task> BeforeListing { get; init; }

        public bool HasListed { get; private set; }

        public BlobUpload Create(string name, IReadOnlyList<string> owners) => inner.Create(name, owners);

        public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) => inner.OpenReadAsync(name, offset, length, cancellationToken);

        public Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken) => inner.ReadAsync(name, offset, length, cancellationToken);

        public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => inner.ReleaseAsync(name, owner, cancellationToken);

        public async IAsyncEnumerable<StoredBlob> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            if (prefix.Length == 0 && !HasListed)
            {
                HasListed = true;
                await BeforeListing();
            }

            await foreach (var blob in inner.ListAsync(prefix, cancellationToken))
            {
                yield return blob;
            }
        }

        public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => inner.DeleteAsync(names, cancellationToken);

        public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

        public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => inner.RemoveStrayAsync(grace, cancellationToken);
    }

    /// <summary>Does something between the two listings of the queue.</summary>
    private sealed class HookedQueue(IMailQueue inner) : IMailQueue
    {
        private int listings;

        public required Func<Task> BeforeSecondListing { get; init; }

        public Task PublishAsync(QueuedMessage message, CancellationToken cancellationToken) => inner.PublishAsync(message, cancellationToken);

        public IAsyncEnumerable<QueueDelivery> ConsumeAsync(int prefetch, CancellationToken cancellationToken) => inner.ConsumeAsync(prefetch, cancellationToken);

        public Task<QueueDepth> GetDepthAsync(CancellationToken cancellationToken) => inner.GetDepthAsync(cancellationToken);

        public async IAsyncEnumerable<QueuedMessage> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            if (++listings == 2)
            {
                await BeforeSecondListing();
            }

            await foreach (var message in inner.ListAsync(cancellationToken))
            {
                yield return message;
            }
        }

        public IAsyncEnumerable<ParkedMessage> ListParkedAsync(CancellationToken cancellationToken) => inner.ListParkedAsync(cancellationToken);

        public Task<bool> ReplayParkedAsync(DeliveryId id, CancellationToken cancellationToken) => inner.ReplayParkedAsync(id, cancellationToken);
    }
}
