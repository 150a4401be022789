using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Directory;

/// <summary>The tenants, read off the names of their journals: nothing is kept beside those, so that no death leaves the list wrong, and installations of before have it.</summary>
[StatelessWorker]
internal sealed class TenantListGrain(IJournal journal) : Grain, ITenantListGrain
{
    private const string Prefix = "tenant/";

    public async Task<IReadOnlyList<string>> GetPageAsync(string after, int count) =>
        await journal.ListAsync(Prefix, Prefix + after, CancellationToken.None).Select(name => name[Prefix.Length..]).Where(TenantId.IsValid).Take(count).ToArrayAsync();
}
