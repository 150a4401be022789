using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Tracing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Traces;

/// <summary>A shard in a silo: what it writes and when, what it reads to answer, what it keeps, and what is left of it.</summary>
public sealed class TraceGrainTests
{
    private readonly FakeTimeProvider time = new(new(2026, 11, 27, 12, 30, 0, TimeSpan.Zero));

    [Fact]
    public async Task Events_gather_and_are_written_together()
    {
        WatchedJournal journal = null!;
        await using var silo = await TestSilo.StartAsync(wrapJournal: real => journal = new(real), time: time);
        var (shard, id) = Shard(silo);
        for (var i = 0; i < 99; i++)
        {
            Assert.True(await shard.RecordAsync(Events(id, 10)));
        }

        Assert.Equal(990, (await shard.FindAsync(id.ToString(), 2_000)).Count);
        Assert.Equal(0, journal.Appends);
        time.Advance(TimeSpan.FromSeconds(1));
        await journal.UntilAsync(1);

        Assert.True(await shard.RecordAsync(Events(id, 1_000)));
        await journal.UntilAsync(2);
        Assert.Equal(1_990, (await shard.FindAsync(id.ToString(), 2_000)).Count);
    }

    [Fact]
    public async Task What_was_written_is_there_after_a_reload_and_only_segments_that_may_have_it_are_read()
    {
        WatchedBlobs blobs = null!;
        await using var silo = await TestSilo.StartAsync(wrapBlobs: real => blobs = new(real), time: time);
        var (shard, first) = Shard(silo);
        DeliveryId[] ids = [first, .. Enumerable.Range(0, 12).Select(_ => DeliveryId.New(time.GetUtcNow()))];
        var reply = new string('x', 900);
        foreach (var id in ids)
        {
            // More than half of a journal each.
            await shard.RecordAsync([.. Events(id, 700).Select((e, i) => e with { Reply = $"{i} {reply}" })]);
            await silo.ForgetAsync();
        }

        blobs.Reads.Clear();
        foreach (var id in ids)
        {
            Assert.Equal(700, (await shard.FindAsync(id.ToString(), 2_000)).Count);
        }

        var segments = blobs.Reads.Where(name => name.Contains("/segment-", StringComparison.Ordinal)).ToList();
        Assert.True(segments.Distinct().Count() > 3, $"{segments.Distinct().Count()} segments");

        // Of each id the events are in one segment, or in two where a write ended among them; the others need not be read.
        Assert.True(segments.Count <= 2 * ids.Length, $"{segments.Count} reads for {ids.Length} ids in {segments.Distinct().Count()} segments");
        Assert.Empty(await shard.FindAsync(DeliveryId.New(time.GetUtcNow()).ToString(), 10));
        Assert.Equal(3, (await shard.FindAsync(first.ToString(), 3)).Count);
    }

    [Fact]
    public async Task A_store_that_takes_nothing_makes_it_take_nothing_and_it_goes_on_afterwards()
    {
        WatchedJournal journal = null!;
        await using var silo = await TestSilo.StartAsync(wrapJournal: real => journal = new(real), time: time);
        var (shard, id) = Shard(silo);
        Assert.Empty(await shard.FindAsync(id.ToString(), 1));
        journal.Hold();
        for (var i = 0; i < 20; i++)
        {
            Assert.True(await shard.RecordAsync(Events(id, 1_000)));
        }

        Assert.False(await shard.RecordAsync(Events(id, 1)));
        Assert.Equal(20_000, (await shard.FindAsync(id.ToString(), int.MaxValue)).Count);

        journal.LetGo();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await shard.RecordAsync(Events(id, 1)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), limit.Token);
        }

        Assert.Equal(20_001, (await shard.FindAsync(id.ToString(), int.MaxValue)).Count);
    }

    [Fact]
    public async Task Shards_expire_by_their_names_and_younger_ones_stay()
    {
        WatchedJournal journal = null!;
        await using var silo = await TestSilo.StartAsync(wrapJournal: real => journal = new(real), time: time);
        var (old, id) = Shard(silo);
        var oldKey = old.GetPrimaryKeyString();
        await old.RecordAsync([.. Events(id, 1_000).Select(e => e with { Reply = new string('x', 1_000) })]);
        await old.RecordAsync(Events(id, 1_000));
        await silo.ForgetAsync();
        time.Advance(new TracingOptions().Retention);
        var (young, other) = Shard(silo);
        await young.RecordAsync(Events(other, 1_000));
        await silo.ForgetAsync();

        // Its six hours began half an hour ago and are not over.
        Assert.DoesNotContain(await SweepAsync(silo), r => r.Subject.StartsWith("trace/", StringComparison.Ordinal));
        time.Advance(TraceShards.Window);
        journal.Opened.Clear();
        Assert.Equal([$"trace/{oldKey}"], (await SweepAsync(silo)).Where(r => r.Subject.StartsWith("trace/", StringComparison.Ordinal)).Select(r => r.Subject));

        Assert.DoesNotContain($"trace/{oldKey}", journal.Opened);
        Assert.Equal([$"trace/{young.GetPrimaryKeyString()}"], await journal.ListAsync("trace/", default).ToListAsync());
        Assert.Empty(await silo.Services.GetRequiredService<IMessageBlobs>().ListAsync($"state/trace/{oldKey}/", default).ToListAsync());
        Assert.Empty(await old.FindAsync(id.ToString(), 10));
        Assert.Equal(1_000, (await young.FindAsync(other.ToString(), 2_000)).Count);
    }

    [Fact]
    public async Task A_sealed_shard_passes_verification_and_one_without_a_segment_does_not()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var (shard, id) = Shard(silo);
        await shard.RecordAsync([.. Events(id, 1_000).Select((e, i) => e with { Reply = $"{i} {new string('x', 1_500)}" })]);
        await silo.ForgetAsync();
        await shard.RecordAsync(Events(id, 1_000));
        await silo.ForgetAsync();
        Assert.DoesNotContain(await VerifyAsync(silo), r => r.Kind is UpkeepKind.Problem or UpkeepKind.Leftover);

        var blobs = silo.Services.GetRequiredService<IMessageBlobs>();
        var segment = Assert.Single(await blobs.ListAsync($"state/trace/{shard.GetPrimaryKeyString()}/segment-", default).ToListAsync());
        await blobs.DeleteAsync([segment.Name], default);
        Assert.Contains(segment.Name, Assert.Single(await VerifyAsync(silo), r => r.Kind == UpkeepKind.Problem).Text, StringComparison.Ordinal);
    }

    private (ITraceGrain Shard, DeliveryId Id) Shard(TestSilo silo)
    {
        var id = DeliveryId.New(time.GetUtcNow());
        return (silo.Grains.GetGrain<ITraceGrain>(TraceShards.Of(id.ToString(), time.GetUtcNow())), id);
    }

    private TraceEvent[] Events(DeliveryId id, int count) => [.. Enumerable.Range(0, count).Select(i => new TraceEvent
    {
        Delivery = id,
        At = time.GetUtcNow().AddTicks(i),
        Kind = TraceKind.Filed,
        Recipients = ["bob@example.test"],
        Count = 1,
    })];

    private static Task<List<UpkeepRecord>> SweepAsync(TestSilo silo) => silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(null, default).ToListAsync().AsTask();

    private static Task<List<UpkeepRecord>> VerifyAsync(TestSilo silo) => silo.Grains.GetGrain<IUpkeepGrain>(0).VerifyAsync(default).ToListAsync().AsTask();
}
