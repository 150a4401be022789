using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Push;

/// <summary>A part of the accounts that have push subscriptions, and who pushes to them.</summary>
[Reentrant]
internal sealed class PushShardGrain(GrainStorage storage) : SnapshotGrain<PushShardState, PushAccountListed>(storage), IPushShardGrain
{
    /// <summary>Accounts that were touched last: of more than that between two renewals the pusher looks at all.</summary>
    private const int MostTouched = 1000;

    private readonly TimeProvider time = storage.Time;
    private readonly Guid activation = Guid.NewGuid();
    private readonly Queue<AccountId> touched = [];
    private long touches;
    private (Guid Pusher, IPushPusher Told, DateTimeOffset Until)? lease;

    protected override string JournalName => $"push-shard/{this.GetPrimaryKeyLong()}";

    public async Task TouchAsync(AccountId account)
    {
        if (IndexOf(State, account) < 0)
        {
            Record(new(account, HasSubscriptions: true));
        }

        await Durable();
        Tell(account);
    }

    public async Task RemoveAsync(AccountId account)
    {
        if (IndexOf(State, account) >= 0)
        {
            Record(new(account, HasSubscriptions: false));
        }

        await Durable();
        Tell(account);
    }

    public Task<PushRenewal> RenewAsync(Guid pusher, IPushPusher told, PushSeen seen)
    {
        var isFree = lease is not { } held || held.Pusher == pusher || held.Until <= time.GetUtcNow();
        if (isFree)
        {
            lease = (pusher, told, time.GetUtcNow() + PushShards.Lease);
        }

        return Task.FromResult(new PushRenewal(isFree, new(activation, touches), isFree ? TouchedSince(seen) : null));
    }

    public Task ReleaseAsync(Guid pusher)
    {
        if (lease?.Pusher == pusher)
        {
            lease = null;
        }

        return Task.CompletedTask;
    }

    public async Task<IReadOnlyList<AccountId>> GetPageAsync(AccountId? after, int count)
    {
        var at = after is { } account ? IndexOf(State, account) : -1;
        AccountId[] page = [.. State.Accounts.Skip(after is null ? 0 : at < 0 ? ~at : at + 1).Take(count).Select(listed => new AccountId(listed))];
        await Durable();
        return page;
    }

    protected override void Apply(PushShardState state, PushAccountListed recorded)
    {
        var at = IndexOf(state, recorded.Account);
        if (recorded.HasSubscriptions && at < 0)
        {
            state.Accounts.Insert(~at, recorded.Account.Value);
        }
        else if (!recorded.HasSubscriptions && at >= 0)
        {
            state.Accounts.RemoveAt(at);
        }
    }

    // One way: the call waits for nobody. What does not arrive is told with the next renewal.
    private void Tell(AccountId account)
    {
        touches++;
        touched.Enqueue(account);
        if (touched.Count > MostTouched)
        {
            touched.Dequeue();
        }

        lease?.Told.TouchedAsync(account).Ignore();
    }

    private AccountId[]? TouchedSince(PushSeen seen)
    {
        var missed = touches - seen.Touches;
        return seen.Activation == activation && missed <= touched.Count ? [.. touched.Skip(touched.Count - (int)missed).Distinct()] : null;
    }

    private static int IndexOf(PushShardState state, AccountId account) => state.Accounts.BinarySearch(account.Value, StringComparer.Ordinal);
}
