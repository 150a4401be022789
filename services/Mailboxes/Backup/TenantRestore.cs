using System.Runtime.CompilerServices;
using MailCloud.Backup;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Jobs;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Mailboxes.Upkeep;
using MailCloud.Messages;
using Orleans.Core.Internal;

namespace MailCloud.Mailboxes.Backup;

/// <summary>
/// Brings back a tenant that is gone, exactly as it was: 1. what may stand in the way is looked at, 2. its blobs come back, 3. the journals of its addresses, 4. its own lists, 5. its domains, from when
/// on they are hosted, 6. the tenant, which says that it is complete. Every step may be repeated. Of a tenant that is there each account gets back what its mailbox lacks.
/// </summary>
internal sealed class TenantRestore(IGrainFactory grains, GrainStorage storage, BackupPlace place, MailboxesOptions options, MailboxRestore mailboxes)
{
    public async IAsyncEnumerable<UpkeepRecord> RunAsync(TenantId tenant, RestoreFrom wanted, RestoreCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var from = await BackupReader.OpenAsync(place, wanted.Backup, storage.Serializer, options, cancellationToken);
        var state = await from.FindAsync<TenantState, TenantEvent>($"tenant/{tenant}", (s, e) => s.Apply(e), cancellationToken);
        if (state is not { Created: true })
        {
            throw new JobRefusedException($"backup {from.Name} has no tenant {tenant}");
        }

        if (await grains.GetGrain<ITenantGrain>(tenant.Value).GetAsync() is not null)
        {
            await foreach (var record in FillAsync(from, tenant, state, wanted, counts, cancellationToken))
            {
                yield return record;
            }

            yield return counts.Summary($"{counts.Restored} messages of backup {from.Name} came back to {counts.Mailboxes} mailboxes of {tenant}, of {counts.Messages} that they have");
            yield break;
        }

        await BringBackAsync(from, tenant, state, wanted.BegunAt, counts, cancellationToken);
        yield return new() { Kind = UpkeepKind.Restored, Subject = tenant.Value, Text = $"the tenant is as it was at {from.Name}" };
        yield return counts.Summary($"{tenant} is as it was at {from.Name}: {counts.Mailboxes} mailboxes, {counts.Journals} journals and {counts.Bodies} bodies came back");
    }

    private async IAsyncEnumerable<UpkeepRecord> FillAsync(
        BackupReader from, TenantId tenant, TenantState state, RestoreFrom wanted, RestoreCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var names = new TenantJournals(from, tenant);
        await foreach (var key in state.Domains.ToAsyncEnumerable().SelectMany(domain => names.AddressesOfAsync(domain, cancellationToken)).WithCancellation(cancellationToken))
        {
            if (await AddressOfAsync(from, key, cancellationToken) is not { GoneAt: null, Record: { Kind: AddressKind.Account } record } || record.Tenant != tenant)
            {
                continue;
            }

            // What one account refuses keeps no other from its mail.
            await using var found = mailboxes.RunAsync(from, key, tenant, wanted, counts, cancellationToken).GetAsyncEnumerator(cancellationToken);
            for (var (next, refused) = await NextAsync(found); next is not null || refused is not null; (next, refused) = refused is null ? await NextAsync(found) : (null, null))
            {
                yield return next ?? counts.Problem(key, refused!);
            }
        }
    }

    private static async Task<(UpkeepRecord? Next, string? Refused)> NextAsync(IAsyncEnumerator<UpkeepRecord> records)
    {
        try
        {
            return (await records.MoveNextAsync() ? records.Current : null, null);
        }
        catch (JobRefusedException e)
        {
            return (null, e.Message);
        }
    }

