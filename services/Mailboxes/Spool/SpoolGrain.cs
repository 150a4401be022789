using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Spool;

/// <summary>
/// One shard of waiting mail. Invariants:
/// <list type="number">
/// <item>An entry that was taken over once (same delivery and destination) is never taken over again, finished or not.</item>
/// <item>An entry leaves only with a final report.</item>
/// <item>A leased entry is given to nobody else while its lease runs; leases die with the activation, so work under them is idempotent.</item>
/// </list>
/// </summary>
[Reentrant]
internal sealed class SpoolGrain(GrainStorage storage) : SnapshotGrain<SpoolState, SpoolEvent>(storage), ISpoolGrain
{
    private readonly Dictionary<string, DateTimeOffset> leases = new(StringComparer.Ordinal);

    protected override string JournalName => $"spool/{this.GetPrimaryKeyLong()}";

    public async Task AddAsync(IReadOnlyList<SpoolEntry> entries)
    {
        var unknown = entries.Where(e => !State.Knows(e.Key)).DistinctBy(e => e.Key).ToArray();
        if (unknown.Length > 0)
        {
            Record(new EntriesAdded(unknown));
        }

        await Durable();
    }

    public async Task<IReadOnlyList<SpoolEntry>> LeaseAsync(SpoolKind kind, int max, TimeSpan duration)
    {
        var now = Storage.Time.GetUtcNow();
        var due = State.Entries.Values
            .Where(e => e.Kind == kind && e.DueAt <= now && !(leases.TryGetValue(e.Key, out var until) && until > now))
            .OrderBy(e => e.DueAt)
            .Take(max)
            .ToArray();
        foreach (var entry in due)
        {
            leases[entry.Key] = now + duration;
        }

        await Durable();
        return due;
    }

    public async Task ReportAsync(IReadOnlyList<SpoolReport> reports)
    {
        var now = Storage.Time.GetUtcNow();
        foreach (var report in reports)
        {
            leases.Remove(report.Key);
            if (!State.Entries.TryGetValue(report.Key, out var entry))
            {
                continue;
            }

            Record(report.Final
                ? new EntryFinished(report.Key, now)
                : new AttemptFailed(report.Key, now + SpoolSchedule.DelayAfter(entry.Attempts + 1), report.Error, report.DelayReported));
        }

        await Durable();
    }

    public async Task<IReadOnlyList<SpoolEntry>> GetPageAsync(string after, int count)
    {
        var page = State.Entries.Values.Where(e => string.CompareOrdinal(e.Key, after) > 0).OrderBy(e => e.Key, StringComparer.Ordinal).Take(count).ToArray();
        await Durable();
        return page;
    }

    protected override void Apply(SpoolState state, SpoolEvent recorded) => state.Apply(recorded);

    protected override SealedState Seal(string? archive)
    {
        State.Forget(Storage.Time.GetUtcNow());
        return base.Seal(archive);
    }
}
