using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>A tenant and the list of its domains.</summary>
internal sealed class TenantGrain(GrainStorage storage) : SnapshotGrain<TenantState, TenantEvent>(storage), ITenantGrain
{
    private TenantId Tenant => new(this.GetPrimaryKeyString());

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
        var info = State.Created ? new TenantInfo(Tenant, [.. State.Domains]) { State = State.State } : null;
        await Durable();
        return info;
    }

    public async Task<bool> AddDomainAsync(string domain)
    {
        // The domain's own grain decides who has it; this list follows, and a repeat finishes what a crash left half done.
        if (!State.Created || !await GrainFactory.GetGrain<IDomainGrain>(domain).HostAsync(Tenant))
        {
            return false;
        }

        if (!State.Domains.Contains(domain))
        {
            Record(new DomainAdded(domain));
        }

        await Durable();
        await AddPostmasterAsync(new("postmaster", domain));
        return true;
    }

    public async Task<AccountState> GetStateAsync()
    {
        var state = State.State;
        await Durable();
        return state;
    }

    public async Task<bool> SetStateAsync(AccountState state)
    {
        if (State.Created && State.State != state)
        {
            Record(new TenantStateChanged(state));
        }

        var exists = State.Created;
        await Durable();
        if (exists)
        {
            // Also when it was so before: who repeats the call does not know whether the edges were told.
            await GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(new(Tenant, null, null, EndsSessions: state == AccountState.Suspended));
        }

        return exists;
    }

    protected override void Apply(TenantState state, TenantEvent recorded)
    {
        state.Created = true;
        switch (recorded)
        {
            case DomainAdded added:
                state.Domains.Add(added.Domain);
                break;
            case TenantStateChanged changed:
                state.State = changed.State;
                break;
        }
    }

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
