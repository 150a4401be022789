using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Journaled;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Jobs;

/// <summary>Long work in a silo: it goes on whatever dies, ends once, and takes its turn.</summary>
public sealed class JobTests
{
    private const string Verifier = "{SCRAM-SHA-256}4096,c2FsdA==,c3RvcmVk,c2VydmVy";

    private static readonly TenantId demo = new("demo");

    // Of today: a silo takes one whose clock is an hour behind for dead, and its own start is by the real clock.
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task An_import_says_what_became_of_each_line_and_deletes_its_input()
    {
        await using var silo = await StartAsync();
        await HostAsync(silo, new("other"), "other.test");
        var id = await BeginAsync(silo, JobKind.ImportAccounts, demo);
        Assert.Equal((JobStatus.Queued, true), await FindAsync(silo, id) is var waiting ? (waiting.Status, waiting.AwaitsInput) : default);
        await GiveAsync(silo, id, [Line(1, "a@example.test"), new(2, null, null, "the line is no line"), Line(4, "b@other.test"), Line(5, "A@example.test"), Line(6, "postmaster@example.test")]);

        var ended = await UntilEndedAsync(silo, id);
        Assert.Equal((JobStatus.Done, 5, 5, "3 accounts imported, 2 lines failed"), (ended.Status, ended.Done, ended.Total, ended.Why));
        Assert.Equal(["created 1", "failed 2", "unchanged 1", "updated 1"], ended.Counts.Select(count => $"{count.Key} {count.Value}").Order());
        var records = await Job(silo, id).GetRecordsAsync(0, 10);
        Assert.Equal(
            [(1L, 2L, "", "the line is no line"), (2L, 4L, "b@other.test", "other.test is not hosted here: add it to a tenant first")],
            records.Select(r => (r.Sequence, r.Line ?? 0, r.Subject, r.Text)));
        Assert.Equal(4, Assert.Single(await Job(silo, id).GetRecordsAsync(1, 10)).Line);
        Assert.Equal(Verifier, (await silo.Grains.GetGrain<IAddressGrain>("a@example.test").GetAsync())!.Verifier);
        await UntilNoInputAsync(silo);
        Assert.False(await Job(silo, id).TakeInputAsync("demo/job-input/again", 1));
    }

    [Theory]
    [InlineData("job/")]
    [InlineData("job-queue/")]
    public async Task An_import_goes_on_after_each_death_and_counts_each_line_once(string kind)
    {
        FaultyJournal faulty = null!;
        await using var silo = await StartAsync(wrap => faulty = new FaultyJournal(wrap, seed: 8128, kind));
        var id = await BeginAsync(silo, JobKind.ImportAccounts, demo);
        faulty.Failing = true;
        await GiveAsync(silo, id, [.. Enumerable.Range(1, 1500).Select(i => i % 100 == 0 ? Line(i, $"user{i}@nowhere.test") : Line(i, $"user{i % 300}@example.test"))]);
        var ended = await UntilEndedAsync(silo, id);
        Assert.True(faulty.Faults > 0 || kind == "job-queue/");
        Assert.Equal((JobStatus.Done, 1500), (ended.Status, ended.Done));
        Assert.Equal((1500, 15), (ended.Counts.Values.Sum(), ended.Counts["failed"]));
        Assert.Equal(Enumerable.Range(1, 15).Select(i => (long?)i * 100), (await Job(silo, id).GetRecordsAsync(0, 100)).Select(r => r.Line));
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(i % 100 != 0, await silo.Grains.GetGrain<IAddressGrain>($"user{i}@example.test").GetAsync() is not null);
        }

