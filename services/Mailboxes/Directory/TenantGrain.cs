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
        var info = State.Created ? new TenantInfo(Tenant, [.. State.Domains]) { State = State.State, Limits = State.Limits ?? TenantLimits.None } : null;
        await Durable();
        return info;
    }

    public async Task<bool> AddDomainAsync(string domain) => await HostDomainAsync(domain) == HostDomainResult.Hosted;

    public async Task<HostDomainResult> HostDomainAsync(string domain)
    {
        if (!State.Created)
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
            return HostDomainResult.Taken;
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
        var terms = new TenantTerms(State.State, State.Limits ?? TenantLimits.None);
        await Durable();
        return terms;
    }

    public async Task<bool> SetLimitsAsync(TenantLimits limits)
    {
        if (State.Created && State.Limits != limits)
        {
            Record(new TenantLimitsChanged(limits));
        }

        return await TellAsync();
    }

    public async Task<bool> SetStateAsync(AccountState state)
    {
        if (State.Created && State.State != state)
        {
            Record(new TenantStateChanged(state));
        }

        return await TellAsync();
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
            case TenantLimitsChanged changed:
                state.Limits = changed.Limits;
                break;
        }
    }

    // False: there is no such tenant. Told also when nothing changed: who repeats a call does not know whether the edges were told.
    private async Task<bool> TellAsync()
    {
        var (exists, isSuspended) = (State.Created, State.State == AccountState.Suspended);
        await Durable();
        if (exists)
        {
            await GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(new(Tenant, null, null, EndsSessions: isSuspended));
        }

        return exists;
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