    private async Task BringBackAsync(BackupReader from, TenantId tenant, TenantState state, DateTimeOffset begunAt, RestoreCounts counts, CancellationToken cancellationToken)
    {
        // Step 1
        var domains = await DomainsOfAsync(from, tenant, state, cancellationToken);
        await EnsureGoneAsync(from, tenant, state);
        foreach (var (domain, _) in domains)
        {
            await EnsureFreeAsync(domain, tenant);
        }

        // Step 2
        await CopyBlobsAsync(from, $"{tenant}/", begunAt, counts, cancellationToken);

        // Step 3
        var names = new TenantJournals(from, tenant);
        foreach (var (domain, _) in domains)
        {
            await Parallel.ForEachAsync(names.AddressesOfAsync(domain, cancellationToken), Lanes.Options(cancellationToken), async (key, token) =>
                await CopyAddressAsync(from, names, key, counts, token));
            await CopyAllAsync(from, names.OfDomainAsync(domain, cancellationToken), counts, cancellationToken);
        }

        // Step 4
        await CopyAllAsync(from, names.OfTenantAsync(cancellationToken), counts, cancellationToken);

        // Step 5
        foreach (var (domain, goneAt) in domains)
        {
            await CopyDomainAsync(from, domain, tenant, goneAt, counts, cancellationToken);
        }

        // Step 6
        await CopyTenantAsync(from, tenant, state, counts, cancellationToken);
        await grains.GetGrain<IStandingNewsGrain>(0).TellAsync(new(tenant, null, null, EndsSessions: false));
    }

    // A domain that has gone to another tenant since is not this one's.
    private static async Task<List<(string Domain, DateTimeOffset? GoneAt)>> DomainsOfAsync(BackupReader from, TenantId tenant, TenantState state, CancellationToken cancellationToken)
    {
        var domains = new List<(string, DateTimeOffset?)>();
        foreach (var domain in state.Domains)
        {
            if (await from.FindAsync<DomainState, DomainHosted>($"domain/{domain}", (s, e) => s.Apply(e), cancellationToken) is { } hosted && hosted.Tenant == tenant)
            {
                domains.Add((domain, hosted.GoneAt));
            }
        }

        return domains;
    }

    private async Task EnsureGoneAsync(BackupReader from, TenantId tenant, TenantState state)
    {
        if (state.IsEnding)
        {
            throw new JobRefusedException($"{tenant} was being removed when backup {from.Name} was taken: name an older one");
        }

        if (await grains.GetGrain<ITenantDeletionGrain>(tenant.Value).FindDeletedAsync() is { } deleted)
        {
            throw new JobRefusedException(deleted.IsOver
                ? $"{tenant} is being removed: sweep, and restore it when it is gone"
                : $"{tenant} is deleted and still there until {deleted.GoneAt:u}: mailcloud tenant restore {tenant} brings it back");
        }
    }

    private async Task EnsureFreeAsync(string domain, TenantId tenant)
    {
        var host = await grains.GetGrain<IDomainGrain>(domain).GetTenantAsync() ?? (await grains.GetGrain<IDomainDeletionGrain>(domain).FindDeletedAsync())?.Tenant;
        if (host is { } other && other != tenant)
        {
            throw new JobRefusedException($"{domain} is {other}'s now: delete it there, and restore {tenant} when the domain is gone");
        }
    }

    private async Task CopyBlobsAsync(BackupReader from, string prefix, DateTimeOffset begunAt, RestoreCounts counts, CancellationToken cancellationToken)
    {
        var blobs = from.Blobs.ListAsync(prefix, cancellationToken).Where(blob => !blob.Name.StartsWith($"{prefix}job-input/", StringComparison.Ordinal));
        await Parallel.ForEachAsync(blobs, Lanes.Options(cancellationToken), async (blob, token) => await CopyAsync(from, blob, begunAt, token));
        counts.Bodies += await from.Blobs.ListAsync($"{prefix}body/", cancellationToken).CountAsync(cancellationToken);
    }

    // What is left of the tenant is written anew: nobody holds it now, so it may be swept at any time, and a body that was released is never held again.
    private async Task CopyAsync(BackupReader from, StoredBlob blob, DateTimeOffset begunAt, CancellationToken cancellationToken)
    {
        var left = await storage.Blobs.FindAsync(blob.Name, cancellationToken);
        if (left is not null && left.CreatedAt >= begunAt && left.Released.Count == 0)
        {
            return;
        }

        if (left is not null)
        {
            await storage.Blobs.DeleteAsync([blob.Name], cancellationToken);
        }

        await BlobCopy.CopyAsync(from.Blobs, storage.Blobs, blob, cancellationToken);
    }

    private static Task<AddressState?> AddressOfAsync(BackupReader from, string key, CancellationToken cancellationToken) =>
        from.FindAsync<AddressState, AddressChanged>(AddressGrain.JournalNameOf(key), (s, e) => s.Apply(e), cancellationToken);

