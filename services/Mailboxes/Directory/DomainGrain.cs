using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>Who hosts a domain here, at most one tenant, and where addresses lead that it has not.</summary>
internal sealed class DomainGrain(GrainStorage storage, UnknownNames unknown) : SnapshotGrain<DomainState, DomainHosted>(storage), IDomainGrain
{
    protected override string JournalName => $"domain/{this.GetPrimaryKeyString()}";

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

        var hosted = State.Tenant == tenant;
        await Durable();
        return hosted;
    }

    public async Task<TenantId?> GetTenantAsync()
    {
        var tenant = State.Tenant;
        await Durable();
        return tenant;
    }

    public async Task<DomainInfo?> FindAsync()
    {
        var info = State.Tenant is { } tenant ? new DomainInfo(tenant, State.Route ?? DomainRoute.None) : null;
        await Durable();
        return info;
    }

    public async Task<RouteDomainResult> RouteAsync(DomainRoute route)
    {
        if (State.Tenant is not { } tenant)
        {
            await Durable();
            return RouteDomainResult.NotHosted;
        }

        if (route.AliasOf is { } other && !await IsTargetAsync(other, tenant))
        {
            return RouteDomainResult.NoTarget;
        }

        if ((State.Route ?? DomainRoute.None) != route)
        {
            Record(new(tenant) { Route = route });
        }

        await Durable();

        // Also when it was so before: who repeats the call does not know whether the edges were told.
        await GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(new(tenant, null, null, EndsSessions: false));
        return RouteDomainResult.Routed;
    }

    protected override void Apply(DomainState state, DomainHosted recorded) => (state.Tenant, state.Route) = (recorded.Tenant, recorded.Route);

    private async Task<bool> IsTargetAsync(string other, TenantId tenant) =>
        other != this.GetPrimaryKeyString() && await GrainFactory.GetGrain<IDomainGrain>(other).FindAsync() is { Route.AliasOf: null } found && found.Tenant == tenant;
}
