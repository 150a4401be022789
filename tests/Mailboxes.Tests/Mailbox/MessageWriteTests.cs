using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Mailboxes.Tests.Mailbox;

/// <summary>APPEND, COPY, MOVE and EXPUNGE, the log of expunged messages, and what becomes of bodies.</summary>
public sealed class MessageWriteTests : IAsyncLifetime
{
    private const string Account = "demo/writes";

    private TestSilo silo = null!;

    private IMailboxGrain Mailbox => silo.Mailbox(Account);

    private IMessageBlobs Blobs => silo.Services.GetRequiredService<IMessageBlobs>();

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync();
        await Mailbox.CreateAsync(new() { Folders = [new("Archive", null)] });
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task Appended_messages_come_together_with_flags_and_keywords()
    {
        var request = Append("Archive", ["one", "two"]) with { Operation = Guid.NewGuid() };
        var result = await Mailbox.AppendAsync(request);
        Assert.Equal(WriteOutcome.Done, result.Outcome);
        Assert.Equal([new UidRange(1, 2)], result.Uids);
        var messages = await Folders.AllAsync(Mailbox, "Archive", withContent: true);
        Assert.Equal(["one", "two"], messages.Select(m => m.Content!.Summary.Envelope.Subject!));
        Assert.All(messages, m => Assert.Equal(MessageFlags.Draft | (MessageFlags)(1 << 8), m.Flags));
        Assert.Equal(["$Forwarded"], (await Mailbox.OpenFolderAsync("Archive", false))!.Keywords);
        await silo.ForgetAsync();
        var again = await Mailbox.AppendAsync(request);
        Assert.Equal((result.UidValidity, 2), (again.UidValidity, (await Mailbox.GetStatusAsync("Archive"))!.Messages));
        Assert.Equal(result.Uids, again.Uids);
    }

    [Fact]
    public async Task An_append_is_refused_whole()
    {
        Assert.Equal(WriteOutcome.NoSuchFolder, (await Mailbox.AppendAsync(Append("nothing", ["a"]))).Outcome);
        await Mailbox.CreateAsync(new() { QuotaBytes = 150 });
        Assert.Equal(WriteOutcome.OverQuota, (await Mailbox.AppendAsync(Append("INBOX", ["a", "b"]))).Outcome);
        Assert.Equal(WriteOutcome.Done, (await Mailbox.AppendAsync(Append("INBOX", ["a"]))).Outcome);
        Assert.Equal(1, (await Mailbox.GetStatusAsync("INBOX"))!.Messages);
    }

    [Fact]
    public async Task Copies_have_flags_dates_and_contents_of_their_sources()
    {
        await FileAsync(3);
        var inbox = await IdAsync("INBOX");
        await StoreAsync(inbox, 2, MessageFlags.Seen | MessageFlags.Flagged);
        var request = new CopyRequest { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(2, 3)], Target = "Archive" };
        var copied = await Mailbox.CopyAsync(request);
        Assert.Equal(WriteOutcome.Done, copied.Outcome);
        Assert.Equal([new UidRange(2, 3)], copied.Sources);
        Assert.Equal([new UidRange(1, 2)], copied.Targets);
        var sources = await Folders.AllAsync(Mailbox, "INBOX", withContent: true);
        var targets = await Folders.AllAsync(Mailbox, "Archive", withContent: true);
        Assert.Equal(sources.Skip(1).Select(Described), targets.Select(Described));
        await silo.ForgetAsync();
        Assert.Equal(copied.Targets, (await Mailbox.CopyAsync(request)).Targets);
        Assert.Equal(2, (await Mailbox.GetStatusAsync("Archive"))!.Messages);