        faulty.Failing = false;
        await silo.ForgetAsync();
        Assert.Equal(ended.Counts.OrderBy(count => count.Key), (await FindAsync(silo, id)).Counts.OrderBy(count => count.Key));
        await PokeAsync(silo, JobKind.ImportAccounts);
        await UntilNoInputAsync(silo);
    }

    [Fact]
    public async Task More_records_than_a_journal_holds_come_in_pages_and_the_store_is_clean()
    {
        const int Lines = 6000;
        await using var silo = await StartAsync();
        var id = await BeginAsync(silo, JobKind.ImportAccounts, null);
        await GiveAsync(silo, id, [.. Enumerable.Range(1, Lines).Select(i => new AccountToImport(i, null, null, new string('x', 200)))]);
        Assert.Equal(Lines, (await UntilEndedAsync(silo, id)).Counts["failed"]);
        await silo.ForgetAsync();

        var read = new List<long>();
        for (var page = await Job(silo, id).GetRecordsAsync(0, 300); page.Count > 0; page = await Job(silo, id).GetRecordsAsync(page[^1].Sequence, 300))
        {
            read.AddRange(page.Select(record => record.Line!.Value));
        }

        Assert.Equal(Enumerable.Range(1, Lines).Select(i => (long)i), read);
        var segments = (await silo.Services.GetRequiredService<IMessageBlobs>().ListAsync($"state/job/{id}/records-", default).ToListAsync()).Count;
        Assert.True(segments > 0);
        Assert.Single(await silo.Grains.GetGrain<IUpkeepGrain>(0).VerifyAsync(default).ToListAsync());
        await silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(TimeSpan.Zero, default).ToListAsync();
        Assert.Equal(300, (await Job(silo, id).GetRecordsAsync(0, 300)).Count);

        Assert.True(await Job(silo, id).ForgetAsync());
        Assert.Empty(await silo.Services.GetRequiredService<IMessageBlobs>().ListAsync($"state/job/{id}", default).ToListAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_check_records_what_it_finds_once_however_often_it_begins(bool isFaulty)
    {
        FaultyJournal faulty = null!;
        await using var silo = await StartAsync(wrap => faulty = new FaultyJournal(wrap, seed: 496, "job/"));
        await silo.Mailbox("demo/1").CreateAsync(new());
        var missing = Enumerable.Range(0, 5).Select(_ => Mail.For("demo/1", DeliveryId.New(time.GetUtcNow()))).ToArray();
        foreach (var message in missing)
        {
            await silo.Mailbox("demo/1").FileAsync(message);
        }

        var id = await BeginAsync(silo, JobKind.Verify, null);
        faulty.Failing = isFaulty;
        for (var poke = 0; poke < 4; poke++)
        {
            await PokeAsync(silo, JobKind.Verify);
        }

        faulty.Failing = false;
        var ended = await UntilEndedAsync(silo, id);
        Assert.Equal(JobStatus.Done, ended.Status);
        Assert.Equal((5, 5), (ended.Counts["problems"], ended.Counts["messages"]));
        Assert.Contains("5 problems", ended.Why, StringComparison.Ordinal);
        var records = await Job(silo, id).GetRecordsAsync(0, 100);
        Assert.Equal(5, records.Count);
        Assert.All(records, record => Assert.Equal(("problem", "mailbox/demo/1"), (record.Kind, record.Subject)));
    }

    [Fact]
    public async Task A_sweep_deletes_and_says_so()
    {
        await using var silo = await StartAsync();
        var name = BodyRef.NameFor(demo, DeliveryId.New(time.GetUtcNow()));
        await WriteAsync(silo, name, new byte[3], ["mailbox:demo/1"]);
        await silo.Services.GetRequiredService<IMessageBlobs>().ReleaseAsync(name, "mailbox:demo/1", default);
        var id = await BeginAsync(silo, JobKind.Sweep, null, TimeSpan.Zero);
        Assert.Equal(JobStatus.Done, (await UntilEndedAsync(silo, id)).Status);
        Assert.Contains(await Job(silo, id).GetRecordsAsync(0, 100), record => record is { Kind: "deleted" } && record.Subject == name);
    }

    [Fact]
    public async Task Walks_of_a_kind_take_turns_and_one_that_is_cancelled_makes_room()
    {
        HeldBlobs held = null!;
        await using var silo = await StartAsync(wrapBlobs: blobs => held = new HeldBlobs(blobs));
        held.Hold();
        var (first, second) = (await BeginAsync(silo, JobKind.Verify, null), await BeginAsync(silo, JobKind.Verify, null));
        var third = await BeginAsync(silo, JobKind.Verify, null);
        Assert.Equal((JobStatus.Running, JobStatus.Queued, JobStatus.Queued), (await StatusAsync(silo, first), await StatusAsync(silo, second), await StatusAsync(silo, third)));

        // Of one that runs the walk ends where it may; of one that waits there is nothing to end.
        var cancelled = await Job(silo, second).CancelAsync("ann");
        Assert.Equal((JobStatus.Cancelled, "cancelled by ann"), (cancelled!.Status, cancelled.Why));
        await Job(silo, first).CancelAsync("ben");
        Assert.Equal((JobStatus.Cancelled, "cancelled by ben"), await UntilEndedAsync(silo, first) is var ended ? (ended.Status, ended.Why) : default);
        held.Release();
        Assert.Equal(JobStatus.Done, (await UntilEndedAsync(silo, third, poke: false)).Status);
        Assert.Equal(JobStatus.Cancelled, (await Job(silo, first).CancelAsync("cid"))!.Status);
    }

    [Fact]
    public async Task A_running_job_that_is_put_away_begins_again_with_the_next_poke()
    {
        HeldBlobs held = null!;
        await using var silo = await StartAsync(wrapBlobs: blobs => held = new HeldBlobs(blobs));
        held.Hold();
        var id = await BeginAsync(silo, JobKind.Verify, null);
        await held.Held;
        await silo.ForgetAsync();
        held.Release();
        Assert.Equal(JobStatus.Running, await StatusAsync(silo, id));
        time.Advance(JobQueues.PokedEvery);
        Assert.Equal(JobStatus.Done, (await UntilEndedAsync(silo, id, poke: false)).Status);
    }

    [Fact]
    public async Task An_import_without_input_holds_up_nobody_and_fails_after_a_day()
    {
        await using var silo = await StartAsync();
        var (idle, next) = (await BeginAsync(silo, JobKind.ImportAccounts, demo), await BeginAsync(silo, JobKind.ImportAccounts, demo));
        await GiveAsync(silo, next, [Line(1, "a@example.test")]);
        Assert.Equal(JobStatus.Done, (await UntilEndedAsync(silo, next)).Status);
        Assert.Equal(JobStatus.Queued, await StatusAsync(silo, idle));

        // What an edge left that died before the job knew of it.
        await WriteAsync(silo, $"{JobInputs.PrefixOf(demo, idle)}left", JobInputs.Write(Line(1, "b@example.test")), []);
        time.Advance(TimeSpan.FromDays(1.1));
        Assert.Equal((JobStatus.Failed, "no input came within a day: begin another job"), await UntilEndedAsync(silo, idle) is var failed ? (failed.Status, failed.Why) : default);
        await UntilNoInputAsync(silo);
    }

    [Fact]
    public async Task An_input_that_cannot_be_read_fails_its_job_after_some_attempts()
    {
        await using var silo = await StartAsync();
        var id = await BeginAsync(silo, JobKind.ImportAccounts, demo);
        Assert.True(await Job(silo, id).TakeInputAsync("demo/job-input/nothing", 3));
        var failed = await UntilEndedAsync(silo, id);
        Assert.Equal(JobStatus.Failed, failed.Status);
        Assert.StartsWith("it broke off 10 times: ", failed.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_has_more_than_ten_that_have_not_ended_and_what_is_old_is_forgotten()
    {
        await using var silo = await StartAsync();
        var ids = new List<string>();
        for (var i = 0; i < JobQueues.MostOfOne; i++)
        {
            ids.Add(await BeginAsync(silo, JobKind.ImportAccounts, demo));
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var list = silo.Grains.GetGrain<IJobListGrain>(JobLists.KeyOf(demo));
        Assert.Null(await list.BeginAsync(new() { Kind = JobKind.ImportAccounts, Tenant = demo, By = "ann" }));
        await BeginAsync(silo, JobKind.ImportAccounts, new("other"));
        Assert.Equal(Enumerable.Reverse(ids).Take(4), await list.GetPageAsync("", 4));
        Assert.Equal(Enumerable.Reverse(ids).Skip(4), await list.GetPageAsync(ids[6], 100));
        Assert.Equal(11, (await silo.Grains.GetGrain<IJobNamesGrain>(0).GetPageAsync("", 100)).Count);

        foreach (var id in ids)
        {
            await Job(silo, id).CancelAsync("ann");
        }

        time.Advance(JobLists.KeptFor + TimeSpan.FromDays(1));
        var last = await BeginAsync(silo, JobKind.ImportAccounts, demo);
        Assert.Equal([last], await list.GetPageAsync("", 100));
        Assert.Null(await Job(silo, ids[0]).FindAsync());

        await list.DestroyAsync();
        Assert.Null(await Job(silo, last).FindAsync());
        Assert.Empty(await silo.Grains.GetGrain<IJobListGrain>(JobLists.KeyOf(demo)).GetPageAsync("", 100));
    }

    [Fact]
    public async Task What_was_admitted_and_never_made_is_dropped_and_cannot_be_made_any_more()
    {
        await using var silo = await StartAsync();
        var queue = silo.Grains.GetGrain<IJobQueueGrain>((long)JobKind.Sweep);
        var id = JobIds.New(time.GetUtcNow());
        for (var i = 0; i < JobQueues.MostOfOne; i++)
        {
            Assert.True(await queue.AddAsync(i == 0 ? id : JobIds.New(time.GetUtcNow()), null));
        }

        await queue.PokeAsync();
        Assert.False(await queue.AddAsync(JobIds.New(time.GetUtcNow()), null));
        time.Advance(TimeSpan.FromMinutes(6));
        await queue.PokeAsync();
        Assert.True(await queue.AddAsync(JobIds.New(time.GetUtcNow()), null));
        Assert.Null(await Job(silo, id).CreateAsync(new() { Kind = JobKind.Sweep, By = "ann" }));
    }

    private static IJobGrain Job(TestSilo silo, string id) => silo.Grains.GetGrain<IJobGrain>(id);

    private static AccountToImport Line(int number, string address) => new(number, address, Verifier, null);

    private static async Task<JobInfo> FindAsync(TestSilo silo, string id) => (await Job(silo, id).FindAsync())!;

    private static async Task<JobStatus> StatusAsync(TestSilo silo, string id) => (await FindAsync(silo, id)).Status;

    // It is deleted after the job has ended: one that goes on needs it.
    private static async Task UntilNoInputAsync(TestSilo silo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var blobs = silo.Services.GetRequiredService<IMessageBlobs>();
        while (await blobs.ListAsync("", limit.Token).AnyAsync(blob => blob.Name.Contains("/job-input/", StringComparison.Ordinal), limit.Token))
        {
            await Task.Yield();
        }
    }

    private static async Task WriteAsync(TestSilo silo, string name, ReadOnlyMemory<byte> octets, string[] owners)
    {
        await using var upload = silo.Services.GetRequiredService<IMessageBlobs>().Create(name, owners);
        await upload.WriteAsync(octets, default);
        await upload.CommitAsync(default);
    }

    private static async Task<string> BeginAsync(TestSilo silo, JobKind kind, TenantId? tenant, TimeSpan? grace = null) =>
        (await silo.Grains.GetGrain<IJobListGrain>(JobLists.KeyOf(tenant)).BeginAsync(new() { Kind = kind, Tenant = tenant, By = "ann", Grace = grace }))!.Id;

    private static async Task GiveAsync(TestSilo silo, string id, AccountToImport[] lines)
    {
        var blob = $"{JobInputs.PrefixOf((await FindAsync(silo, id)).Spec.Tenant, id)}1";
        await WriteAsync(silo, blob, lines.SelectMany(JobInputs.Write).ToArray(), []);
        Assert.True(await AnsweredAsync(() => Job(silo, id).TakeInputAsync(blob, lines.Length)));
    }

    private static async Task PokeAsync(TestSilo silo, JobKind kind)
    {
        await AnsweredAsync(async () =>
        {
            await silo.Grains.GetGrain<IJobQueueGrain>((long)kind).PokeAsync();
            return true;
        });
    }

    // A write in doubt ends an activation, and the call with it.
    private static async Task<T> AnsweredAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception) when (attempt < 200)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task<JobInfo> UntilEndedAsync(TestSilo silo, string id, bool poke = true)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            var job = await AnsweredAsync(() => FindAsync(silo, id));
            if (job.EndedAt is not null)
            {
                return job;
            }

            if (poke)
            {
                await PokeAsync(silo, job.Spec.Kind);
            }
        }
    }

    private static async Task HostAsync(TestSilo silo, TenantId tenant, string domain)
    {
        await silo.Grains.GetGrain<ITenantGrain>(tenant.Value).CreateAsync();
        Assert.True(await silo.Grains.GetGrain<ITenantGrain>(tenant.Value).AddDomainAsync(domain));
    }

    private async Task<TestSilo> StartAsync(Func<Journal.IJournal, Journal.IJournal>? wrapJournal = null, Func<IMessageBlobs, IMessageBlobs>? wrapBlobs = null)
    {
        var silo = await TestSilo.StartAsync(wrapJournal, wrapBlobs, time);
        await HostAsync(silo, demo, "example.test");
        return silo;
    }

    /// <summary>A real blob store whose check of itself, with which a verification begins, waits.</summary>
    private sealed class HeldBlobs(IMessageBlobs inner) : IMessageBlobs
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when somebody waits.</summary>
        public Task Held => reached.Task;

        public void Hold() => released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => released.SetResult();

        public BlobUpload Create(string name, IReadOnlyList<string> owners) => inner.Create(name, owners);

        public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) => inner.OpenReadAsync(name, offset, length, cancellationToken);

        public Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken) => inner.ReadAsync(name, offset, length, cancellationToken);

        public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => inner.ReleaseAsync(name, owner, cancellationToken);

        public IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => inner.DeleteAsync(names, cancellationToken);

        public async IAsyncEnumerable<BlobFault> CheckAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            reached.TrySetResult();
            await released.Task.WaitAsync(cancellationToken);
            await foreach (var fault in inner.CheckAsync(cancellationToken))
            {
                yield return fault;
            }
        }

        public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => inner.RemoveStrayAsync(grace, cancellationToken);
    }
}
