using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Spool;
using MailCloud.Testing;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Spool;

/// <summary>Random operations on a shard of small pages agree with a plain dictionary, on a sound journal and on one that fails half of its appends, over reloads.</summary>
public sealed class SpoolModelTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
    private static readonly SpoolSizes Small = new() { PageEntries = 12, InlineEntries = 8, EntriesInMemory = 40, RecentKeys = 8, SegmentKeys = 64 };

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    public async Task A_shard_agrees_with_a_plain_dictionary(int seed, bool faults)
    {
        var random = new Random(seed);
        var failing = new Random(seed);
        var failed = 0;
        var on = false;
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(journal => new FailingAppends(journal, (name, _) => Next(name)), time: time, spoolSizes: Small);
        on = faults;
        var model = new Model(silo, time, random);
        for (var step = 0; step < 160; step++)
        {
            await model.StepAsync();
        }

        on = false;
        Assert.Equal(faults, failed > 10);
        await model.CheckAsync();
        await silo.ForgetAsync();
        await model.CheckAsync();
        await model.DrainAsync();

        AppendFault Next(string journal)
        {
            lock (failing)
            {
                var fault = on && journal.StartsWith("spool/", StringComparison.Ordinal) ? (AppendFault)(failing.Next(4) % 3) : AppendFault.None;
                failed += fault == AppendFault.None ? 0 : 1;
                return fault;
            }
        }
    }

    /// <summary>What is to be in the shard. A call in doubt is repeated, so that it is done in the end, and perhaps twice where that makes a difference: attempts are counted at least.</summary>
    private sealed class Model(TestSilo silo, FakeTimeProvider time, Random random)
    {
        private const int Destinations = 4;

        private readonly Dictionary<string, SpoolEntry> waiting = new(StringComparer.Ordinal);
        private readonly List<SpoolEntry> ever = [];
        private readonly Dictionary<string, SpoolEntry> leased = new(StringComparer.Ordinal);

        private ISpoolGrain Spool => silo.Grains.GetGrain<ISpoolGrain>(7);

        public Task StepAsync() => random.Next(12) switch
        {
            0 or 1 or 2 => AddAsync(),
            3 => RepeatAsync(),
            4 or 5 or 6 => LeaseAsync(),
            7 or 8 => ReportAsync(),
            9 => RetryAsync(),
            10 => PassAsync(),
            _ => random.Next(3) == 0 ? silo.ForgetAsync() : CheckAsync(),
        };

        public async Task CheckAsync()
        {
            var listed = new List<SpoolEntry>();
            for (var page = await PageAsync(""); page.Count > 0; page = await PageAsync(listed[^1].Key))
            {
                listed.AddRange(page);
            }

            Assert.Equal(waiting.Keys.Order(StringComparer.Ordinal), listed.Select(entry => entry.Key));
            foreach (var entry in listed)
            {
                var expected = waiting[entry.Key];
                Assert.Equal((expected.LastError, expected.DelayReported), (entry.LastError, entry.DelayReported));
                Assert.True(entry.Attempts >= expected.Attempts);
            }

            var counts = await UntilAnsweredAsync(() => Spool.GetCountsAsync());
            Assert.Equal((waiting.Values.Count(entry => entry.Kind == SpoolKind.Local), waiting.Values.Count(entry => entry.Kind == SpoolKind.Outbound)), (counts.Local, counts.Outbound));

            Task<IReadOnlyList<SpoolEntry>> PageAsync(string after) => UntilAnsweredAsync(() => Spool.GetPageAsync(SpoolFilter.Everything, after, 17));
        }

        /// <summary>Everything that waits can be leased in the end, and only that.</summary>
        public async Task DrainAsync()
        {
            time.Advance(TimeSpan.FromDays(10));
            leased.Clear();
            for (var destination = 0; destination <= Destinations; destination++)
            {
                while (await LeaseAsync(destination) is { Count: > 0 } batch)
                {
                    await FinishAsync(batch);
                }
            }

            Assert.Empty(waiting);
            await CheckAsync();
        }

        private async Task AddAsync()
        {
            var now = time.GetUtcNow();
            var due = random.Next(3) switch { 0 => now, 1 => now + TimeSpan.FromMinutes(random.Next(10)), _ => now + TimeSpan.FromMinutes(random.Next(2000)) };
            var (destination, tenant, count) = (random.Next(Destinations + 1), $"tenant{random.Next(4)}", random.Next(1, 30));
            var entries = Enumerable.Range(0, count)
                .Select(i => destination == Destinations ? SpooledMail.Local($"u{i}", tenant, due, now) : SpooledMail.Outbound($"u{i}", NameOf(destination), tenant, due, random.Next(3), accepted: now))
                .ToArray();
            await UntilDoneAsync(() => Spool.AddAsync(entries));
            ever.AddRange(entries);
            foreach (var entry in entries)
            {
                waiting.Add(entry.Key, entry);
            }
        }

        // Hand-over repeats what is waiting, leased or finished.
        private Task RepeatAsync() => ever.Count == 0 ? Task.CompletedTask : UntilDoneAsync(() =>
            Spool.AddAsync([.. Enumerable.Range(0, 10).Select(_ => ever[random.Next(ever.Count)]).DistinctBy(entry => entry.Key)]));

        private async Task LeaseAsync()
        {
            foreach (var entry in await LeaseAsync(random.Next(Destinations + 1)))
            {
                leased[entry.Key] = entry;
            }
        }

        private async Task<IReadOnlyList<SpoolEntry>> LeaseAsync(int destination)
        {
            var max = random.Next(1, 40);
            var batch = await UntilAnsweredAsync(() => destination == Destinations ? Spool.LeaseLocalAsync(max, Lease) : Spool.LeaseOutboundAsync(NameOf(destination), max, Lease));
            Assert.InRange(batch.Count, 0, max);
            foreach (var entry in batch)
            {
                Assert.True(waiting.TryGetValue(entry.Key, out var known), "only what waits is leased");
                Assert.Equal(known.LastError, entry.LastError);
                Assert.True(entry.DueAt <= time.GetUtcNow());
            }

            return batch;
        }

        private async Task ReportAsync()
        {
            var some = leased.Values.Where(_ => random.Next(3) > 0).ToArray();
            foreach (var entry in some)
            {
                leased.Remove(entry.Key);
            }

            if (random.Next(3) > 0)
            {
                await FinishAsync(some);
                return;
            }

            var (error, attempted, warned) = ($"error {random.Next(100)}", random.Next(2) == 0, random.Next(4) == 0);
            DateTimeOffset? due = random.Next(2) == 0 ? time.GetUtcNow() + TimeSpan.FromMinutes(random.Next(300)) : null;
            await UntilDoneAsync(() => Spool.ReportAsync([.. some.Select(entry => new SpoolReport
            {
                Key = entry.Key, Final = false, Error = error, Attempted = attempted, DueAt = due, DelayReported = warned,
            })]));
            foreach (var entry in some.Where(entry => waiting.ContainsKey(entry.Key)))
            {
                var before = waiting[entry.Key];
                waiting[entry.Key] = before with { LastError = error, Attempts = before.Attempts + (attempted ? 1 : 0), DelayReported = before.DelayReported || warned };
            }
        }

        private async Task FinishAsync(IReadOnlyList<SpoolEntry> batch)
        {
            await UntilDoneAsync(() => Spool.ReportAsync([.. batch.Select(entry => new SpoolReport { Key = entry.Key, Final = true })]));
            foreach (var entry in batch)
            {
                waiting.Remove(entry.Key);
            }
        }

        private async Task RetryAsync()
        {
            var keys = ever.Where(_ => random.Next(20) == 0).Select(entry => entry.Key).ToArray();
            var here = await UntilAnsweredAsync(() => Spool.RetryAsync(keys));
            Assert.Equal(keys.Count(waiting.ContainsKey), here);
        }

        private Task PassAsync()
        {
            time.Advance(TimeSpan.FromMinutes(random.Next(1, 40)));
            return Task.CompletedTask;
        }

        private static string NameOf(int destination) => $"dest{destination}.example";

        private static Task<bool> UntilDoneAsync(Func<Task> call) => UntilAnsweredAsync(async () =>
        {
            await call();
            return true;
        });

        private static async Task<T> UntilAnsweredAsync<T>(Func<Task<T>> call)
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await call();
                }
                catch (Exception e) when (e is not ArgumentException && attempt < 1000)
                {
                    // In doubt: once more, as who calls would.
                }
            }
        }
    }
}
