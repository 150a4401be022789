using MailCloud.Journal;
using MailCloud.MailboxContracts;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Jobs;

/// <summary>All jobs, read off the names of their journals as tenants are: nothing is kept beside those.</summary>
[StatelessWorker]
internal sealed class JobNamesGrain(IJournal journal) : Grain, IJobNamesGrain
{
    public async Task<IReadOnlyList<string>> GetPageAsync(string after, int count) =>
        await journal.ListAsync(JobGrain.Prefix, JobGrain.Prefix + after, CancellationToken.None).Select(name => name[JobGrain.Prefix.Length..]).Take(count).ToArrayAsync();
}
