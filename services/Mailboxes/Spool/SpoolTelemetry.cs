using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Limits;

namespace MailCloud.Mailboxes.Spool;

/// <summary>What one shard holds of one kind.</summary>
/// <param name="Entries">How many wait.</param>
/// <param name="Oldest">When the first of them was accepted, or its hold ended; null: none waits.</param>
/// <param name="FirstDue">When the first that nobody works on is or was due; null: none.</param>
internal readonly record struct SpoolHoldings(long Entries, DateTimeOffset? Oldest, DateTimeOffset? FirstDue);

/// <summary>What waits in the spool shards of this silo, as each has said last; README.md has the table. There are 256 of them, so that memory and a collection's work are bounded.</summary>
internal sealed class SpoolTelemetry
{
    private readonly ConcurrentDictionary<(int Shard, SpoolKind Kind), SpoolHoldings> shards = new();
    private readonly TimeProvider time;

    public SpoolTelemetry(IMeterFactory meters, TimeProvider time)
    {
        this.time = time;
        var meter = meters.Create(LimiterTelemetry.Name);
        meter.CreateObservableGauge("mailcloud.spool.entries", () => Measure(held => (double)held.Sum(h => h.Entries)), "{entry}", "Recipients that wait in the shards of this silo, by kind.");
        meter.CreateObservableGauge("mailcloud.spool.oldest", () => Measure(held => Since(held.Min(h => h.Oldest))), "s", "Age of the message that has waited for longest, by kind.");
        meter.CreateObservableGauge("mailcloud.spool.overdue", () => Measure(held => Since(held.Min(h => h.FirstDue))), "s", "For how long something has been due that nobody works on, by kind.");
    }

    public void Show(int shard, SpoolKind kind, SpoolHoldings holdings) => shards[(shard, kind)] = holdings;

    /// <summary>The shard's activation has ended.</summary>
    public void Forget(int shard)
    {
        shards.TryRemove((shard, SpoolKind.Local), out _);
        shards.TryRemove((shard, SpoolKind.Outbound), out _);
    }

    private IEnumerable<Measurement<double>> Measure(Func<IEnumerable<SpoolHoldings>, double> figure) => shards.GroupBy(shard => shard.Key.Kind, shard => shard.Value)
        .Select(kind => new Measurement<double>(figure(kind), new KeyValuePair<string, object?>("kind", kind.Key == SpoolKind.Local ? "local" : "outbound")));

    private double Since(DateTimeOffset? moment) => moment is { } then && time.GetUtcNow() is var now && then < now ? (now - then).TotalSeconds : 0;
}
