using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>Who hosts a domain here: at most one tenant.</summary>
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

    protected override void Apply(DomainState state, DomainHosted recorded) => state.Tenant = recorded.Tenant;
}
