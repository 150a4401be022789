using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>
/// Removes a tenant for good whose time is over: its mail that waits, its domains, its suppression list, its API tokens, its jobs, its counts, and last the tenant itself, which says
/// until then that there is something to do. Every step may be repeated.
/// </summary>
internal sealed class TenantPurge(IGrainFactory grains, IMessageBlobs blobs, DomainPurge domains)
{
    /// <summary>Entries of one shard that are taken at a time.</summary>
    private const int Page = 500;

    public async Task<PurgeResult> RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<ITenantDeletionGrain>(tenant.Value);
        var deleted = await grain.FindDeletedAsync();
        if (deleted is not { IsOver: true })
        {
            return deleted is null ? PurgeResult.NotDeleted : PurgeResult.NotYet;
        }

        // Mail first: while its mailboxes are there none of it is returned as mail to nobody.
        await CancelAsync(tenant, cancellationToken);
        var isEmpty = true;
        foreach (var domain in deleted.Domains)
        {
            await grains.GetGrain<IDomainDeletionGrain>(domain).DeleteWithTenantAsync();
            isEmpty &= await domains.RunAsync(domain, cancellationToken) == PurgeResult.Gone;
        }

        if (!isEmpty)
        {
            return PurgeResult.NotYet;
        }

        await ForgetListsAsync(tenant);
        return await grain.ForgetAsync();
    }

    // What a tenant's mail costs is what waits of it: a shard's pages say whose mail they have.
    private async Task CancelAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var filter = SpoolFilter.Everything with { Tenant = tenant };
        for (var shard = 0; shard < SpoolShards.Count; shard++)
        {
            var spool = grains.GetGrain<ISpoolGrain>(shard);
            for (var page = await spool.GetPageAsync(filter, "", Page); page.Count > 0; page = await spool.GetPageAsync(filter, page[^1].Key, Page))
            {
                // The outcome first: a body that loses its owner before is missed by whoever has the entry in hand. A body whose release is lost is one that no owner holds, and the sweep finds those.
                await spool.ReportAsync([.. page.Select(entry => new SpoolReport { Key = entry.Key, Final = true })]);
                foreach (var entry in page)
                {
                    await blobs.ReleaseAsync(entry.Message.Body.Name, OwnerOf(entry), cancellationToken);
                }
            }
        }
    }

    private static string OwnerOf(SpoolEntry entry) =>
        entry.Kind == SpoolKind.Local ? BodyOwner.Mailbox(entry.Recipient.Mailboxes[0]) : BodyOwner.Spool(entry.Message.Id, entry.Recipient.Remote[0]);

    // The index last: it says which parts there are.
    private async Task ForgetListsAsync(TenantId tenant)
    {
        var index = grains.GetGrain<ISuppressionIndexGrain>(tenant.Value);
        var used = await index.GetUsedAsync();
        foreach (var bucket in Enumerable.Range(0, SuppressionList.Buckets).Where(bucket => SuppressionList.IsUsed(used, bucket)))
        {
            await grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(tenant, bucket)).DestroyAsync();
        }

        await index.DestroyAsync();
        await grains.GetGrain<IJobListGrain>(JobLists.KeyOf(tenant)).DestroyAsync();
        await grains.GetGrain<IApiTokenListGrain>(ApiTokenLists.KeyOf(tenant, null)).DestroyAsync();
        await grains.GetGrain<ITenantOidcGrain>(tenant.Value).DestroyAsync();
        await grains.GetGrain<ISendingGrain>(tenant.Value).DestroyAsync();
        await grains.GetGrain<ITenantUsageGrain>(tenant.Value).DestroyAsync();
    }
}
