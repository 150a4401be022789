using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Push;

/// <summary>The push subscriptions of one account. Not reentrant: the list of its shard is changed within a call, in the order in which the account gets its first subscription and loses its last.</summary>
internal sealed class PushSubscriptionsGrain(GrainStorage storage) : SnapshotGrain<PushSubscriptionsState, PushSubscriptionEvent>(storage), IPushSubscriptionsGrain
{
    private AccountId Account => new(this.GetPrimaryKeyString());

    private IPushShardGrain Shard => GrainFactory.GetGrain<IPushShardGrain>(PushShards.Of(Account));

    protected override string JournalName => $"push/{Account.Value}";

    public async Task<IReadOnlyList<PushSubscription>> ListAsync()
    {
        PushSubscription[] live = [.. Live()];
        await Durable();
        return live;
    }

    public async Task<bool> AddAsync(PushSubscription subscription)
    {
        if (Find(State, subscription.Id) < 0)
        {
            if (Live().Count() >= PushSubscription.Most)
            {
                await Durable();
                return false;
            }

            // The list first: to what is not listed nobody pushes, whenever this process dies.
            await Shard.TouchAsync(Account);
            foreach (var over in State.Subscriptions.Where(IsOver).ToArray())
            {
                Record(new PushSubscriptionRemoved(over.Id));
            }

            Record(new PushSubscriptionAdded(subscription));
        }

        await DurableAndTold();
        return true;
    }

    public async Task<bool> UpdateAsync(PushSubscriptionUpdate update)
    {
        var exists = Live().Any(subscription => subscription.Id == update.Id);
        if (exists)
        {
            Record(new PushSubscriptionUpdated(update));
        }

        await DurableAndTold();
        return exists;
    }

    public async Task<bool> RemoveAsync(Guid subscription)
    {
        var exists = Find(State, subscription) >= 0;
        if (exists)
        {
            Record(new PushSubscriptionRemoved(subscription));
        }

        await DurableAndTold();
        return exists;
    }

    public async Task DestroyAsync()
    {
        await Shard.RemoveAsync(Account);
        await DestroyStateAsync();
    }

    protected override void Apply(PushSubscriptionsState state, PushSubscriptionEvent recorded)
    {
        switch (recorded)
        {
            case PushSubscriptionAdded(var added):
                state.Subscriptions.Add(added);
                break;
            case PushSubscriptionUpdated(var update) when Find(state, update.Id) is >= 0 and var at:
                state.Subscriptions[at] = Changed(state.Subscriptions[at], update);
                break;
            case PushSubscriptionRemoved(var removed):
                state.Subscriptions.RemoveAll(subscription => subscription.Id == removed);
                break;
        }
    }

    // Also when nothing was recorded: who repeats a call does not know whether the shard was told.
    private async Task DurableAndTold()
    {
        await Durable();
        await (State.Subscriptions.Count > 0 ? Shard.TouchAsync(Account) : Shard.RemoveAsync(Account));
    }

    private IEnumerable<PushSubscription> Live() => State.Subscriptions.Where(subscription => !IsOver(subscription));

    private bool IsOver(PushSubscription subscription) => subscription.Expires <= Storage.Time.GetUtcNow();

    private static PushSubscription Changed(PushSubscription subscription, PushSubscriptionUpdate update) => subscription with
    {
        IsCodeSent = subscription.IsCodeSent || update.IsCodeSent,
        IsVerified = subscription.IsVerified || update.IsVerified,
        Expires = update.Expires ?? subscription.Expires,
        Types = update.ChangesTypes ? update.Types : subscription.Types,
    };

    private static int Find(PushSubscriptionsState state, Guid id) => state.Subscriptions.FindIndex(subscription => subscription.Id == id);
}
