using MailCloud.MailboxContracts;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Audit;

/// <summary>The log of what administrators did, in a silo: nothing of it is lost by seals, sweeps and reloads, and what was begun shows.</summary>
public sealed class AuditGrainTests
{
    // Not ahead of the machine's clock: Orleans would hold the silo for dead.
    private readonly FakeTimeProvider time = new(new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task What_was_begun_shows_with_or_without_its_end()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var log = LogOf(silo);
        var (one, two) = (Act("one"), Act("two"));
        await log.BeginAsync(one);
        await log.BeginAsync(two);
        await log.EndAsync(one with { Status = 200, Before = "{}", After = """{"a":1}""" });
        await log.EndAsync(Act("refused") with { Status = 403 });
        await silo.ForgetAsync();

        var records = await log.GetPageAsync(0, DateTimeOffset.MinValue, 10);
        Assert.Equal(new (long, string, int?)[] { (1, "one", 200), (2, "two", null), (3, "refused", 403) }, records.Select(r => (r.Sequence, r.Path, r.Status)));
        Assert.Equal(("{}", """{"a":1}"""), (records[0].Before, records[0].After));
        Assert.Equal(["two"], (await log.GetPageAsync(1, DateTimeOffset.MinValue, 1)).Select(r => r.Path));
        Assert.Empty(await silo.Grains.GetGrain<IAuditGrain>(AuditLogs.KeyOf(null)).GetPageAsync(0, DateTimeOffset.MinValue, 10));
    }

    [Fact]
    public async Task A_long_log_keeps_all_of_it_through_seals_sweeps_and_reloads()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var log = LogOf(silo);
        var earlier = time.GetUtcNow() - TimeSpan.FromHours(2);
        var (late, open) = (Act("late") with { At = earlier }, Act("open"));
        await log.BeginAsync(late);
        await AddAsync(log, 1300, earlier);
        await log.BeginAsync(open);
        await AddAsync(log, 1300, time.GetUtcNow());

        // One had waited for too long when a seal closed it, and its end is a record of its own; the other one's stands in its place.
        await log.EndAsync(late with { Status = 201 });
        await log.EndAsync(open with { Status = 202 });
        await AddAsync(log, 1300, time.GetUtcNow());

        await silo.ForgetAsync();
        await foreach (var found in silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(TimeSpan.Zero, CancellationToken.None))
        {
            Assert.NotEqual(UpkeepKind.Problem, found.Kind);
        }

        await foreach (var found in silo.Grains.GetGrain<IUpkeepGrain>(0).VerifyAsync(CancellationToken.None))
        {
            Assert.NotEqual(UpkeepKind.Problem, found.Kind);
        }

        var all = new List<AuditRecord>();
        for (IReadOnlyList<AuditRecord> page = await log.GetPageAsync(0, DateTimeOffset.MinValue, 200); page.Count > 0; page = await log.GetPageAsync(all[^1].Sequence, DateTimeOffset.MinValue, 200))
        {
            all.AddRange(page);
        }

        Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (long)n), all.Select(r => r.Sequence));
        Assert.Equal(3900, all.Count(r => r.Status == 200));
        Assert.Equal(new int?[] { null, 201 }, all.Where(r => r.Act == late.Act).Select(r => r.Status));
        Assert.Equal(202, Assert.Single(all, r => r.Act == open.Act).Status);
        Assert.Equal(2600, (await ReadAllAsync(log, time.GetUtcNow())).Count(r => r.Status == 200));
    }

    [Fact]
    public async Task What_is_too_old_goes()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var log = LogOf(silo);
        var old = time.GetUtcNow() - AuditLogs.KeptFor - TimeSpan.FromDays(1);
        foreach (var (path, at) in new[] { ("old", old), ("new", time.GetUtcNow()) })
        {
            await AddAsync(log, 2400, at, path);
        }

        var kept = await ReadAllAsync(log, DateTimeOffset.MinValue);
        Assert.InRange(kept.Count(r => r.Path == "old"), 0, 2399);
        Assert.Equal(2400, kept.Count(r => r.Path == "new"));
    }

    private static IAuditGrain LogOf(TestSilo silo) => silo.Grains.GetGrain<IAuditGrain>(AuditLogs.KeyOf(new("demo")));

    private async Task AddAsync(IAuditGrain log, int count, DateTimeOffset at, string path = "one of many")
    {
        for (var done = 0; done < count; done += 100)
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => log.EndAsync(Act(path) with { At = at, Status = 200 })));
        }
    }

    private static async Task<IReadOnlyList<AuditRecord>> ReadAllAsync(IAuditGrain log, DateTimeOffset since) => await log.GetPageAsync(0, since, 10_000);

    private AuditRecord Act(string path) => new()
    {
        Act = Guid.NewGuid(),
        At = time.GetUtcNow(),
        Name = "root",
        Role = AdminRole.Platform,
        From = "127.0.0.1",
        Operation = "PUT /addresses/{address}",
        Path = path,
    };
}
