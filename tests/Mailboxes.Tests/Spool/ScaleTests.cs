using System.Diagnostics;
using System.Globalization;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Xunit.Abstractions;

namespace MailCloud.Mailboxes.Tests.Spool;

/// <summary>
/// Many entries: one destination that has nine tenths of them, a thousand small ones, twenty tenants, a seventh due later. With <c>MAILCLOUD_SPOOL_ENTRIES=1000000</c> the figures of the README: times and
/// memory are printed, not asserted.
/// </summary>
public sealed class ScaleTests(ITestOutputHelper output)
{
    private const string Large = "big.example";
    private const string Small = "small500.example";
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    /// <summary>A Received field as ingress writes it.</summary>
    private const string Trace = "Received: from client.example (client.example [192.0.2.1])\r\n\tby mail.example.org (MailCloud) with ESMTPSA id 0123456789abcdef0123456789abcdef\r\n"
        + "\tfor <someone@example.org>; Fri, 27 Nov 2026 12:00:00 +0000\r\n";

    [Theory]
    [InlineData(1)]
    [InlineData(256)]
    public async Task Each_entry_is_listed_and_leased_once_however_many_wait(int shards)
    {
        var entries = int.Parse(Environment.GetEnvironmentVariable("MAILCLOUD_SPOOL_ENTRIES") ?? "30000", CultureInfo.InvariantCulture) / shards * shards;
        await using var silo = await TestSilo.StartAsync();
        await TimedAsync($"{entries} entries added to {shards} shards", () => AddAsync(silo, entries, shards));
        await silo.ForgetAsync();
        long waiting = 0;
        await TimedAsync("loaded after a restart", async () => waiting = await CountAsync(silo, shards));
        Assert.Equal(entries, waiting);
        Say($"heap {GC.GetTotalMemory(forceFullCollection: true) / 1e6:0} MB");

        var shard = silo.Grains.GetGrain<ISpoolGrain>(0);
        SpoolEntry[] some = [];
        await TimedAsync("first page of everything", async () => some = [.. await shard.GetPageAsync(SpoolFilter.Everything, "", 100)]);
        Assert.NotEmpty(some);
        await TimedAsync("first page of everything, of each shard in turn", async () =>
        {
            for (var number = 0; number < shards; number++)
            {
                await silo.Grains.GetGrain<ISpoolGrain>(number).GetPageAsync(SpoolFilter.Everything, "", 100);
            }
        });
        await TimedAsync("first page of a tenant", () => shard.GetPageAsync(new() { Tenant = new("tenant7") }, "", 100));
        await TimedAsync("first page of a small destination", () => shard.GetPageAsync(new() { Destination = Small }, "", 100));
        await TimedAsync("first page of a destination that has nothing", async () => Assert.Empty(await shard.GetPageAsync(new() { Destination = "nowhere.example" }, "", 100)));
        await TimedAsync("a message", async () => Assert.Single(await shard.GetPageAsync(new() { Message = some[0].Message.Id }, "", 100)));
        await TimedAsync("lease of a small destination", () => shard.LeaseOutboundAsync(Small, 100, Lease));
        await TimedAsync("all that is due of the large one", () => FinishAsync(shard, entries / shards));
    }

    private static async Task AddAsync(TestSilo silo, int entries, int shards)
    {
        var perShard = entries / shards;
        await Parallel.ForEachAsync(Enumerable.Range(0, shards), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (shard, _) =>
        {
            foreach (var batch in Enumerable.Range(0, perShard).Chunk(1000))
            {
                await silo.Grains.GetGrain<ISpoolGrain>(shard).AddAsync([.. batch.Select(EntryOf)]);
            }
        });
    }

    private static SpoolEntry EntryOf(int number)
    {
        var due = DateTimeOffset.UtcNow.AddMinutes(number % 7 == 0 ? 60 + (number % 240) : -1);
        var entry = SpooledMail.Outbound($"user{number}", number % 10 == 0 ? $"small{number / 10 % 1000}.example" : Large, tenant: $"tenant{number / 1000 % 20}", due: due);
        return entry with { Message = entry.Message with { Trace = Trace } };
    }

    private static async Task<long> CountAsync(TestSilo silo, int shards)
    {
        var waiting = 0L;
        for (var shard = 0; shard < shards; shard++)
        {
            waiting += (await silo.Grains.GetGrain<ISpoolGrain>(shard).GetCountsAsync()).Outbound;
        }

        return waiting;
    }

    /// <summary>As a relay does: leases, and reports of what it leased, each entry once.</summary>
    private async Task FinishAsync(ISpoolGrain shard, int entries)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var slowest = TimeSpan.Zero;
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            var leased = await shard.LeaseOutboundAsync(Large, 100, Lease);
            slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, Stopwatch.GetElapsedTime(began).Ticks));
            if (leased.Count == 0)
            {
                break;
            }

            Assert.All(leased, entry => Assert.True(seen.Add(entry.Key)));
            await shard.ReportAsync([.. leased.Select(entry => new SpoolReport { Key = entry.Key, Final = true })]);
        }

        Assert.Equal(Enumerable.Range(0, entries).Count(number => number % 7 != 0 && number % 10 != 0), seen.Count);
        Say($"{seen.Count} leased and finished, the slowest lease took {slowest.TotalMilliseconds:0} ms");
    }

    private async Task TimedAsync(string what, Func<Task> work)
    {
        var began = Stopwatch.GetTimestamp();
        await work();
        Say($"{what}: {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");
    }

    private void Say(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
