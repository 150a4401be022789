using MailCloud.Journal;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Sending;

/// <summary>Accounts and their tenant in a silo: who may send to how many, what it costs, and what a crash forgets.</summary>
public sealed class SendingGrainTests
{
    private static readonly SendingLimits OfAccount = new(PerHour: 300, PerDay: 1_000);
    private static readonly SendingLimits OfTenant = new(PerHour: 400, PerDay: 1_500);

    private readonly FakeTimeProvider time = new(new(2026, 11, 27, 12, 30, 0, TimeSpan.Zero));

    [Fact]
    public async Task An_account_has_its_limit_and_the_tenant_one_over_all()
    {
        await using var silo = await TestSilo.StartAsync(time: time);

        Assert.Equal(new(300, null), await TakeAsync(silo, "a", 500));
        Assert.Equal(new(0, new(false, 300, 1, At(27, 13))), await TakeAsync(silo, "a", 1));
        Assert.Equal(new(100, null), await TakeAsync(silo, "b", 500));
        Assert.Equal(new(0, new(true, 400, 1, At(27, 13))), await TakeAsync(silo, "b", 1));
        Assert.Equal(new(0, new(true, 400, 1, At(27, 13))), await TakeAsync(silo, "c", 1));
        time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(new(200, null), await TakeAsync(silo, "b", 200));
    }

    [Fact]
    public async Task A_day_is_the_last_24_hours()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        foreach (var recipients in (int[])[300, 300, 300, 100])
        {
            Assert.Equal(recipients, (await TakeAsync(silo, "a", 300)).Recipients);
            time.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(new(0, new(false, 1_000, 24, At(28, 12))), await TakeAsync(silo, "a", 1));
        time.Advance(At(28, 12) - time.GetUtcNow());
        Assert.Equal(new(300, null), await TakeAsync(silo, "a", 300));
    }

    [Fact]
    public async Task What_is_given_back_may_be_taken_again_by_the_account_and_by_others()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        await TakeAsync(silo, "a", 300);
        await TakeAsync(silo, "b", 100);
        await silo.Grains.GetGrain<ISendingGrain>("demo/a").GiveBackAsync(50);

        // The grain was told one way: its next answer comes after that, and so does its tenant's.
        while ((await TakeAsync(silo, "b", 30)).Recipients == 0)
        {
            await Task.Yield();
        }