    private async Task CopyAddressAsync(BackupReader from, TenantJournals names, string key, RestoreCounts counts, CancellationToken cancellationToken)
    {
        var state = await AddressOfAsync(from, key, cancellationToken);
        await foreach (var name in names.OfAddressAsync(key, state?.Record?.Account, cancellationToken))
        {
            await CopyAsync(from, name, counts, cancellationToken);
        }

        if (state?.GoneAt is { } goneAt)
        {
            await grains.GetGrain<IDeletionsGrain>(Deletions.PartOf(key)).AddAsync(key, goneAt);
        }

        await CopyAsync(from, AddressGrain.JournalNameOf(key), counts, cancellationToken);
    }

    private async Task CopyAllAsync(BackupReader from, IAsyncEnumerable<string> names, RestoreCounts counts, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(names, Lanes.Options(cancellationToken), async (name, token) => await CopyAsync(from, name, counts, token));

    private async Task CopyDomainAsync(BackupReader from, string domain, TenantId tenant, DateTimeOffset? goneAt, RestoreCounts counts, CancellationToken cancellationToken)
    {
        if (goneAt is { } at)
        {
            var key = Deletions.KeyOfDomain(domain);
            await grains.GetGrain<IDeletionsGrain>(Deletions.PartOf(key)).AddAsync(key, at);
        }

        // Another tenant may have taken it meanwhile: one that has a journal now is written over only if it is this tenant's, of an attempt that broke off.
        var name = $"domain/{domain}";
        await CopyManifestAsync(from, name, cancellationToken);
        if (!await JournalCopy.CopyNewAsync(from.Journals, storage.Journal, name, cancellationToken))
        {
            await EnsureFreeAsync(domain, tenant);
            await JournalCopy.CopyAsync(from.Journals, storage.Journal, name, cancellationToken);
        }

        await ForgetAsync(name, counts);
    }

    private async Task CopyTenantAsync(BackupReader from, TenantId tenant, TenantState state, RestoreCounts counts, CancellationToken cancellationToken)
    {
        var (name, key) = ($"tenant/{tenant}", Deletions.KeyOfTenant(tenant));
        var deletions = grains.GetGrain<IDeletionsGrain>(Deletions.PartOf(key));
        if (state.GoneAt is { } goneAt)
        {
            // It was deleted when the backup was taken, and whoever restores it wants it back. On the list all the same until that is written, so that a sweep finishes what a death leaves.
            await deletions.AddAsync(key, goneAt);
        }

        await CopyAsync(from, name, counts, cancellationToken);
        if (state.GoneAt is not null)
        {
            var head = await storage.Journal.OpenAsync(name, cancellationToken);
            await storage.Journal.AppendAsync(name, head, [storage.Serializer.Encode<TenantEvent>(new TenantDeletionChanged(null, IsEnding: false))], cancellationToken);
            await deletions.RemoveAsync(key);
            await DeactivateAsync(name);
        }
    }

    private async Task CopyAsync(BackupReader from, string name, RestoreCounts counts, CancellationToken cancellationToken)
    {
        await CopyManifestAsync(from, name, cancellationToken);
        if (await RestoredJournal.CopyAsync(from.Journals, storage.Journal, storage.Serializer, name, storage.Time.GetUtcNow(), cancellationToken) is not null)
        {
            await ForgetAsync(name, counts);
        }
    }

    // A mailbox's stands among the tenant's blobs, with the parts that it names; of all others it is the state.
    private async Task CopyManifestAsync(BackupReader from, string name, CancellationToken cancellationToken)
    {
        if ((await from.Journals.OpenAsync(name, cancellationToken)).Manifest is { } manifest && StateParts.AccountOf(name) is null)
        {
            var blob = await from.Blobs.FindAsync(manifest, cancellationToken) ?? throw new JobRefusedException($"backup {from.Name} lacks {manifest}: name another one");
            await BlobCopy.CopyAsync(from.Blobs, storage.Blobs, blob, cancellationToken);
        }
    }

    private async Task ForgetAsync(string name, RestoreCounts counts)
    {
        lock (counts)
        {
            counts.Journals++;
            counts.Mailboxes += StateParts.AccountOf(name) is null ? 0 : 1;
        }

        await DeactivateAsync(name);
    }

    // One that was asked while there was nothing has nothing still. What it would write is refused, as its journal has moved; what it answers must be read anew.
    private async Task DeactivateAsync(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        await JournalKinds.OfTenants[name[..slash]](grains, name[(slash + 1)..]).AsReference<IGrainManagementExtension>().DeactivateOnIdle();
    }
}
