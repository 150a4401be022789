using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>
/// Removes a domain for good whose time is over: its addresses by pages of their index, each with all that it has, then the index, the keys, the place in its tenant's list, and
/// last the domain, which says until then that there is something to do. Every step may be repeated, so that what breaks off is finished the next time.
/// </summary>
internal sealed class DomainPurge(IGrainFactory grains, ILogger<DomainPurge> log)
{
    private const int Page = 100;

    /// <summary>Addresses, each of which deletes a mailbox: enough to fill the store's group commits, and few beside the calls of mail.</summary>
    private const int AtATime = 8;

    public async Task<PurgeResult> RunAsync(string domain, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IDomainDeletionGrain>(domain);
        var deleted = await grain.FindDeletedAsync();
        if (deleted is not { IsOver: true })
        {
            return deleted is null ? PurgeResult.NotDeleted : PurgeResult.NotYet;
        }

        var isEmpty = true;
        for (var bucket = 0; bucket < AddressIndex.Buckets; bucket++)
        {
            isEmpty &= await PurgeAsync(grains.GetGrain<IAddressIndexGrain>(AddressIndex.GrainKey(domain, bucket)), cancellationToken);
        }

        if (!isEmpty)
        {
            return PurgeResult.NotYet;
        }

        await grains.GetGrain<IDkimGrain>(domain).DestroyAsync();
        return await grains.GetGrain<ITenantDeletionGrain>(deleted.Tenant.Value).RemoveDomainAsync(domain) ? await grain.ForgetAsync() : PurgeResult.NotYet;
    }

    // True: the list is empty, and gone itself.
    private async Task<bool> PurgeAsync(IAddressIndexGrain index, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken };
        for (var page = await index.GetPageAsync("", Page); page.Count > 0; page = await index.GetPageAsync(page[^1], Page))
        {
            await Parallel.ForEachAsync(page, parallel, async (key, _) => await PurgeAsync(key, index));
        }

        return await index.DestroyAsync();
    }

    private async Task PurgeAsync(string key, IAddressIndexGrain index)
    {
        try
        {
            // The entry last: as long as there is something of the address it says so.
            if (await grains.GetGrain<IAddressDeletionGrain>(key).PurgeWithDomainAsync() == PurgeResult.Gone)
            {
                await index.RemoveAsync(key);
            }
        }
        catch (Exception e)
        {
            // The others go all the same, and this one keeps its domain for the next sweep.
            MailboxesLog.NotPurged(log, key, e);
        }
    }
}