        Assert.Equal(20, (await TakeAsync(silo, "a", 300)).Recipients);
    }

    [Fact]
    public async Task An_account_without_limits_counts_for_its_tenant()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var account = silo.Grains.GetGrain<ISendingGrain>("demo/a");

        Assert.Equal(400, (await account.TakeAsync(new(1_000, new(0, 0), OfTenant))).Recipients);
        Assert.Equal(1_000, (await account.TakeAsync(new(1_000, new(0, 0), new(0, 0)))).Recipients);
    }

    [Fact]
    public async Task What_is_put_away_is_remembered_whole()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        Assert.Equal(7, (await TakeAsync(silo, "a", 7)).Recipients);
        await silo.ForgetAsync();

        Assert.Equal(293, (await TakeAsync(silo, "a", 300)).Recipients);
    }

    /// <summary>A crash is a silo that another takes the place of, on the same stores, without the first having put anything away.</summary>
    [Fact]
    public async Task A_message_costs_no_append_and_a_crash_forgets_a_hundredth_of_a_day()
    {
        var journal = default(CountingJournal);
        await using var silo = await TestSilo.StartAsync(wrapJournal: inner => journal = new(inner), time: time);
        for (var i = 0; i < 99; i++)
        {
            await TakeAsync(silo, "a", 1);
        }

        // A hundredth of 1,000 and of 1,500: after 10, 20 … 90 recipients of the account, and 15, 30 … 90 of the tenant.
        await journal!.UntilAsync(events: 15);
        await using var after = await TestSilo.StartAsync(wrapJournal: _ => journal, time: time);
        Assert.Equal(210, (await TakeAsync(after, "a", 300)).Recipients);
    }

    [Fact]
    public async Task A_small_limit_is_remembered_to_the_last_recipient()
    {
        var journal = default(CountingJournal);
        await using var silo = await TestSilo.StartAsync(wrapJournal: inner => journal = new(inner), time: time);
        var request = new SendingRequest(1, new(PerHour: 7, PerDay: 2_000), new(0, 0));
        for (var i = 0; i < 6; i++)
        {
            await silo.Grains.GetGrain<ISendingGrain>("demo/a").TakeAsync(request);
        }

        await journal!.UntilAsync(events: 6);
        await using var after = await TestSilo.StartAsync(wrapJournal: _ => journal, time: time);
        Assert.Equal(1, (await after.Grains.GetGrain<ISendingGrain>("demo/a").TakeAsync(request with { Recipients = 5 })).Recipients);
    }

    [Fact]
    public async Task An_account_has_so_many_messages_held_until_their_time_has_come()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var account = silo.Grains.GetGrain<ISendingGrain>("demo/a");
        Assert.Null(await account.HoldAsync(At(27, 14).AddMinutes(10), 2));
        Assert.Null(await account.HoldAsync(At(28, 9), 2));
        await silo.ForgetAsync();

        Assert.Equal(At(27, 15), await account.HoldAsync(At(29, 9), 2));
        Assert.Null(await silo.Grains.GetGrain<ISendingGrain>("demo/b").HoldAsync(At(29, 9), 2));
        time.Advance(At(27, 15) - time.GetUtcNow());
        Assert.Null(await account.HoldAsync(At(29, 9), 2));
        Assert.Equal(At(28, 10), await account.HoldAsync(At(29, 9), 2));
    }

    [Fact]
    public async Task A_held_message_is_counted_once_by_its_id_and_can_be_given_back()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var account = silo.Grains.GetGrain<ISendingGrain>("demo/a");
        var (one, two, three) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        Assert.Null(await account.HoldMessageAsync(one, At(28, 9), 2));
        Assert.Null(await account.HoldMessageAsync(one, At(28, 9), 2));
        Assert.Null(await account.HoldMessageAsync(two, At(28, 9), 2));
        await silo.ForgetAsync();
        Assert.Null(await account.HoldMessageAsync(two, At(28, 9), 2));
        Assert.Equal(At(28, 10), await account.HoldMessageAsync(three, At(29, 9), 2));
        Assert.Equal(At(28, 10), await account.HoldAsync(At(29, 9), 2));

        await account.ReleaseMessageAsync(three);
        await account.ReleaseMessageAsync(one);
        await account.ReleaseMessageAsync(one);
        await silo.ForgetAsync();
        Assert.Null(await account.HoldMessageAsync(three, At(29, 9), 2));
        Assert.Equal(At(28, 10), await account.HoldMessageAsync(one, At(29, 9), 2));

        // What has gone is nothing to give back.
        time.Advance(At(28, 10) - time.GetUtcNow());
        await account.ReleaseMessageAsync(two);
        Assert.Null(await account.HoldMessageAsync(one, At(30, 9), 2));
        Assert.Equal(At(29, 10), await account.HoldMessageAsync(two, At(30, 9), 2));
    }

    [Fact]
    public async Task Stored_counts_pass_verification()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        await TakeAsync(silo, "a", 100);
        await silo.ForgetAsync();

        var findings = new List<UpkeepRecord>();
        await foreach (var finding in silo.Grains.GetGrain<IUpkeepGrain>(0).VerifyAsync(default))
        {
            findings.Add(finding);
        }

        Assert.DoesNotContain(findings, finding => finding.Kind == UpkeepKind.Problem);
    }

    private static Task<SendingGrant> TakeAsync(TestSilo silo, string account, int recipients) =>
        silo.Grains.GetGrain<ISendingGrain>($"demo/{account}").TakeAsync(new(recipients, OfAccount, OfTenant));

    private static DateTimeOffset At(int day, int hour) => new(2026, 11, day, hour, 0, 0, TimeSpan.Zero);

    /// <summary>A real journal that counts the events it has taken.</summary>
    private sealed class CountingJournal(IJournal inner) : IJournal
    {
        private int events;

        /// <summary>Returns when it has taken so many events, and not one more.</summary>
        public async Task UntilAsync(int events)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (Volatile.Read(ref this.events) < events)
            {
                limit.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }

            Assert.Equal(events, Volatile.Read(ref this.events));
        }

        public ValueTask<JournalHead> OpenAsync(string journal, CancellationToken cancellationToken) => inner.OpenAsync(journal, cancellationToken);

        public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string journal, JournalHead head, CancellationToken cancellationToken) => inner.ReadAsync(journal, head, cancellationToken);

        public async ValueTask<JournalHead?> AppendAsync(string journal, JournalHead head, IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellationToken)
        {
            var after = await inner.AppendAsync(journal, head, events, cancellationToken);
            Interlocked.Add(ref this.events, events.Count);
            return after;
        }

        public ValueTask<JournalHead?> ReplaceAsync(string journal, JournalHead head, string manifest, CancellationToken cancellationToken) => inner.ReplaceAsync(journal, head, manifest, cancellationToken);

        public Task DeleteAsync(string journal, CancellationToken cancellationToken) => inner.DeleteAsync(journal, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);
    }
}
