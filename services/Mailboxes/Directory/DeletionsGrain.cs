using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Directory;

/// <summary>One of the <see cref="Deletions.Parts"/> lists of what is deleted.</summary>
[Reentrant]
internal sealed class DeletionsGrain(GrainStorage storage) : SnapshotGrain<DeletionsState, DeletionListed>(storage), IDeletionsGrain
{
    protected override string JournalName => $"deletions/{this.GetPrimaryKeyLong()}";

    public async Task AddAsync(string key, DateTimeOffset at)
    {
        if (!State.Listed.TryGetValue(key, out var known) || known != at)
        {
            Record(new(key, at));
        }

        await Durable();
    }

    public async Task RemoveAsync(string key)
    {
        if (State.Listed.ContainsKey(key))
        {
            Record(new(key, null));
        }

        await Durable();
    }

    public async Task RemoveDueAsync(string key)
    {
        if (State.Listed.TryGetValue(key, out var at) && at <= Storage.Time.GetUtcNow())
        {
            Record(new(key, null));
        }

        await Durable();
    }

    public async Task<IReadOnlyList<string>> GetDueAsync(string after, int count)
    {
        var now = Storage.Time.GetUtcNow();
        var due = State.Listed.Where(listed => listed.Value <= now && string.CompareOrdinal(listed.Key, after) > 0).Select(listed => listed.Key).Order(StringComparer.Ordinal).Take(count).ToArray();
        await Durable();
        return due;
    }

    protected override void Apply(DeletionsState state, DeletionListed recorded)
    {
        if (recorded.At is { } at)
        {
            state.Listed[recorded.Key] = at;
        }
        else
        {
            state.Listed.Remove(recorded.Key);
        }
    }
}
