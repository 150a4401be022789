using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>Who hosts a domain here, at most one tenant, and where addresses lead that it has not.</summary>
internal sealed class DomainGrain(GrainStorage storage, MailboxesOptions options, UnknownNames unknown)
    : SnapshotGrain<DomainState, DomainHosted>(storage), IDomainGrain, IDomainDeletionGrain
{
    private string Name => this.GetPrimaryKeyString();

    private string DeletionKey => Deletions.KeyOfDomain(Name);

    protected override string JournalName => $"domain/{Name}";

    /// <summary>Who hosts it; nobody when it was deleted, too.</summary>
    private TenantId? Current => State.GoneAt is null ? State.Tenant : null;

    private DomainInfo? Info => Current is { } tenant ? new(tenant, State.Route ?? DomainRoute.None) : null;

    private DomainHosted Unchanged => new(State.Tenant!.Value) { Route = State.Route, GoneAt = State.GoneAt, IsEnding = State.IsEnding };

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.Tenant is null)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task<bool> HostAsync(TenantId tenant)
    {
        if (State.Tenant is null)
        {
            Record(new DomainHosted(tenant));
        }

        var hosted = Current == tenant;
        await Durable();
        return hosted;
    }

    public async Task<TenantId?> GetTenantAsync()
    {
        var tenant = Current;
        await Durable();
        return tenant;
    }

    public async Task<DomainInfo?> FindAsync()
    {
        var info = Info;
        await Durable();
        return info;
    }

    public Task<RouteDomainResult> RouteAsync(DomainRoute route) => RouteAsync(route, null);

    public Task<RouteDomainResult> RouteSeenAsync(DomainInfo seen, DomainRoute route) => RouteAsync(route, seen);

    public async Task<DateTimeOffset?> DeleteAsync()
    {
        if (State.Tenant is not { } tenant)
        {
            await Durable();
            return null;
        }

        // The list first: what is deleted is on it, whenever this process dies. An entry too many is passed over.
        var goneAt = State.GoneAt ?? Storage.Time.GetUtcNow() + options.DeletedFor;
        await ListAsync(goneAt);
        if (State.GoneAt is null)
        {
            Record(Unchanged with { GoneAt = goneAt });
        }

        await Durable();
        await TellAsync(tenant);
        return goneAt;
    }

    public async Task<bool> RestoreAsync()
    {
        var tenant = !State.IsEnding && State.GoneAt > Storage.Time.GetUtcNow() ? State.Tenant : null;
        if (tenant is not null)
        {
            Record(Unchanged with { GoneAt = null });
        }

        await Durable();
        if (tenant is not null)
        {
            await GrainFactory.GetGrain<IDeletionsGrain>(Deletions.PartOf(DeletionKey)).RemoveAsync(DeletionKey);
            await TellAsync(tenant.Value);
        }

        return tenant is not null;
    }

    public async Task<bool> DeleteWithTenantAsync()
    {
        if (State.Tenant is not { } tenant || await GrainFactory.GetGrain<ITenantDeletionGrain>(tenant.Value).FindDeletedAsync() is not { IsOver: true })
        {
            await Durable();
            return false;
        }

        if (!State.IsEnding)
        {
            var now = Storage.Time.GetUtcNow();
            await ListAsync(now);
            Record(Unchanged with { GoneAt = State.GoneAt ?? now, IsEnding = true });
        }

        await Durable();
        return true;
    }

    public async Task<DeletedDomain?> FindDeletedAsync()
    {
        // Recorded, so that no other activation that may still be alive can restore what is being removed: its append is at a position that is taken.
        if (!State.IsEnding && State.GoneAt <= Storage.Time.GetUtcNow())
        {
            Record(Unchanged with { IsEnding = true });
        }

        var deleted = State is { Tenant: { } tenant, GoneAt: { } goneAt } ? new DeletedDomain(tenant, goneAt, State.IsEnding) : null;
        await Durable();
        return deleted;
    }

    public async Task<PurgeResult> ForgetAsync()
    {
        if (!State.IsEnding)
        {
            var result = State.GoneAt is null ? PurgeResult.NotDeleted : PurgeResult.NotYet;
            await Durable();
            return result;
        }

        await DestroyStateAsync();
        return PurgeResult.Gone;
    }

    protected override void Apply(DomainState state, DomainHosted recorded) => state.Apply(recorded);

    private async Task<RouteDomainResult> RouteAsync(DomainRoute route, DomainInfo? seen)
    {
        if (Current is not { } tenant)
        {
            await Durable();
            return RouteDomainResult.NotHosted;
        }

        if (route.AliasOf is { } other && !await IsTargetAsync(other, tenant))
        {
            return RouteDomainResult.NoTarget;
        }

        if (seen is not null && seen != Info)
        {
            await Durable();
            return RouteDomainResult.NotAsSeen;
        }

        if ((State.Route ?? DomainRoute.None) != route)
        {
            Record(Unchanged with { Route = route });
        }

        await Durable();

        // Also when it was so before: who repeats the call does not know whether the edges were told.
        await TellAsync(tenant);
        return RouteDomainResult.Routed;
    }

    private Task ListAsync(DateTimeOffset goneAt) => GrainFactory.GetGrain<IDeletionsGrain>(Deletions.PartOf(DeletionKey)).AddAsync(DeletionKey, goneAt);

    private Task TellAsync(TenantId tenant) =>
        GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(new(tenant, null, null, EndsSessions: State.GoneAt is not null) { Domain = Name });

    private async Task<bool> IsTargetAsync(string other, TenantId tenant) =>
        other != Name && await GrainFactory.GetGrain<IDomainGrain>(other).FindAsync() is { Route.AliasOf: null } found && found.Tenant == tenant;
}
