using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>
/// The jobs of one kind that have not ended. It only says who is to go on: a job knows itself how far it is, and that it has ended. Two activations of the queue may have more jobs go on than there
/// should be, for ten seconds; of two activations of a job the journal refuses one.
/// </summary>
[Reentrant]
internal sealed class JobQueueGrain(GrainStorage storage) : SnapshotGrain<JobQueueState, JobQueued>(storage), IJobQueueGrain
{
    /// <summary>After so long one that was admitted and is not there was never made: <see cref="JobGrain.MadeWithin"/> is less.</summary>
    private static readonly TimeSpan missingFor = TimeSpan.FromMinutes(5);

    private JobKind Kind => (JobKind)this.GetPrimaryKeyLong();

    protected override string JournalName => $"job-queue/{this.GetPrimaryKeyLong()}";

    public async Task<bool> AddAsync(string id, TenantId? tenant)
    {
        var owner = JobLists.KeyOf(tenant);
        var hasRoom = State.Open.Count < JobQueues.MostOpen && State.Open.Count(open => open.Owner == owner) < JobQueues.MostOfOne;
        if (hasRoom)
        {
            Record(new(id, owner, IsOpen: true));
        }

        await Durable();
        return hasRoom;
    }

    public async Task EndedAsync(string id)
    {
        Remove(id);
        await PokeAsync();
    }

    public async Task PokeAsync()
    {
        var left = JobQueues.AtOnce(Kind);
        var working = new HashSet<string>();
        foreach (var open in State.Open.ToArray())
        {
            if (left == 0)
            {
                break;
            }

            if (!working.Contains(open.Owner) && await HasGoneOnAsync(open))
            {
                working.Add(open.Owner);
                left--;
            }
        }

        await Durable();
    }

    protected override void Apply(JobQueueState state, JobQueued recorded)
    {
        if (recorded.IsOpen)
        {
            state.Open.Add(recorded);
        }
        else
        {
            state.Open.RemoveAll(open => open.Job == recorded.Job);
        }
    }

    // False: it leaves its place to the next.
    private async Task<bool> HasGoneOnAsync(JobQueued open)
    {
        try
        {
            var standing = await GrainFactory.GetGrain<IJobGrain>(open.Job).GoOnAsync();
            if (standing == JobStanding.Ended || (standing == JobStanding.Missing && JobIds.MadeAt(open.Job) < Storage.Time.GetUtcNow() - missingFor))
            {
                Remove(open.Job);
            }

            return standing == JobStanding.Running;
        }
        catch (Exception e)
        {
            // It is asked again with the next poke.
            MailboxesLog.JobSilent(Storage.Loggers.CreateLogger<JobQueueGrain>(), open.Job, e);
            return false;
        }
    }

    private void Remove(string id)
    {
        if (State.Open.Exists(open => open.Job == id))
        {
            Record(new(id, "", IsOpen: false));
        }
    }
}
