using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Suppressions;

/// <summary>Which parts of a tenant's suppression list hold anything. A bit that is set stays set: a part that is empty again costs a call.</summary>
[Reentrant]
internal sealed class SuppressionIndexGrain(GrainStorage storage) : SnapshotGrain<SuppressionIndexState, SuppressionBucketUsed>(storage), ISuppressionIndexGrain
{
    protected override string JournalName => $"suppression-index/{this.GetPrimaryKeyString()}";

    public async Task<ulong> GetUsedAsync()
    {
        var used = State.Used;
        await Durable();
        return used;
    }

    public async Task UseAsync(int bucket)
    {
        if (!SuppressionList.IsUsed(State.Used, bucket))
        {
            Record(new(bucket));
        }

        await Durable();
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(SuppressionIndexState state, SuppressionBucketUsed recorded) => state.Used |= 1ul << recorded.Bucket;
}
