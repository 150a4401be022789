using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Tokens;

/// <summary>
/// Which tokens there are of the platform, of a tenant or of an account. A token is on the list before it is made, so that none works that nobody sees. An entry whose token a crash kept from being
/// made, or from being taken off, stays until it would have expired.
/// </summary>
[Reentrant]
internal sealed class ApiTokenListGrain(GrainStorage storage) : SnapshotGrain<ApiTokenListState, ApiTokenListed>(storage), IApiTokenListGrain
{
    /// <summary>Of those that have expired, how many one addition ends: more than it adds, so that they become fewer.</summary>
    private const int EndedAtOnce = 10;

    private const int RevokedAtOnce = 50;

    protected override string JournalName => $"tokens/{this.GetPrimaryKeyString()}";

    public async Task<bool> AddAsync(string id, DateTimeOffset expiresAt)
    {
        var now = Storage.Time.GetUtcNow();
        foreach (var expired in State.Listed.Where(listed => listed.Value <= now).Select(listed => listed.Key).Take(EndedAtOnce).ToArray())
        {
            // The token first: while it is on the list it is not forgotten.
            await GrainFactory.GetGrain<IApiTokenGrain>(expired).RevokeAsync();
            Remove(expired);
        }

        var hasRoom = State.Listed.Count < ApiTokenLists.MostOf(this.GetPrimaryKeyString());
        if (hasRoom)
        {
            Record(new(id, expiresAt));
        }

        await Durable();
        return hasRoom;
    }

    public async Task RemoveAsync(string id)
    {
        Remove(id);
        await Durable();
    }

    public async Task<IReadOnlyList<string>> GetPageAsync(string after, int count)
    {
        var page = State.Listed.Keys.Where(id => string.CompareOrdinal(id, after) > 0).Order(StringComparer.Ordinal).Take(count).ToArray();
        await Durable();
        return page;
    }

    public async Task DestroyAsync()
    {
        foreach (var some in State.Listed.Keys.ToArray().Chunk(RevokedAtOnce))
        {
            await Task.WhenAll(some.Select(id => GrainFactory.GetGrain<IApiTokenGrain>(id).RevokeAsync()));
        }

        await DestroyStateAsync();
    }

    protected override void Apply(ApiTokenListState state, ApiTokenListed recorded) => state.Apply(recorded);

    private void Remove(string id)
    {
        if (State.Listed.ContainsKey(id))
        {
            Record(new(id, null));
        }
    }
}
