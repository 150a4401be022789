using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Directory;

/// <summary>One of a domain's <see cref="AddressIndex.Buckets"/> lists of addresses.</summary>
[Reentrant]
internal sealed class AddressIndexGrain(GrainStorage storage) : SnapshotGrain<AddressIndexState, AddressListed>(storage), IAddressIndexGrain
{
    protected override string JournalName => $"index/{this.GetPrimaryKeyString()}";

    /// <summary>A page reads all parts of the list, and keys in a seal are read many times as fast as in events. An eighth: growing, a part is written eight times as often as it has keys.</summary>
    protected override int MaxJournalEvents => Math.Clamp(State.Keys.Count / 8, 100, base.MaxJournalEvents);

    public async Task AddAsync(string addressKey)
    {
        if (State.Keys.BinarySearch(addressKey, StringComparer.Ordinal) < 0)
        {
            Record(new AddressListed(addressKey));
        }

        await Durable();
    }

    public async Task RemoveAsync(string addressKey)
    {
        if (State.Keys.BinarySearch(addressKey, StringComparer.Ordinal) >= 0)
        {
            Record(new(addressKey) { IsRemoved = true });
        }

        await Durable();
    }

    public Task<IReadOnlyList<string>> GetPageAsync(string after, int count) => GetPageOfAsync("", after, count);

    public async Task<IReadOnlyList<string>> GetPageOfAsync(string prefix, string after, int count)
    {
        // The first that begins with the prefix counts, though it be the prefix.
        var isFirst = string.CompareOrdinal(after, prefix) < 0;
        var index = State.Keys.BinarySearch(isFirst ? prefix : after, StringComparer.Ordinal);
        var page = State.Keys.Skip(index < 0 ? ~index : isFirst ? index : index + 1).TakeWhile(key => key.StartsWith(prefix, StringComparison.Ordinal)).Take(count).ToArray();
        await Durable();
        return page;
    }

    public async Task<bool> DestroyAsync()
    {
        if (State.Keys.Count > 0)
        {
            await Durable();
            return false;
        }

        await DestroyStateAsync();
        return true;
    }

    protected override void Apply(AddressIndexState state, AddressListed recorded) => state.Apply(recorded);
}
