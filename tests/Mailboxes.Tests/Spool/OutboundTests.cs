using System.Threading.Channels;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Orleans.Core.Internal;
using Orleans.Runtime.Placement;

namespace MailCloud.Mailboxes.Tests.Spool;

/// <summary>What a relay is given, in which order, and what its reports do.</summary>
public sealed class OutboundTests : IAsyncLifetime
{
    private const string There = "example.org";
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private readonly Channel<string> heard = Channel.CreateUnbounded<string>();

    // Held here: a silo holds observers weakly.
    private Watcher observer = null!;
    private ISpoolWatcher watcher = null!;
    private TestSilo silo = null!;

    private ISpoolGrain Spool => silo.Grains.GetGrain<ISpoolGrain>(7);

    public async Task InitializeAsync()
    {
        silo = await TestSilo.StartAsync(time: time);
        observer = new(heard);
        watcher = silo.Grains.CreateObjectReference<ISpoolWatcher>(observer);
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task Tenants_take_turns_whatever_else_waits()
    {
        await Spool.AddAsync([.. Enumerable.Range(0, 300).Select(i => SpooledMail.Outbound($"user{i}", tenant: "busy"))]);
        var single = SpooledMail.Outbound("one", tenant: "quiet");
        await Spool.AddAsync([single]);

        Assert.Contains(single.Key, await LeasedAsync(2));
        Assert.Equal(10, (await LeasedAsync(10)).Count);
    }

    [Fact]
    public async Task Within_a_tenant_priority_goes_first_and_then_age()
    {
        var now = time.GetUtcNow();
        var late = SpooledMail.Outbound("late", due: now - TimeSpan.FromMinutes(1));
        var early = SpooledMail.Outbound("early", due: now - TimeSpan.FromMinutes(2));
        var low = SpooledMail.Outbound("low", due: now - TimeSpan.FromMinutes(9), priority: -4);
        var high = SpooledMail.Outbound("high", due: now, priority: 4);
        await Spool.AddAsync([late, low, high, early]);

        Assert.Equal([high.Key, early.Key, late.Key, low.Key], await LeasedAsync(10));
    }

    [Fact]
    public async Task Entries_of_one_message_come_together()
    {
        var message = DeliveryId.New(time.GetUtcNow());
        await Spool.AddAsync([SpooledMail.Outbound("a", message: message)]);
        await Spool.AddAsync([SpooledMail.Outbound("other")]);
        await Spool.AddAsync([SpooledMail.Outbound("b", message: message), SpooledMail.Outbound("c", "example.net", message: message)]);

        Assert.All(await LeasedAsync(2), key => Assert.StartsWith(message.ToString(), key, StringComparison.Ordinal));
        Assert.Single(await LeasedAsync(10));
        Assert.Single(await Spool.LeaseOutboundAsync("example.net", 10, Lease));
    }

    [Fact]
    public async Task A_lease_is_prolonged_and_ends_with_a_report()
    {
        var entry = SpooledMail.Outbound();
        await Spool.AddAsync([entry]);
        await LeasedAsync(10);
        time.Advance(Lease - TimeSpan.FromSeconds(1));
        await Spool.RenewAsync([entry.Key], Lease);
        time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.Empty(await LeasedAsync(10));
        await Spool.ReportAsync([new() { Key = entry.Key, Final = false, Attempted = false }]);
        Assert.Equal([entry.Key], await LeasedAsync(10));
        time.Advance(Lease);
        Assert.Equal([entry.Key], await LeasedAsync(10));
    }

    [Fact]
    public async Task A_report_may_say_when_and_that_nothing_was_tried()
    {
        var entry = SpooledMail.Outbound();
        await Spool.AddAsync([entry]);
        await LeasedAsync(10);
        var due = time.GetUtcNow() + TimeSpan.FromHours(3);
        await Spool.ReportAsync([new() { Key = entry.Key, Final = false, Attempted = false, DueAt = due, Error = "the provider is left alone" }]);
        Assert.Equal((0, due, "the provider is left alone"), await StandsAsync());

        time.Advance(TimeSpan.FromHours(3));
        Assert.Equal([entry.Key], await LeasedAsync(10));
        due = time.GetUtcNow() + TimeSpan.FromMinutes(2);
        await Spool.ReportAsync([new() { Key = entry.Key, Final = false, DueAt = due, Error = "450 greylisted" }]);
        Assert.Equal((1, due, "450 greylisted"), await StandsAsync());

        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal([entry.Key], await LeasedAsync(10));
        await Spool.ReportAsync([new() { Key = entry.Key, Final = false, Error = "451 later" }]);
        Assert.Equal((2, time.GetUtcNow() + TimeSpan.FromMinutes(5), "451 later"), await StandsAsync());
    }

    [Fact]
    public async Task Retry_makes_due_what_is_not_leased()
    {
        var (waits, worked) = (SpooledMail.Outbound("waits", due: time.GetUtcNow() + TimeSpan.FromHours(1)), SpooledMail.Outbound("worked"));
        await Spool.AddAsync([waits, worked]);
        Assert.Equal([worked.Key], await LeasedAsync(10));

        Assert.Equal(2, await Spool.RetryAsync([waits.Key, worked.Key, SpooledMail.Outbound("unknown").Key]));

        Assert.Equal([waits.Key], await LeasedAsync(10));
    }

    [Fact]
    public async Task Watchers_hear_what_is_due_and_what_becomes_due()
    {
        await Spool.AddAsync([SpooledMail.Outbound(), SpooledMail.Outbound(destination: "later.example", due: time.GetUtcNow() + TimeSpan.FromHours(1)), SpooledMail.Local()]);
        Assert.Equal([There], await Spool.WatchAsync(watcher));

        await Spool.AddAsync([SpooledMail.Outbound(destination: "new.example")]);
        await HearAsync("new.example");

        // Leased, and not renewed; and what its time comes for, while the watch is renewed.
        await LeasedAsync(10);
        Assert.DoesNotContain(There, await Spool.WatchAsync(watcher));
        await AdvanceUntilHeardAsync(There, Lease);
        await AdvanceUntilHeardAsync("later.example", TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task A_watch_ends_when_it_is_not_renewed()
    {
        await Spool.WatchAsync(watcher);
        time.Advance(SpoolWatch.Lasts + TimeSpan.FromSeconds(1));
        await Spool.AddAsync([SpooledMail.Outbound()]);
        await Spool.WatchAsync(watcher);
        await Spool.AddAsync([SpooledMail.Outbound(destination: "last.example")]);
        await HearAsync("last.example");
        Assert.False(heard.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Leases_move_with_the_shard()
    {
        await using var first = await TestSilo.StartAsync();
        using var second = await first.AddSiloAsync();
        var spool = first.Grains.GetGrain<ISpoolGrain>(7);
        await spool.AddAsync([SpooledMail.Outbound("leased"), SpooledMail.Local()]);
        Assert.Single(await spool.LeaseLocalAsync(10, Lease));

        var management = first.Grains.GetGrain<IManagementGrain>(0);
        var from = await management.GetActivationAddress(spool);
        var to = (await management.GetHosts(onlyActive: true)).Keys.Single(host => !host.Equals(from));
        using var limit = new CancellationTokenSource(Limit);
        while (!to.Equals(await management.GetActivationAddress(spool)))
        {
            // Asked again: a silo that does not yet know the other as one that hosts this grain ignores the hint.
            RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
            await spool.AsReference<IGrainManagementExtension>().MigrateOnIdle();
            RequestContext.Clear();
            await Task.Delay(10, limit.Token);
        }

        Assert.Empty(await spool.LeaseLocalAsync(10, Lease));
        await second.StopAsync();
    }

    [Fact]
    public async Task After_a_start_relays_renew_before_anybody_leases()
    {
        await using var first = await TestSilo.StartAsync(time: time, relaysInProcess: false);
        var spool = first.Grains.GetGrain<ISpoolGrain>(7);
        var (worked, waits) = (SpooledMail.Outbound("worked"), SpooledMail.Outbound("waits"));
        await spool.AddAsync([worked, waits]);
        Assert.Empty(await spool.LeaseOutboundAsync(There, 10, Lease));

        await spool.RenewAsync([worked.Key], Lease);
        time.Advance(ILimiterGrain.Lease);

        Assert.Equal(waits.Key, Assert.Single(await spool.LeaseOutboundAsync(There, 10, Lease)).Key);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_in_work_is_given_to_nobody_else_after_a_write_in_doubt(bool relaysInProcess)
    {
        var failing = false;
        await using var first = await TestSilo.StartAsync(
            inner => new FailingAppends(inner, (journal, _) => failing && journal == "spool/7" ? AppendFault.NotWritten : AppendFault.None), time: time, relaysInProcess: relaysInProcess);
        var spool = first.Grains.GetGrain<ISpoolGrain>(7);
        var (worked, reported) = (SpooledMail.Outbound("worked"), SpooledMail.Outbound("reported"));
        await spool.AddAsync([worked, reported]);
        time.Advance(ILimiterGrain.Lease);
        Assert.Equal(2, (await spool.LeaseOutboundAsync(There, 10, Lease)).Count);

        failing = true;
        await Assert.ThrowsAnyAsync<Exception>(() => spool.ReportAsync([new() { Key = reported.Key, Final = true }]));
        failing = false;
        Assert.Empty(await UntilAnsweredAsync(() => spool.LeaseOutboundAsync(There, 10, Lease)));

        // The relay tells again, and renews.
        await spool.ReportAsync([new() { Key = reported.Key, Final = true }]);
        await spool.RenewAsync([worked.Key], Lease);
        time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.Empty(await spool.LeaseOutboundAsync(There, 10, Lease));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(worked.Key, Assert.Single(await spool.LeaseOutboundAsync(There, 10, Lease)).Key);
    }

    // An activation that ends may still be met.
    private static async Task<T> UntilAnsweredAsync<T>(Func<Task<T>> call)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            try
            {
                return await call();
            }
            catch (JournalMovedException) when (!limit.IsCancellationRequested)
            {
                await Task.Yield();
            }
        }
    }

    private async Task HearAsync(string destination)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (await heard.Reader.ReadAsync(limit.Token) != destination)
        {
        }
    }

    private async Task AdvanceUntilHeardAsync(string destination, TimeSpan most)
    {
        while (heard.Reader.TryRead(out _))
        {
        }

        var step = SpoolWatch.Lasts / 2;
        for (var passed = TimeSpan.Zero; passed <= most + step; passed += step)
        {
            await Spool.WatchAsync(watcher);
            time.Advance(step);
        }

        await HearAsync(destination);
    }

    private async Task<IReadOnlyList<string>> LeasedAsync(int max) => [.. (await Spool.LeaseOutboundAsync(There, max, Lease)).Select(entry => entry.Key)];

    private async Task<(int Attempts, DateTimeOffset Due, string? Error)> StandsAsync()
    {
        var entry = Assert.Single(await Spool.GetPageAsync(SpoolFilter.Everything, "", 10));
        return (entry.Attempts, entry.DueAt, entry.LastError);
    }

    private sealed class Watcher(Channel<string> heard) : ISpoolWatcher
    {
        public Task DueAsync(int shard, string destination)
        {
            Assert.Equal(7, shard);
            heard.Writer.TryWrite(destination);
            return Task.CompletedTask;
        }
    }
}