        static (string, MessageFlags, DateTimeOffset, BodyRef, long) Described(FetchedMessage m) =>
            (m.Content!.Summary.Envelope.Subject!, m.Flags, m.InternalDate, m.Body, m.Size);
    }

    [Fact]
    public async Task A_move_takes_messages_from_one_folder_to_the_other_in_one_step()
    {
        await FileAsync(4);
        var inbox = (await Mailbox.OpenFolderAsync("INBOX", false))!;
        var moved = await Mailbox.CopyAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox.FolderId, Uids = [new(1, 1), new(3, 9)], Target = "Archive", Move = true });
        Assert.Equal([new UidRange(1, 1), new UidRange(3, 4)], moved.Sources);
        Assert.Equal([new UidRange(1, 3)], moved.Targets);
        Assert.Equal([2u], (await Folders.AllAsync(Mailbox, "INBOX")).Select(m => m.Uid));
        var changes = (await Mailbox.GetChangesAsync(new() { FolderId = inbox.FolderId, SinceModSeq = inbox.ModSeq, UidNext = inbox.UidNext }))!;
        Assert.Equal([new UidRange(1, 1), new UidRange(3, 4)], changes.Expunged);
        var used = (await Mailbox.GetQuotaAsync())!.Value.UsedBytes;
        Assert.Equal((await Mailbox.GetStatusAsync("INBOX"))!.Bytes + (await Mailbox.GetStatusAsync("Archive"))!.Bytes, used);
    }

    [Fact]
    public async Task Copying_into_the_same_folder_and_from_nothing_is_no_error()
    {
        await FileAsync(1);
        var inbox = await IdAsync("INBOX");
        Assert.Equal([new UidRange(2, 2)], (await CopyAsync(inbox, "inbox", 1)).Targets);
        Assert.Empty((await CopyAsync(inbox, "Archive", 77)).Targets);
        Assert.Equal(WriteOutcome.NoSuchFolder, (await CopyAsync(inbox, "nothing", 1)).Outcome);
        Assert.Equal(WriteOutcome.SourceGone, (await CopyAsync(99, "Archive", 1)).Outcome);
        var moved = await CopyAsync(inbox, "INBOX", 1, move: true);
        Assert.Equal([new UidRange(3, 3)], moved.Targets);
        Assert.Equal([2u, 3u], (await Folders.AllAsync(Mailbox, "INBOX")).Select(m => m.Uid));
    }

    [Fact]
    public async Task A_copy_over_quota_copies_nothing_and_a_move_is_never_over_quota()
    {
        await FileAsync(2);
        await Mailbox.CreateAsync(new() { QuotaBytes = 300 });
        var inbox = await IdAsync("INBOX");
        Assert.Equal(WriteOutcome.OverQuota, (await CopyAsync(inbox, "Archive", 1)).Outcome);
        Assert.Equal(0, (await Mailbox.GetStatusAsync("Archive"))!.Messages);
        Assert.Equal(WriteOutcome.Done, (await CopyAsync(inbox, "Archive", 1, move: true)).Outcome);
    }

    [Fact]
    public async Task Only_deleted_messages_are_expunged_and_only_those_named()
    {
        await FileAsync(5);
        var inbox = await IdAsync("INBOX");
        foreach (var uid in (uint[])[1, 3, 5])
        {
            await StoreAsync(inbox, uid, MessageFlags.Deleted);
        }

        Assert.Equal(1, (await Mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = [new(2, 4)] })).Expunged);
        var operation = Guid.NewGuid();
        Assert.Equal(2, (await Mailbox.ExpungeAsync(new() { Operation = operation, FolderId = inbox })).Expunged);
        await StoreAsync(inbox, 2, MessageFlags.Deleted);
        Assert.Equal(0, (await Mailbox.ExpungeAsync(new() { Operation = operation, FolderId = inbox })).Expunged);
        Assert.Equal([2u, 4u], (await Folders.AllAsync(Mailbox, "INBOX")).Select(m => m.Uid));
    }

    [Fact]
    public async Task The_log_of_expunged_messages_is_complete_across_seals_and_reloads()
    {
        var inbox = await IdAsync("INBOX");
        var expected = new List<(uint Uid, long ModSeq)>();
        for (var round = 0; round < 12; round++)
        {
            await FileAsync(200);
            var uids = (await Folders.AllAsync(Mailbox, "INBOX")).Select(m => m.Uid).Where((_, i) => i % 3 == round % 3).ToArray();
            UidRange[] ranges = [.. uids.Select(u => new UidRange(u, u))];
            await Mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox, Uids = ranges, Change = FlagChange.Add, Flags = MessageFlags.Deleted });
            await Mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox });
            var modSeq = (await Mailbox.GetStatusAsync("INBOX"))!.HighestModSeq;
            expected.AddRange(uids.Select(u => (u, modSeq)));
        }

        await silo.ForgetAsync();
        foreach (var since in expected.Select(e => e.ModSeq).Distinct().Prepend(0))
        {
            var changes = (await Mailbox.GetChangesAsync(new() { FolderId = inbox, SinceModSeq = since }))!;
            Assert.Equal(expected.Where(e => e.ModSeq > since).Select(e => e.Uid).Order(), changes.Expunged.SelectMany(r => Enumerable.Range((int)r.First, r.Count).Select(u => (uint)u)));
        }
    }

    [Fact]
    public async Task A_body_is_released_when_its_last_copy_has_gone()
    {
        var body = await UploadAsync();
        await Mailbox.AppendAsync(Append("INBOX", ["a"]) with { Messages = [Appended("a") with { Body = body }] });
        var inbox = await IdAsync("INBOX");
        await CopyAsync(inbox, "Archive", 1);
        await StoreAsync(inbox, 1, MessageFlags.Deleted);
        await Mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox });
        Assert.Equal([body.Name], await Mailbox.HoldsBodiesAsync([body.Name]));
        Assert.False((await StoredAsync(body)).IsReleased);
        await CopyAsync(await IdAsync("Archive"), "INBOX", 1, move: true);
        await StoreAsync(inbox, 2, MessageFlags.Deleted);
        await Mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = inbox });
        await UntilReleasedAsync(body);
        Assert.Empty(await Mailbox.HoldsBodiesAsync([body.Name]));
    }

    [Fact]
    public async Task A_deleted_folder_releases_its_bodies_sealed_or_not()
    {
        await Mailbox.CreateFolderAsync(Guid.NewGuid(), new("a", null));
        var bodies = new List<BodyRef>();
        for (var i = 0; i < 3; i++)
        {
            bodies.Add(await UploadAsync());
            await Mailbox.AppendAsync(Append("a", ["x"]) with { Messages = [Appended("x") with { Body = bodies[^1] }] });
            if (i == 1)
            {
                // Enough to seal what is there so far into a chunk.
                await FileAsync(1100);
            }
        }

        await Mailbox.DeleteFolderAsync(Guid.NewGuid(), "a");
        foreach (var body in bodies)
        {
            await UntilReleasedAsync(body);
        }
    }

    [Fact]
    public async Task Recent_is_claimed_once()
    {
        await FileAsync(2);
        var opened = (await Mailbox.OpenFolderAsync("INBOX", claimRecent: true))!;
        Assert.Equal(1u, opened.RecentFrom);
        Assert.Equal(3u, (await Mailbox.OpenFolderAsync("INBOX", claimRecent: true))!.RecentFrom);
        await FileAsync(1);
        var request = new ChangesRequest { FolderId = opened.FolderId, SinceModSeq = opened.ModSeq, UidNext = opened.UidNext, ClaimRecent = true };
        Assert.Equal(3u, (await Mailbox.GetChangesAsync(request))!.RecentFrom);
        Assert.Equal(4u, (await Mailbox.GetChangesAsync(request))!.RecentFrom);
        await silo.ForgetAsync();
        Assert.Equal(0, (await Mailbox.GetStatusAsync("INBOX"))!.Recent);
    }

    [Fact]
    public async Task A_watcher_is_told_when_a_change_is_durable()
    {
        var watcher = new Watcher();
        var reference = silo.Grains.CreateObjectReference<IMailboxObserver>(watcher);
        var now = await Mailbox.WatchAsync(reference);
        Assert.Equal((await Mailbox.OpenFolderAsync("INBOX", false))!.ModSeq, now);
        await FileAsync(1);
        Assert.Equal(now + 1, await watcher.Told.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        await Mailbox.UnwatchAsync(reference);
        GC.KeepAlive(watcher);
    }

    [Fact]
    public async Task A_watcher_is_told_when_the_mailbox_moves()
    {
        var watcher = new Watcher();
        var reference = silo.Grains.CreateObjectReference<IMailboxObserver>(watcher);
        await Mailbox.WatchAsync(reference);
        await silo.ForgetAsync();
        await watcher.Moved.Task.WaitAsync(TimeSpan.FromSeconds(30));
        GC.KeepAlive(watcher);
    }

    [Fact]
    public async Task A_watcher_is_told_when_what_stands_beside_the_mailbox_has_changed()
    {
        var watcher = new Watcher();
        var reference = silo.Grains.CreateObjectReference<IMailboxObserver>(watcher);
        await Mailbox.WatchAsync(reference);
        await silo.Grains.GetGrain<IEmailGrain>(Mailbox.GetPrimaryKeyString()).TellOfOthersAsync();
        Assert.Equal(new(Mailbox.GetPrimaryKeyString()), await watcher.Others.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.False(watcher.Told.Task.IsCompleted);
        GC.KeepAlive(watcher);
    }

    private sealed class Watcher : IMailboxObserver
    {
        public TaskCompletionSource<long> Told { get; } = new();

        public TaskCompletionSource Moved { get; } = new();

        public TaskCompletionSource<AccountId> Others { get; } = new();

        public Task OthersChangedAsync(AccountId account)
        {
            Others.TrySetResult(account);
            return Task.CompletedTask;
        }

        public Task MovesAsync(AccountId account)
        {
            Moved.TrySetResult();
            return Task.CompletedTask;
        }

        public Task ChangedAsync(AccountId account, long modSeq)
        {
            Told.TrySetResult(modSeq);
            return Task.CompletedTask;
        }
    }

    private static AppendRequest Append(string folder, string[] subjects) =>
        new() { Operation = Guid.NewGuid(), Folder = folder, Messages = [.. subjects.Select(Appended)] };

    private static AppendedMessage Appended(string subject)
    {
        var mail = Mail.For(Account, subject: subject);
        return new() { Body = mail.Body, Summary = mail.Summary, InternalDate = mail.InternalDate, Flags = MessageFlags.Draft, Keywords = ["$Forwarded"] };
    }

    private async Task<BodyRef> UploadAsync()
    {
        var body = Mail.For(Account).Body;
        await using var upload = Blobs.Create(body.Name, [BodyOwner.Mailbox(new(Account))]);
        await upload.WriteAsync(new byte[body.Length], CancellationToken.None);
        await upload.CommitAsync(CancellationToken.None);
        return body;
    }

    private async Task<StoredBlob> StoredAsync(BodyRef body) => await Blobs.ListAsync(body.Name, CancellationToken.None).SingleAsync();

    private async Task UntilReleasedAsync(BodyRef body)
    {
        // The release runs beside the call that caused it.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!(await StoredAsync(body)).IsReleased)
        {
            await Task.Delay(5, limit.Token);
        }
    }

    private async Task FileAsync(int count)
    {
        foreach (var outcome in await Task.WhenAll(Enumerable.Range(0, count).Select(i => Mailbox.FileAsync(Mail.For(Account, subject: $"{i}")))))
        {
            Assert.Equal(FilingResult.Filed, outcome.Result);
        }
    }

    private async Task<int> IdAsync(string folder) => (await Mailbox.OpenFolderAsync(folder, claimRecent: false))!.FolderId;

    private Task<StoreResult> StoreAsync(int folder, uint uid, MessageFlags flags) =>
        Mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = folder, Uids = [new(uid, uid)], Change = FlagChange.Add, Flags = flags });

    private Task<CopyResult> CopyAsync(int folder, string target, uint uid, bool move = false) =>
        Mailbox.CopyAsync(new() { Operation = Guid.NewGuid(), FolderId = folder, Uids = [new(uid, uid)], Target = target, Move = move });
}
