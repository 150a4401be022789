using MailCloud.MailboxContracts;

namespace MailCloud.Tracing.Tests;

public sealed class TraceShardsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_id_has_one_shard_in_each_six_hours()
    {
        var shard = TraceShards.Of("a@example.test", Noon);

        Assert.StartsWith("2026112712/", shard, StringComparison.Ordinal);
        Assert.Equal(shard, TraceShards.Of("a@example.test", Noon.AddHours(6).AddTicks(-1)));
        Assert.Equal(shard, TraceShards.Of("a@example.test", new(2026, 11, 27, 22, 0, 0, TimeSpan.FromHours(5))));
        Assert.Equal(Noon.AddHours(6), TraceShards.EndOf(shard));
        Assert.Null(TraceShards.EndOf("other"));
    }

    [Fact]
    public void Between_two_moments_are_the_shards_of_both_and_of_all_between()
    {
        Assert.Equal(
            ["2026112706", "2026112712", "2026112718", "2026112800"],
            TraceShards.Between("a@example.test", Noon.AddTicks(-1), Noon.AddHours(12)).Select(s => s.Split('/')[0]));
        Assert.Single(TraceShards.Between("a@example.test", Noon, Noon));
    }

    [Fact]
    public void Ids_are_spread_over_all_shards()
    {
        var counts = Enumerable.Range(0, 16_000).Select(_ => TraceShards.Of(Guid.CreateVersion7().ToString("N"), Noon)).CountBy(shard => shard).ToList();

        Assert.Equal(TraceShards.Count, counts.Count);
        Assert.All(counts, shard => Assert.InRange(shard.Value, 700, 1_300));
    }
}
