using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Invariant: no turn is given while one of the other kind of work lasts. Several sweeps, or several backups, do not disturb each other.</summary>
[Reentrant]
internal sealed class UpkeepTurnsGrain(GrainStorage storage) : SnapshotGrain<UpkeepTurnsState, UpkeepTurnTaken>(storage), IUpkeepTurnsGrain
{
    public const string JournalPrefix = "upkeep-turns/";

    protected override string JournalName => JournalPrefix + this.GetPrimaryKeyLong();

    public async Task<bool> TakeAsync(Guid turn, UpkeepWork work)
    {
        var now = Storage.Time.GetUtcNow();
        var isFree = !State.Taken.Exists(taken => taken.Work != work && taken.Until > now);
        if (isFree)
        {
            Record(new(turn, work, now + IUpkeepTurnsGrain.Lasts));
        }

        await Durable();
        return isFree;
    }

    public async Task EndAsync(Guid turn)
    {
        if (State.Taken.Find(taken => taken.Turn == turn) is { } ended)
        {
            Record(ended with { Until = null });
        }

        await Durable();
    }

    protected override void Apply(UpkeepTurnsState state, UpkeepTurnTaken recorded)
    {
        // With each that is taken those go whose time was over before: their holders have died.
        state.Taken.RemoveAll(taken => taken.Turn == recorded.Turn || taken.Until < recorded.Until - IUpkeepTurnsGrain.Lasts);
        if (recorded.Until is not null)
        {
            state.Taken.Add(recorded);
        }
    }
}
