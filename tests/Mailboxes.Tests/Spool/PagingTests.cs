using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Spool;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Spool;

/// <summary>What waits beyond the due window stands in pages: memory is bounded, and nothing that is in a page is lost to leases, reports, listings or repeats.</summary>
public sealed class PagingTests : IAsyncDisposable
{
    private const string There = "example.org";
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);
    private static readonly SpoolSizes Small = new() { PageEntries = 20, InlineEntries = 10, EntriesInMemory = 60, RecentKeys = 16, SegmentKeys = 256 };

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private TestSilo? silo;

    private ISpoolGrain Spool => silo!.Grains.GetGrain<ISpoolGrain>(7);

    public async ValueTask DisposeAsync()
    {
        if (silo is not null)
        {
            await silo.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_hundred_thousand_entries_are_a_few_thousand_in_memory()
    {
        const int Entries = 100_000;
        silo = await TestSilo.StartAsync(time: time);
        var most = 0L;
        for (var added = 0; added < Entries; added += 1000)
        {
            await Spool.AddAsync([.. Enumerable.Range(added, 1000).Select(i => SpooledMail.Outbound($"user{i}", due: time.GetUtcNow()))]);
            most = Math.Max(most, (await Spool.GetCountsAsync()).InMemory);
        }

        await silo.ForgetAsync();
        var taken = 0;
        for (var batch = await Spool.LeaseOutboundAsync(There, 500, Lease); batch.Count > 0; batch = await Spool.LeaseOutboundAsync(There, 500, Lease))
        {
            taken += batch.Count;
            await Spool.ReportAsync([.. batch.Select(entry => new SpoolReport { Key = entry.Key, Final = true })]);
            var counts = await Spool.GetCountsAsync();
            Assert.Equal((0, Entries - taken), (counts.Local, counts.Outbound));
            most = Math.Max(most, counts.InMemory);
        }

        Assert.Equal(Entries, taken);

        // What one journal holds before it is sealed, and some pages.
        Assert.InRange(most, 1, 10_000);
    }

    [Fact]
    public async Task One_tenants_many_do_not_hold_up_anothers_single()
    {
        await StartAsync();
        await AddAsync(300, i => SpooledMail.Outbound($"user{i}", tenant: "busy", due: time.GetUtcNow()));
        await AddAsync(30, i => SpooledMail.Outbound($"user{i}", tenant: $"tenant{i}", due: time.GetUtcNow()));
        await AddAsync(300, i => SpooledMail.Outbound($"more{i}", tenant: "busy", due: time.GetUtcNow()));
        await AddAsync(1, i => SpooledMail.Outbound("single", tenant: "quiet", due: time.GetUtcNow()));

        var keys = (await Spool.LeaseOutboundAsync(There, 40, Lease)).Select(entry => entry.Message.Tenant.Value).ToList();

        Assert.Contains("quiet", keys);
        Assert.Equal(32, keys.Distinct().Count());
    }

    /// <summary>Its entries stand in pages that several share, and which do not fit into memory together: none is loaded, put away and loaded again for ever.</summary>
    [Fact]
    public async Task A_lease_from_more_pages_than_memory_holds_comes_to_its_end()
    {
        await StartAsync();
        for (var part = 0; part < 20; part++)
        {
            await AddAsync(20, i => SpooledMail.Outbound($"user{part}-{i}", i < 3 ? There : $"d{i}.example", tenant: $"tenant{i}", due: time.GetUtcNow()));
        }

        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var leased = await LeaseAsync(); leased.Count > 0; leased = await LeaseAsync())
        {
            Assert.All(leased, entry => Assert.True(keys.Add(entry.Key)));
        }

        Assert.Equal(60, keys.Count);

        Task<IReadOnlyList<SpoolEntry>> LeaseAsync() => Spool.LeaseOutboundAsync(There, 100, Lease).WaitAsync(TimeSpan.FromMinutes(2));
    }

    /// <summary>Each page has an entry that would go before all others and is put off: each seems to come before what the others hold.</summary>
    [Fact]
    public async Task Pages_that_promise_more_than_they_hold_do_not_put_each_other_away_for_ever()
    {
        await StartAsync();
        var start = time.GetUtcNow() + TimeSpan.FromHours(1);
        var entries = Enumerable.Range(0, 300).Select(i => SpooledMail.Outbound($"user{i}", due: start + TimeSpan.FromMinutes(i), priority: i % 20 == 10 ? (i / 20 % 9) + 1 : 0)).ToArray();
        var urgent = entries.Where(entry => entry.Message.Envelope.Priority > 0).ToArray();
        await Spool.AddAsync(entries);
        time.Advance(TimeSpan.FromDays(1));
        await Spool.ReportAsync([.. urgent.Select(entry => new SpoolReport { Key = entry.Key, Final = false, DueAt = time.GetUtcNow() + TimeSpan.FromDays(1) })]);

        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var leased = await LeaseAsync(); leased.Count > 0; leased = await LeaseAsync())
        {
            Assert.All(leased, entry => Assert.True(keys.Add(entry.Key)));
        }

        Assert.Equal(entries.Except(urgent).Select(entry => entry.Key).Order(StringComparer.Ordinal), keys.Order(StringComparer.Ordinal));

        Task<IReadOnlyList<SpoolEntry>> LeaseAsync() => Spool.LeaseOutboundAsync(There, 100, Lease).WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Order_holds_over_pages()
    {
        await StartAsync();
        var entries = Enumerable.Range(0, 200).Select(i => SpooledMail.Outbound($"user{i}", due: time.GetUtcNow() - TimeSpan.FromSeconds(i * 7 % 200))).ToArray();
        foreach (var part in entries.Chunk(50))
        {
            await Spool.AddAsync(part);
        }

        var leased = await LeaseAllAsync(There, 15);

        Assert.Equal(entries.OrderBy(entry => entry.DueAt).Select(entry => entry.Key), leased.Select(entry => entry.Key));
    }

    [Fact]
    public async Task What_is_due_later_comes_when_it_is_due()
    {
        await StartAsync();
        var start = time.GetUtcNow();
        var entries = Enumerable.Range(0, 300).Select(i => SpooledMail.Outbound($"user{i}", $"dest{i % 5}.example", due: start + TimeSpan.FromMinutes(i * 11 % 300))).ToArray();
        foreach (var part in entries.Chunk(50))
        {
            await Spool.AddAsync(part);
        }

        var seen = new List<string>();
        for (var minute = 0; minute <= 300; minute += 10)
        {
            for (var destination = 0; destination < 5; destination++)
            {
                seen.AddRange((await LeaseAllAsync($"dest{destination}.example", 7, finish: true)).Select(entry => entry.Key));
            }

            Assert.Equal(entries.Where(entry => entry.DueAt <= time.GetUtcNow()).Select(entry => entry.Key).Order(), seen.Order());
            time.Advance(TimeSpan.FromMinutes(10));
            if (minute % 50 == 0)
            {
                await silo!.ForgetAsync();
            }
        }
    }

    [Fact]
    public async Task What_was_taken_over_is_not_taken_again_in_pages_finished_or_days_later()
    {
        await StartAsync();
        var entries = new List<SpoolEntry>();
        for (var day = 0; day < 13; day++)
        {
            var today = Enumerable.Range(0, 70).Select(i => SpooledMail.Outbound($"user{i}", due: time.GetUtcNow(), accepted: time.GetUtcNow())).ToArray();
            entries.AddRange(today);
            foreach (var part in today.Chunk(35))
            {
                await Spool.AddAsync(part);
                await Spool.AddAsync(part);
            }

            Assert.Equal(70, (await LeaseAllAsync(There, 20, finish: day % 2 == 0)).Count);
            time.Advance(TimeSpan.FromDays(1));
            await silo!.ForgetAsync();
            await LeaseAllAsync(There, 20, finish: true);
        }

        Assert.Equal(new(0, 0, 0), await Spool.GetCountsAsync());
        await Spool.AddAsync(entries);
        Assert.Equal(new(0, 0, 0), await Spool.GetCountsAsync());
    }

    [Fact]
    public async Task A_report_reaches_an_entry_whose_page_was_put_away()
    {
        await StartAsync();
        await AddAsync(100, i => SpooledMail.Outbound($"user{i}", due: time.GetUtcNow()));
        var leased = await Spool.LeaseOutboundAsync(There, 100, Lease);
        Assert.Equal(100, leased.Count);
        await silo!.ForgetAsync();

        await Spool.ReportAsync([.. leased.Take(50).Select(entry => new SpoolReport { Key = entry.Key, Final = true })]);
        await Spool.ReportAsync([.. leased.Skip(50).Select(entry => new SpoolReport { Key = entry.Key, Final = false, Error = "later" })]);
        await silo.ForgetAsync();

        Assert.Equal(50, (await Spool.GetCountsAsync()).Outbound);
        Assert.Empty(await LeaseAllAsync(There, 10));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(leased.Skip(50).Select(entry => entry.Key).Order(), (await LeaseAllAsync(There, 10)).Select(entry => entry.Key).Order());
    }

    [Fact]
    public async Task Retry_finds_entries_in_pages()
    {
        await StartAsync();
        var later = time.GetUtcNow() + TimeSpan.FromHours(3);
        var entries = await AddAsync(200, i => SpooledMail.Outbound($"user{i}", due: later));
        await silo!.ForgetAsync();

        var asked = entries.Where((_, i) => i % 3 == 0).Select(entry => entry.Key).ToArray();
        Assert.Equal(asked.Length, await Spool.RetryAsync([.. asked, "unknown:nobody@example.org"]));
        await silo.ForgetAsync();

        Assert.Equal(asked.Order(), (await LeaseAllAsync(There, 10)).Select(entry => entry.Key).Order());
    }

    [Fact]
    public async Task A_listing_reads_what_its_filter_leaves_and_no_more()
    {
        CountingReads counted = null!;
        silo = await TestSilo.StartAsync(time: time, spoolSizes: Small, wrapBlobs: blobs => counted = new(blobs));
        var entries = new List<SpoolEntry>();
        var start = time.GetUtcNow();
        for (var i = 0; i < 20; i++)
        {
            var at = time.GetUtcNow();
            entries.AddRange(await AddAsync(40, n => SpooledMail.Outbound($"user{n}", $"dest{i % 4}.example", tenant: $"tenant{i % 5}", due: at, accepted: at)));
            entries.AddRange(await AddAsync(2, n => SpooledMail.Local($"user{n}", due: at, accepted: at)));
            time.Advance(TimeSpan.FromMinutes(1));
        }

        var message = entries[333].Message.Id;
        (SpoolFilter Filter, Func<SpoolEntry, bool> Lets)[] filters =
        [
            (SpoolFilter.Everything, _ => true),
            (new() { Kind = SpoolKind.Local }, entry => entry.Kind == SpoolKind.Local),
            (new() { Tenant = new("tenant3") }, entry => entry.Message.Tenant.Value == "tenant3"),
            (new() { Destination = "dest2.example", Tenant = new("tenant1") }, entry => entry.Message.Tenant.Value == "tenant1" && entry.Kind == SpoolKind.Outbound && entry.Recipient.Remote[0].Domain == "dest2.example"),
            (new() { Message = message }, entry => entry.Message.Id == message),
            (new() { AcceptedBefore = start + TimeSpan.FromMinutes(3) }, entry => entry.Message.Id.AcceptedAt < start + TimeSpan.FromMinutes(3)),
        ];
        foreach (var (filter, lets) in filters)
        {
            Assert.Equal(entries.Where(lets).Select(entry => entry.Key).Order(StringComparer.Ordinal), await ListAsync(filter, 13));
        }

        // One page of the listing reads few of the shard's.
        counted.Names.Clear();
        await Spool.GetPageAsync(new() { Destination = "dest1.example" }, "", 10);
        var pages = counted.Names.Count(name => name.Contains("/page-", StringComparison.Ordinal));
        Assert.InRange(pages, 1, 6);
        counted.Names.Clear();
        Assert.Empty(await Spool.GetPageAsync(new() { Destination = "elsewhere.example" }, "", 10));
        Assert.Empty(counted.Names);
    }

    [Fact]
    public async Task Watchers_are_told_of_destinations_that_only_pages_hold()
    {
        await StartAsync();
        await AddAsync(200, i => SpooledMail.Outbound($"user{i}", $"dest{i}.example", due: time.GetUtcNow()));
        await silo!.ForgetAsync();
        var deaf = new Deaf();

        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"dest{i}.example").Order(), (await Spool.WatchAsync(silo.Grains.CreateObjectReference<ISpoolWatcher>(deaf))).Order());
        GC.KeepAlive(deaf);
    }

    [Fact]
    public async Task Verification_and_sweep_know_pages_and_segments()
    {
        await StartAsync();
        await AddAsync(200, i => SpooledMail.Outbound($"user{i}", due: time.GetUtcNow()));
        await LeaseAllAsync(There, 10, finish: true, most: 50);
        var upkeep = silo!.Grains.GetGrain<IUpkeepGrain>(0);

        var verified = await upkeep.VerifyAsync(CancellationToken.None).ToListAsync();
        Assert.Equal(150, verified[^1].Counts["waiting"]);
        Assert.All(verified.Where(record => record.Kind == UpkeepKind.Problem), problem => Assert.Contains("refers to body", problem.Text, StringComparison.Ordinal));

        await upkeep.SweepAsync(TimeSpan.Zero, CancellationToken.None).ToListAsync();
        await silo.ForgetAsync();
        Assert.Equal(150, (await ListAsync(SpoolFilter.Everything, 50)).Count);

        var blobs = silo.Services.GetRequiredService<IMessageBlobs>();
        var page = (await blobs.ListAsync("state/spool/7/page-", CancellationToken.None).ToListAsync())[0].Name;
        await blobs.DeleteAsync([page], CancellationToken.None);
        var check = silo.Services.GetRequiredService<Mailboxes.Upkeep.Verifier>();
        await silo.ForgetAsync();
        var found = new List<UpkeepRecord>();
        try
        {
            await foreach (var record in check.RunAsync(CancellationToken.None))
            {
                found.Add(record);
            }
        }
        catch (BlobMissingException)
        {
            // The listing of what waits needs the page too.
        }

        Assert.DoesNotContain(found, record => record.Kind == UpkeepKind.Summary && record.Counts["problems"] == 0);
    }

    [Fact]
    public async Task A_page_that_is_lost_holds_up_its_own_destination_and_no_other()
    {
        await StartAsync();
        for (var i = 0; i < 10; i++)
        {
            await AddAsync(20, n => SpooledMail.Outbound($"user{n}", i % 2 == 0 ? "lost.example" : There, due: time.GetUtcNow()));
        }

        var blobs = silo!.Services.GetRequiredService<IMessageBlobs>();
        var serializer = silo.Services.GetRequiredService<Orleans.Serialization.Serializer>();
        await foreach (var blob in blobs.ListAsync("state/spool/7/page-", CancellationToken.None))
        {
            var page = serializer.Decode<SpoolPageEntries>(await blobs.ReadAsync(blob.Name, 0, int.MaxValue, CancellationToken.None));
            if (page.Entries.All(entry => entry.Recipient.Remote[0].Domain == "lost.example"))
            {
                await blobs.DeleteAsync([blob.Name], CancellationToken.None);
            }
        }

        await silo.ForgetAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => LeaseAllAsync("lost.example", 200));
        var leased = await LeaseAllAsync(There, 10, finish: true);
        await AddAsync(200, n => SpooledMail.Outbound($"more{n}", due: time.GetUtcNow()));
        Assert.Equal((100, 200), (leased.Count, (await LeaseAllAsync(There, 10, finish: true)).Count));
    }

    private async Task StartAsync() => silo = await TestSilo.StartAsync(time: time, spoolSizes: Small);

    private async Task<SpoolEntry[]> AddAsync(int count, Func<int, SpoolEntry> make)
    {
        var entries = Enumerable.Range(0, count).Select(make).ToArray();
        foreach (var part in entries.Chunk(35))
        {
            await Spool.AddAsync(part);
        }

        return entries;
    }

    private async Task<List<SpoolEntry>> LeaseAllAsync(string destination, int batch, bool finish = false, int most = int.MaxValue)
    {
        var all = new List<SpoolEntry>();
        while (all.Count < most && await Spool.LeaseOutboundAsync(destination, batch, Lease) is { Count: > 0 } leased)
        {
            all.AddRange(leased);
            if (finish)
            {
                await Spool.ReportAsync([.. leased.Select(entry => new SpoolReport { Key = entry.Key, Final = true })]);
            }
        }

        return all;
    }

    private async Task<List<string>> ListAsync(SpoolFilter filter, int count)
    {
        var keys = new List<string>();
        for (var page = await Spool.GetPageAsync(filter, "", count); page.Count > 0; page = await Spool.GetPageAsync(filter, keys[^1], count))
        {
            keys.AddRange(page.Select(entry => entry.Key));
        }

        return keys;
    }

    private sealed class Deaf : ISpoolWatcher
    {
        public Task DueAsync(int shard, string destination) => Task.CompletedTask;
    }

    private sealed class CountingReads(IMessageBlobs inner) : IMessageBlobs
    {
        public List<string> Names { get; } = [];

        public BlobUpload Create(string name, IReadOnlyList<string> owners) => inner.Create(name, owners);

        public Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken) => inner.OpenReadAsync(name, offset, length, cancellationToken);

        public Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
        {
            lock (Names)
            {
                Names.Add(name);
            }

            return inner.ReadAsync(name, offset, length, cancellationToken);
        }

        public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) => inner.ReleaseAsync(name, owner, cancellationToken);

        public IAsyncEnumerable<StoredBlob> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) => inner.DeleteAsync(names, cancellationToken);

        public IAsyncEnumerable<BlobFault> CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

        public Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken) => inner.RemoveStrayAsync(grace, cancellationToken);
    }
}
