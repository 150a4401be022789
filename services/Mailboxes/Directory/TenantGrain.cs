using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>A tenant and the list of its domains.</summary>
internal sealed class TenantGrain(GrainStorage storage, MailboxesOptions options) : SnapshotGrain<TenantState, TenantEvent>(storage), ITenantGrain, ITenantDeletionGrain
{
    private TenantId Tenant => new(this.GetPrimaryKeyString());

    private string DeletionKey => Deletions.KeyOfTenant(Tenant);

    private bool Exists => State is { Created: true, GoneAt: null };

    private TenantInfo? Info => Exists ? new(Tenant, [.. State.Domains]) { State = State.State, Limits = State.Limits ?? TenantLimits.None } : null;

    protected override string JournalName => $"tenant/{Tenant}";

    public async Task CreateAsync()
    {
        if (!State.Created)
        {
            Record(new TenantCreated());
        }

        await Durable();
    }

    public async Task<TenantInfo?> GetAsync()
    {
        var info = Info;
        await Durable();
        return info;
    }

    public async Task<IReadOnlyList<string>> GetDomainPageAsync(string after, int count)
    {
        string[] page = Exists ? [.. State.Domains.Where(domain => string.CompareOrdinal(domain, after) > 0).Order(StringComparer.Ordinal).Take(count)] : [];
        await Durable();
        return page;
    }

    public async Task<bool> AddDomainAsync(string domain) => await HostDomainAsync(domain) == HostDomainResult.Hosted;

    public async Task<HostDomainResult> HostDomainAsync(string domain)
    {
        if (!Exists)
        {
            await Durable();
            return HostDomainResult.NoSuchTenant;
        }

        if (State.Limits is { Domains: > 0 and var most } && State.Domains.Count >= most && !State.Domains.Contains(domain))
        {
            await Durable();
            return HostDomainResult.TooMany;
        }

        // The domain's own grain decides who has it; this list follows, and a repeat finishes what a crash left half done.
        if (!await GrainFactory.GetGrain<IDomainGrain>(domain).HostAsync(Tenant))
        {
            return await GrainFactory.GetGrain<IDomainDeletionGrain>(domain).FindDeletedAsync() is { } deleted && deleted.Tenant == Tenant ? HostDomainResult.Deleted : HostDomainResult.Taken;
        }

        if (!State.Domains.Contains(domain))
        {
            Record(new DomainAdded(domain));
        }

        await Durable();
        await AddPostmasterAsync(new("postmaster", domain));
        return HostDomainResult.Hosted;
    }

    public async Task<TenantTerms> GetTermsAsync()
    {
        var terms = new TenantTerms(State.GoneAt is null ? State.State : AccountState.Suspended, State.Limits ?? TenantLimits.None);
        await Durable();
        return terms;
    }

    public async Task<bool> SetLimitsAsync(TenantLimits limits)
    {
        if (Exists && State.Limits != limits)
        {
            Record(new TenantLimitsChanged(limits));
        }

        return await TellAsync();
    }

    public async Task<bool> SetStateAsync(AccountState state)
    {
        if (Exists && State.State != state)
        {
            Record(new TenantStateChanged(state));
        }

        return await TellAsync();
    }

    public async Task<bool> SetTermsAsync(TenantInfo seen, AccountState state, TenantLimits limits)
    {
        if (Info is not { } info || !info.IsSameAs(seen))
        {
            await Durable();
            return false;
        }

        if (info.State != state)
        {
            Record(new TenantStateChanged(state));
        }

        if (info.Limits != limits)
        {
            Record(new TenantLimitsChanged(limits));
        }

        return await TellAsync();
    }

    public async Task<DateTimeOffset?> DeleteAsync()
    {
        if (!State.Created)
        {
            await Durable();
            return null;
        }

        // The list first: what is deleted is on it, whenever this process dies. An entry too many is passed over.
        var goneAt = State.GoneAt ?? Storage.Time.GetUtcNow() + options.DeletedFor;
        await GrainFactory.GetGrain<IDeletionsGrain>(Deletions.PartOf(DeletionKey)).AddAsync(DeletionKey, goneAt);
        if (State.GoneAt is null)
        {
            Record(new TenantDeletionChanged(goneAt, IsEnding: false));
        }

        await Durable();
        await TellAsync(endsSessions: true);
        return goneAt;
    }

    public async Task<bool> RestoreAsync()
    {
        var isRestored = !State.IsEnding && State.GoneAt > Storage.Time.GetUtcNow();
        if (isRestored)
        {
            Record(new TenantDeletionChanged(null, IsEnding: false));
        }

        await Durable();
        if (isRestored)
        {
            await GrainFactory.GetGrain<IDeletionsGrain>(Deletions.PartOf(DeletionKey)).RemoveAsync(DeletionKey);
            await TellAsync();
        }

        return isRestored;
    }

    public async Task<DeletedTenant?> FindDeletedAsync()
    {
        // Recorded, so that no other activation that may still be alive can restore what is being removed: its append is at a position that is taken.
        if (!State.IsEnding && State.GoneAt <= Storage.Time.GetUtcNow())
        {
            Record(new TenantDeletionChanged(State.GoneAt, IsEnding: true));
        }

        var deleted = State.GoneAt is { } goneAt ? new DeletedTenant([.. State.Domains], goneAt, State.IsEnding) : null;
        await Durable();
        return deleted;
    }

    public async Task<bool> RemoveDomainAsync(string domain)
    {
        var isOver = !State.Domains.Contains(domain) || await GrainFactory.GetGrain<IDomainDeletionGrain>(domain).FindDeletedAsync() is { IsOver: true };
        if (isOver && State.Domains.Contains(domain))
        {
            Record(new DomainRemoved(domain));
        }

        await Durable();
        return isOver;
    }

    public async Task<PurgeResult> ForgetAsync()
    {
        if (!State.IsEnding || State.Domains.Count > 0)
        {
            var result = State.GoneAt is null ? PurgeResult.NotDeleted : PurgeResult.NotYet;
            await Durable();
            return result;
        }

        await DestroyStateAsync();
        return PurgeResult.Gone;
    }

    protected override void Apply(TenantState state, TenantEvent recorded) => state.Apply(recorded);

    // False: there is no such tenant. Told also when nothing changed: who repeats a call does not know whether the edges were told.
    private async Task<bool> TellAsync()
    {
        var (exists, isSuspended) = (Exists, State.State == AccountState.Suspended);
        await Durable();
        if (exists)
        {
            await TellAsync(isSuspended);
        }

        return exists;
    }

    private Task TellAsync(bool endsSessions) => GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(new(Tenant, null, null, endsSessions));

    // RFC 5321 §4.5.1: mail to postmaster is always accepted. The account has no password until an administrator gives it one or makes it an alias.
    private async Task AddPostmasterAsync(EmailAddress postmaster)
    {
        var grain = GrainFactory.GetGrain<IAddressGrain>(postmaster.Key);
        if (await grain.GetAsync() is null)
        {
            await grain.PutAsync(new() { Address = postmaster, Tenant = Tenant, Kind = AddressKind.Account });
        }
    }
}
