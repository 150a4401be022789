using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Suppressions;

/// <summary>One of the <see cref="SuppressionList.Buckets"/> parts of a tenant's suppression list. What has run out is as good as gone, and is gone with the next seal.</summary>
[Reentrant]
internal sealed class SuppressionGrain(GrainStorage storage) : SnapshotGrain<SuppressionState, SuppressionEvent>(storage), ISuppressionGrain
{
    private static readonly Comparer<Suppression> byAddress = Comparer<Suppression>.Create((one, other) => string.CompareOrdinal(one.Address, other.Address));

    private readonly TimeProvider time = storage.Time;

    private string Key => this.GetPrimaryKeyString();

    protected override string JournalName => $"suppressions/{Key}";

    public async Task<IReadOnlyList<Suppression>> FindAsync(IReadOnlyList<string> keys)
    {
        Suppression[] found = [.. keys.Select(Find).OfType<Suppression>()];
        await Durable();
        return found;
    }

    public async Task AddAsync(Suppression suppression)
    {
        // The index first: what it does not know of is not looked for, whenever this process dies.
        if (State.Listed.Count == 0)
        {
            var slash = Key.LastIndexOf('/');
            await GrainFactory.GetGrain<ISuppressionIndexGrain>(Key[..slash]).UseAsync(int.Parse(Key.AsSpan(slash + 1), System.Globalization.CultureInfo.InvariantCulture));
        }

        // Of a hundred messages that are refused at once the first says it.
        if (suppression.ByAdministrator || Find(suppression.Address) is null)
        {
            Record(new SuppressionAdded(suppression));
        }

        await Durable();
    }

    public async Task<bool> RemoveAsync(string key)
    {
        var listed = Find(key) is not null;
        if (listed)
        {
            Record(new SuppressionRemoved(key));
        }

        await Durable();
        return listed;
    }

    public async Task<IReadOnlyList<string>> GetPageAsync(string prefix, string after, int count)
    {
        var now = time.GetUtcNow();
        var isAfter = string.CompareOrdinal(after, prefix) >= 0;
        var at = IndexOf(State, isAfter ? after : prefix);
        var page = State.Listed.Skip(at < 0 ? ~at : isAfter ? at + 1 : at)
            .TakeWhile(listed => listed.Address.StartsWith(prefix, StringComparison.Ordinal))
            .Where(listed => !IsOver(listed, now))
            .Select(listed => listed.Address).Take(count).ToArray();
        await Durable();
        return page;
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override SealedState Seal(string? archive)
    {
        var now = time.GetUtcNow();
        State.Listed.RemoveAll(listed => IsOver(listed, now));
        return base.Seal(archive);
    }

    protected override void Apply(SuppressionState state, SuppressionEvent recorded)
    {
        switch (recorded)
        {
            case SuppressionAdded(var added):
                var place = IndexOf(state, added.Address);
                if (place >= 0)
                {
                    state.Listed[place] = added;
                }
                else
                {
                    state.Listed.Insert(~place, added);
                }

                break;
            case SuppressionRemoved(var address) when IndexOf(state, address) is >= 0 and var at:
                state.Listed.RemoveAt(at);
                break;
        }
    }

    private Suppression? Find(string key) => IndexOf(State, key) is >= 0 and var at && !IsOver(State.Listed[at], time.GetUtcNow()) ? State.Listed[at] : null;

    private static bool IsOver(Suppression listed, DateTimeOffset now) => listed.Until <= now;

    private static int IndexOf(SuppressionState state, string key) =>
        state.Listed.BinarySearch(new() { Address = key, At = default, Reason = "" }, byAddress);
}
