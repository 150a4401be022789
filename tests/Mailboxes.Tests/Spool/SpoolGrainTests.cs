using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Spool;

public sealed class SpoolGrainTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task An_entry_is_taken_over_once_even_after_it_is_finished()
    {
        await using var silo = await TestSilo.StartAsync();
        var spool = silo.Grains.GetGrain<ISpoolGrain>(7);
        var entry = Entry("bob");

        await spool.AddAsync([entry, entry]);
        await spool.AddAsync([entry]);
        Assert.Single(await spool.LeaseLocalAsync(10, Lease));
        await spool.ReportAsync([new() { Key = entry.Key, Final = true }]);
        await silo.ForgetAsync();
        await spool.AddAsync([entry]);

        Assert.Empty(await spool.LeaseLocalAsync(10, Lease));
        Assert.Empty(await spool.GetPageAsync(SpoolFilter.Everything, "", 10));
    }

    [Fact]
    public async Task A_leased_entry_is_given_once_and_comes_back_when_the_lease_runs_out()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time);
        var spool = silo.Grains.GetGrain<ISpoolGrain>(7);
        await spool.AddAsync([Entry("bob")]);

        Assert.Single(await spool.LeaseLocalAsync(10, Lease));
        Assert.Empty(await spool.LeaseLocalAsync(10, Lease));
        Assert.Empty(await spool.LeaseOutboundAsync("example.test", 10, Lease));
        time.Advance(Lease + TimeSpan.FromSeconds(1));
        Assert.Single(await spool.LeaseLocalAsync(10, Lease));
    }

    [Fact]
    public async Task A_failed_attempt_waits_longer_each_time_and_survives_a_reload()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time);
        var spool = silo.Grains.GetGrain<ISpoolGrain>(7);
        var entry = Entry("bob");
        await spool.AddAsync([entry]);

        foreach (var minutes in (int[])[1, 5, 15, 30, 60, 120, 240, 240])
        {
            Assert.Single(await spool.LeaseLocalAsync(10, Lease));
            await spool.ReportAsync([new() { Key = entry.Key, Final = false, Error = "over quota" }]);
            await silo.ForgetAsync();
            time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
            Assert.Empty(await spool.LeaseLocalAsync(10, Lease));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var waiting = Assert.Single(await spool.GetPageAsync(SpoolFilter.Everything, "", 10));
        Assert.Equal((8, "over quota"), (waiting.Attempts, waiting.LastError));
    }

    /// <summary>RFC 2852 §4.1.3: what its sender wants to know by a time he is not told an hour later.</summary>
    [Fact]
    public async Task An_entry_is_due_when_its_time_is_up()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time);
        var spool = silo.Grains.GetGrain<ISpoolGrain>(7);
        var entry = Entry("bob");
        var deadline = time.GetUtcNow().AddMinutes(3);
        var message = entry.Message with { Envelope = entry.Message.Envelope with { DeliverBy = new(deadline, Return: false, Trace: false) } };
        await spool.AddAsync([entry with { Message = message }]);

        var due = new List<DateTimeOffset>();
        for (var i = 0; i < 3; i++)
        {
            Assert.Single(await spool.LeaseLocalAsync(10, Lease));
            await spool.ReportAsync([new() { Key = entry.Key, Final = false }]);
            due.Add(Assert.Single(await spool.GetPageAsync(SpoolFilter.Everything, "", 10)).DueAt);
            time.Advance(due[^1] - time.GetUtcNow());
        }

        Assert.Equal([deadline.AddMinutes(-2), deadline, deadline.AddMinutes(15)], due);
    }

    [Fact]
    public async Task Pages_go_through_all_entries_in_order()
    {
        await using var silo = await TestSilo.StartAsync();
        var spool = silo.Grains.GetGrain<ISpoolGrain>(7);
        var entries = Enumerable.Range(0, 25).Select(i => Entry($"user{i}")).ToArray();
        await spool.AddAsync(entries);

        var seen = new List<string>();
        for (var page = await spool.GetPageAsync(SpoolFilter.Everything, "", 10); page.Count > 0; page = await spool.GetPageAsync(SpoolFilter.Everything, seen[^1], 10))
        {
            seen.AddRange(page.Select(e => e.Key));
        }

        Assert.Equal(entries.Select(e => e.Key).Order(StringComparer.Ordinal), seen);
    }

    private static SpoolEntry Entry(string name)
    {
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        return new()
        {
            Kind = SpoolKind.Local,
            Message = new()
            {
                Id = id,
                Tenant = new("demo"),
                Body = new(BodyRef.NameFor(new("demo"), id), 10),
                Trace = "",
                Envelope = new() { Recipients = [new() { Address = new(name, "example.test"), Mailboxes = [new($"demo/{name}")] }] },
            },
        };
    }
}
