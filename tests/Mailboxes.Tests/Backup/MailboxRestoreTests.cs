using System.Text;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Backup;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Tests.Journaled;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Mailboxes.Tests.Backup;

/// <summary>What a mailbox lacks of a backup comes back, each message once and as it was, whatever dies meanwhile.</summary>
public sealed class MailboxRestoreTests : IAsyncLifetime
{
    private const string Address = "anna@example.test";

    private readonly DirectoryInfo place = System.IO.Directory.CreateTempSubdirectory("mailcloud-backup-");
    private FaultyJournal faulty = null!;
    private TestSilo silo = null!;
    private AccountId account;

    private IMailboxGrain Mailbox => silo.Mailbox(account.Value);

    private IMessageBlobs Blobs => silo.Services.GetRequiredService<IMessageBlobs>();

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync(wrap => faulty = new FaultyJournal(wrap, seed: 8128), settings: [new("Backup:Directory", place.FullName)]);
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").HostDomainAsync("example.test");
        account = await MakeAsync(quota: 0);
    }

    public async Task DisposeAsync()
    {
        await silo.DisposeAsync();
        place.Delete(recursive: true);
    }

    [Fact]
    public async Task Messages_that_were_expunged_come_back_as_they_were_and_only_once()
    {
        await Mailbox.DeleteFolderAsync(Guid.NewGuid(), "Archive");
        await Mailbox.CreateFolderAsync(Guid.NewGuid(), new("Letters/2026", "\\Archive"));
        await Mailbox.SetSubscribedAsync("Letters/2026", subscribed: true);
        await DeliverAsync(3);
        await DeliverAsync(2, "Letters/2026");
        await StoreAsync("INBOX", 2, MessageFlags.Seen | MessageFlags.Flagged, "$Work");
        var (before, status) = (await SeenAsync(), await Mailbox.GetStatusAsync("INBOX"));
        await TakeAsync();

        await ExpungeAsync("INBOX", 2, 3);
        await Mailbox.DeleteFolderAsync(Guid.NewGuid(), "Letters/2026");
        await SweepAsync();
        Assert.Single(await SeenAsync());

        var (counts, records) = await RestoreAsync();
        Assert.Equal((5, 4, 0), (counts.Messages, counts.Restored, counts.Problems));
        Assert.Equal([("INBOX", "2 messages came back to anna@example.test"), ("Letters/2026", "2 messages came back to anna@example.test")], records.SkipLast(1).Select(r => (r.Subject, r.Text)));
        Assert.Equal(before, await SeenAsync());
        var folder = (await Mailbox.ListFoldersAsync()).Single(f => f.Name == "Letters/2026");
        Assert.Equal(("\\Archive", true), (folder.SpecialUse, folder.Subscribed));

        // RFC 9051 §2.3.1.1: no UID is used twice.
        Assert.Equal([1u, 4u, 5u], (await Folders.AllAsync(Mailbox, "INBOX")).Select(m => m.Uid));
        Assert.Equal(status!.UidValidity, (await Mailbox.GetStatusAsync("INBOX"))!.UidValidity);
        await AssertSoundAsync();

        Assert.Equal(0, (await RestoreAsync()).Counts.Restored);
        Assert.Equal(before, await SeenAsync());
    }

    [Fact]
    public async Task What_was_moved_is_not_doubled_and_of_what_is_gone_each_copy_comes_back()
    {
        await Mailbox.CreateFolderAsync(Guid.NewGuid(), new("Letters", null));
        await DeliverAsync(3);
        await CopyAsync("INBOX", 1, "Letters", move: false);
        await TakeAsync();

        await CopyAsync("INBOX", 2, "Letters", move: true);
        await ExpungeAsync("INBOX", 1);
        await ExpungeAsync("Letters", 1);
        await SweepAsync();
        Assert.Equal(2, (await RestoreAsync()).Counts.Restored);
        Assert.Equal((2, 2), ((await Folders.AllAsync(Mailbox, "INBOX")).Count, (await Folders.AllAsync(Mailbox, "Letters")).Count));

        // One of the two goes again: the other has a body of its own.
        await ExpungeAsync("Letters", 3);
        await SweepAsync();
        await AssertSoundAsync();
        Assert.Equal(3, (await SeenAsync()).Count);
    }

    [Fact]
    public async Task What_came_back_and_was_removed_comes_back_again_under_another_body()
    {
        await DeliverAsync(1);
        var before = await SeenAsync();
        await TakeAsync();
        for (var time = 0; time < 3; time++)
        {
            var uid = (await Folders.AllAsync(Mailbox, "INBOX"))[0].Uid;
            await ExpungeAsync("INBOX", uid);
            Assert.Equal(1, (await RestoreAsync()).Counts.Restored);
            await SweepAsync();
            Assert.Equal(before, await SeenAsync());
        }

        await AssertSoundAsync();
    }

    [Fact]
    public async Task It_comes_back_below_a_folder_that_is_asked_for()
    {
        await DeliverAsync(2);
        await TakeAsync();
        await ExpungeAsync("INBOX", 1, 2);
        var (counts, _) = await RestoreAsync(folder: "Back");
        Assert.Equal((2, 2), (counts.Restored, (await Folders.AllAsync(Mailbox, "Back/INBOX")).Count));
        Assert.Empty(await Folders.AllAsync(Mailbox, "INBOX"));
        Assert.Equal(0, (await RestoreAsync()).Counts.Restored);
        await Assert.ThrowsAsync<JobRefusedException>(() => RestoreAsync(folder: "Ba*ck"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whatever_dies_each_message_comes_back_once(bool isFaulty)
    {
        await DeliverAsync(1100);
        var before = await SeenAsync();
        await TakeAsync();
        await ExpungeAsync("INBOX", [.. Enumerable.Range(1, 300).Select(i => (uint)i)]);
        await SweepAsync();

        var (begunAt, restored) = (DateTimeOffset.UtcNow, 0L);
        faulty.Failing = isFaulty;
        for (var attempt = 0; attempt < 100 && restored < 300; attempt++)
        {
            using var dying = new CancellationTokenSource();
            var counts = new RestoreCounts();
            var work = RestoreAsync(begunAt: begunAt, counts: counts, cancellationToken: dying.Token);
            while (!isFaulty && attempt < 3 && counts.Restored == 0 && !work.IsCompleted)
            {
                await Task.Yield();
            }

            await (!isFaulty && attempt < 3 ? dying.CancelAsync() : Task.CompletedTask);
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            restored += counts.Restored;
            if (work.IsCompletedSuccessfully)
            {
                break;
            }
        }

        faulty.Failing = false;
        await RestoreAsync(begunAt: begunAt);
        Assert.Equal(before, await SeenAsync());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Without_room_it_is_refused_before_anything_comes_back()
    {
        await DeliverAsync(4);
        await TakeAsync();
        await ExpungeAsync("INBOX", 1, 2, 3);
        var size = (await Folders.AllAsync(Mailbox, "INBOX"))[0].Size;
        await MakeAsync(quota: 3 * size);
        var refused = await Assert.ThrowsAsync<JobRefusedException>(() => RestoreAsync());
        Assert.Matches("^anna@example.test lacks [0-9]+ octets of backup [0-9TZ]+ and has room for [0-9]+: raise its quota first$", refused.Message);
        Assert.Single(await SeenAsync());

        // What it lacks fits, though all of the backup beside what it has would not.
        await MakeAsync(quota: (4 * size) + 20);
        Assert.Equal(3, (await RestoreAsync()).Counts.Restored);
    }

    [Fact]
    public async Task A_mailbox_that_was_made_anew_gets_its_messages_and_of_their_keywords_those_that_it_has_room_for()
    {
        await DeliverAsync(1);
        await StoreAsync("INBOX", 1, MessageFlags.Seen, "$Work", "k7");
        await TakeAsync();
        await Mailbox.DestroyAsync();
        await Mailbox.CreateAsync(new());

        await DeliverAsync(1);
        await StoreAsync("INBOX", 1, MessageFlags.None, [.. Enumerable.Range(0, KeywordBits.Max).Select(i => $"k{i}")]);
        var (counts, records) = await RestoreAsync();
        Assert.Equal((1, 1), (counts.Restored, counts.Problems));
        Assert.Equal("1 messages came back without keywords that anna@example.test has no room for: it has 56", records.Single(record => record.Kind == UpkeepKind.Problem).Text);
        Assert.Equal(MessageFlags.Seen | KeywordBits.Of(7), (await Folders.AllAsync(Mailbox, "INBOX"))[1].Flags);
    }

    [Fact]
    public async Task What_is_beyond_its_reach_is_as_if_it_never_was()
    {
        await DeliverAsync(1);
        await TakeAsync();
        var other = await Assert.ThrowsAsync<JobRefusedException>(() => RestoreAsync(reach: new("other")));
        Assert.Equal($"{Address} is no account here: make it first, or bring its tenant back", other.Message);
        var never = await Assert.ThrowsAsync<JobRefusedException>(() => RestoreAsync(address: "never@example.test"));
        Assert.Equal(other.Message.Replace(Address, "never@example.test", StringComparison.Ordinal), never.Message);
        var old = await Assert.ThrowsAsync<JobRefusedException>(() => RestoreAsync(backup: "20200101T000000000Z"));
        Assert.Contains("there is no backup 20200101T000000000Z", old.Message, StringComparison.Ordinal);
        Assert.Single(await SeenAsync());
    }

    [Fact]
    public async Task As_a_job_it_ends_with_what_came_back_and_a_refusal_is_not_tried_again()
    {
        await DeliverAsync(2);
        Assert.Equal(JobStatus.Done, (await RunAsync(new() { Kind = JobKind.Backup, By = "ann" })).Status);
        Assert.Equal((JobStatus.Done, 0), await RunAsync(new() { Kind = JobKind.CheckBackup, By = "ann" }) is var check ? (check.Status, check.Counts["problems"]) : default);
        await ExpungeAsync("INBOX", 1);
        var restored = await RunAsync(new() { Kind = JobKind.RestoreMailbox, Tenant = new("demo"), Subject = Address, By = "ann" });
        Assert.Equal((JobStatus.Done, 1, 2), (restored.Status, restored.Counts["restored"], restored.Done));
        Assert.Equal("restored", Assert.Single(await silo.Grains.GetGrain<IJobGrain>(restored.Id).GetRecordsAsync(0, 10)).Kind);
        var refused = await RunAsync(new() { Kind = JobKind.RestoreMailbox, Subject = "never@example.test", By = "ann" });
        Assert.Equal((JobStatus.Failed, "never@example.test is no account here: make it first, or bring its tenant back"), (refused.Status, refused.Why));
    }

    private async Task<JobInfo> RunAsync(JobSpec spec)
    {
        var begun = await silo.Grains.GetGrain<IJobListGrain>(JobLists.KeyOf(spec.Tenant)).BeginAsync(spec);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            if (await silo.Grains.GetGrain<IJobGrain>(begun!.Id).FindAsync() is { EndedAt: not null } ended)
            {
                return ended;
            }
        }
    }

    private async Task<AccountId> MakeAsync(long quota)
    {
        var grain = silo.Grains.GetGrain<IAddressGrain>(Address);
        await grain.PutAsync(new() { Address = new("anna", "example.test"), Tenant = new("demo"), Kind = AddressKind.Account, QuotaBytes = quota });
        return (await grain.GetAsync())!.Account!.Value;
    }

    private async Task DeliverAsync(int count, string folder = "INBOX")
    {
        for (var i = 0; i < count; i++)
        {
            var id = DeliveryId.New(DateTimeOffset.UtcNow);
            var octets = Encoding.ASCII.GetBytes($"Subject: {id}\r\nContent-Type: text/plain\r\n\r\nthe text of {id}\r\n");
            var name = BodyRef.NameFor(account.Tenant, id);
            await using var upload = Blobs.Create(name, [BodyOwner.Mailbox(account)]);
            await upload.WriteAsync(octets, default);
            await upload.CommitAsync(default);
            var scanner = new MimeScanner();
            scanner.Feed(octets);
            await Mailbox.FileAsync(new()
            {
                Delivery = id,
                Body = new(name, octets.Length),
                Prefix = "Return-Path: <b@far.test>\r\n"u8.ToArray(),
                Summary = scanner.Finish(),
                InternalDate = id.AcceptedAt.AddDays(-i),
                Folder = folder,
            });
        }
    }

    /// <summary>Every message as a client sees it, but for its UID.</summary>
    private async Task<List<string>> SeenAsync()
    {
        var seen = new List<string>();
        foreach (var folder in (await Mailbox.ListFoldersAsync()).Where(folder => !folder.NonExistent))
        {
            var keywords = (await Mailbox.OpenFolderAsync(folder.Name, claimRecent: false))!.Keywords;
            foreach (var message in await Folders.AllAsync(Mailbox, folder.Name, withContent: true))
            {
                var octets = Encoding.ASCII.GetString(message.Content!.Prefix) + Encoding.ASCII.GetString((await Blobs.ReadAsync(message.Body.Name, 0, int.MaxValue, default)).Span);
                var named = keywords.Where(keyword => (message.Flags & KeywordBits.Find(keywords, keyword)) != 0);
                Assert.Equal(octets.Length, message.Size);
                Assert.EndsWith(octets[(octets.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..], octets, StringComparison.Ordinal);
                seen.Add($"{folder.Name} {message.Flags & MessageFlags.System} {string.Join(',', named)} {message.InternalDate:O} {message.Content.Summary.Envelope.Subject} {octets}");
            }
        }

        return [.. seen.Order(StringComparer.Ordinal)];
    }

    private async Task StoreAsync(string folder, uint uid, MessageFlags flags, params string[] keywords) => await Mailbox.StoreFlagsAsync(new()
    {
        Operation = Guid.NewGuid(),
        FolderId = (await Mailbox.OpenFolderAsync(folder, claimRecent: false))!.FolderId,
        Uids = [new(uid, uid)],
        Change = FlagChange.Add,
        Flags = flags,
        Keywords = keywords,
    });

    private async Task ExpungeAsync(string folder, params uint[] uids)
    {
        var id = (await Mailbox.OpenFolderAsync(folder, claimRecent: false))!.FolderId;
        var ranges = UidRanges.From(uids);
        await Mailbox.StoreFlagsAsync(new() { Operation = Guid.NewGuid(), FolderId = id, Uids = ranges, Change = FlagChange.Add, Flags = MessageFlags.Deleted });
        Assert.Equal(uids.Length, (await Mailbox.ExpungeAsync(new() { Operation = Guid.NewGuid(), FolderId = id, Uids = ranges })).Expunged);
    }

    private async Task CopyAsync(string folder, uint uid, string target, bool move) => Assert.Equal(WriteOutcome.Done, (await Mailbox.CopyAsync(new()
    {
        Operation = Guid.NewGuid(),
        FolderId = (await Mailbox.OpenFolderAsync(folder, claimRecent: false))!.FolderId,
        Uids = [new(uid, uid)],
        Target = target,
        Move = move,
    })).Outcome);

    private async Task TakeAsync() => await silo.Services.GetRequiredService<BackupTaker>().RunAsync(new(), default).CountAsync();

    private async Task SweepAsync() => await silo.Services.GetRequiredService<Sweeper>().RunAsync(TimeSpan.Zero, TimeSpan.FromDays(15), default).CountAsync();

    private async Task AssertSoundAsync() =>
        Assert.DoesNotContain(await silo.Services.GetRequiredService<Verifier>().RunAsync(default).ToListAsync(), record => record.Kind == UpkeepKind.Problem);

    private async Task<(RestoreCounts Counts, List<UpkeepRecord> Records)> RestoreAsync(
        string address = Address,
        TenantId? reach = null,
        string? folder = null,
        string? backup = null,
        DateTimeOffset? begunAt = null,
        RestoreCounts? counts = null,
        CancellationToken cancellationToken = default)
    {
        counts ??= new();
        var wanted = new RestoreFrom(backup, folder, begunAt ?? DateTimeOffset.UtcNow);
        return (counts, await silo.Services.GetRequiredService<MailboxRestore>().RunAsync(address, reach, wanted, counts, cancellationToken).ToListAsync(cancellationToken));
    }
}
