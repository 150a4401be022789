using System.Runtime.CompilerServices;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Removes what was deleted for good once its time is over: addresses, domains, tenants. Only what is due is read.</summary>
internal sealed class DueDeletions(IGrainFactory grains, DomainPurge domains, TenantPurge tenants, ILogger<DueDeletions> log)
{
    private const int Page = 100;

    /// <summary>What is gone, each when nothing is left of it.</summary>
    public async IAsyncEnumerable<UpkeepRecord> PurgeAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var part = 0; part < Deletions.Parts; part++)
        {
            var list = grains.GetGrain<IDeletionsGrain>(part);
            var page = await list.GetDueAsync("", Page);
            while (page.Count > 0)
            {
                foreach (var key in page)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (await TryPurgeAsync(list, key, cancellationToken))
                    {
                        yield return new() { Kind = UpkeepKind.Deleted, Subject = SubjectOf(key), Text = $"{KindOf(key)} that was deleted, with all that it had" };
                    }
                }

                page = await list.GetDueAsync(page[^1], Page);
            }
        }
    }

    // True: it is gone. One that was restored, or made anew, is only taken off the list.
    private async Task<bool> TryPurgeAsync(IDeletionsGrain list, string key, CancellationToken cancellationToken)
    {
        try
        {
            var result = await PurgeAsync(key, cancellationToken);
            if (result != PurgeResult.NotYet)
            {
                await list.RemoveDueAsync(key);
            }

            return result == PurgeResult.Gone;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // It stays on the list, for the next sweep.
            MailboxesLog.NotPurged(log, key, e);
            return false;
        }
    }

    private Task<PurgeResult> PurgeAsync(string key, CancellationToken cancellationToken) =>
        Deletions.DomainOf(key) is { } domain ? domains.RunAsync(domain, cancellationToken)
        : Deletions.TenantOf(key) is { } tenant ? tenants.RunAsync(tenant, cancellationToken)
        : grains.GetGrain<IAddressGrain>(key).PurgeAsync();

    private static string SubjectOf(string key) => Deletions.DomainOf(key) ?? Deletions.TenantOf(key)?.Value ?? key;

    private static string KindOf(string key) => Deletions.DomainOf(key) is not null ? "a domain" : Deletions.TenantOf(key) is not null ? "a tenant" : "an address";
}
