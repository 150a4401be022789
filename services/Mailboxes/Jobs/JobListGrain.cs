using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>
/// Makes the jobs of a tenant or of the platform: 1. the queue admits it, 2. the list has it, 3. it is made. So none works that nobody sees or calls, and what a death leaves of one that was not made
/// the queue drops, and the list as it drops what has ended.
/// </summary>
[Reentrant]
internal sealed class JobListGrain(GrainStorage storage) : SnapshotGrain<JobListState, JobListed>(storage), IJobListGrain
{
    /// <summary>Of those that are too many or too old, how many one addition forgets: more than it adds, so that they become fewer.</summary>
    private const int ForgottenAtOnce = 10;

    protected override string JournalName => $"jobs/{this.GetPrimaryKeyString()}";

    public async Task<JobInfo?> BeginAsync(JobSpec spec)
    {
        await ForgetOldAsync();
        var id = JobIds.New(Storage.Time.GetUtcNow());
        var queue = GrainFactory.GetGrain<IJobQueueGrain>((long)spec.Kind);

        // Step 1
        if (!await queue.AddAsync(id, spec.Tenant))
        {
            return null;
        }

        // Step 2
        Record(new(id, IsListed: true));
        await Durable();

        // Step 3
        var job = GrainFactory.GetGrain<IJobGrain>(id);
        await job.CreateAsync(spec);
        await queue.PokeAsync();
        return await job.FindAsync();
    }

    public async Task<IReadOnlyList<string>> GetPageAsync(string after, int count)
    {
        var page = State.Listed.Where(id => string.CompareOrdinal(id, after) > 0).Take(count).ToArray();
        await Durable();
        return page;
    }

    public async Task DestroyAsync()
    {
        foreach (var id in State.Listed.ToArray())
        {
            await GrainFactory.GetGrain<IJobGrain>(id).DestroyAsync();
        }

        await DestroyStateAsync();
    }

    protected override void Apply(JobListState state, JobListed recorded)
    {
        var at = state.Listed.BinarySearch(recorded.Job, StringComparer.Ordinal);
        if (recorded.IsListed && at < 0)
        {
            state.Listed.Insert(~at, recorded.Job);
        }
        else if (!recorded.IsListed && at >= 0)
        {
            state.Listed.RemoveAt(at);
        }
    }

    private async Task ForgetOldAsync()
    {
        var oldest = Storage.Time.GetUtcNow() - JobLists.KeptFor;
        var old = State.Listed.Where((id, place) => place >= JobLists.Kept || JobIds.MadeAt(id) < oldest).Reverse().Take(ForgottenAtOnce).ToArray();
        foreach (var id in old)
        {
            // The job first: while it is on the list it is not lost.
            if (await GrainFactory.GetGrain<IJobGrain>(id).ForgetAsync() && State.Listed.Contains(id))
            {
                Record(new(id, IsListed: false));
            }
        }
    }
}
