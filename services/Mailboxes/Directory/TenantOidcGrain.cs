using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;

namespace MailCloud.Mailboxes.Directory;

/// <summary>The issuer of a tenant's tokens, if it has one.</summary>
internal sealed class TenantOidcGrain(GrainStorage storage) : SnapshotGrain<TenantOidcState, OidcIssuerChanged>(storage), ITenantOidcGrain
{
    protected override string JournalName => $"oidc/{this.GetPrimaryKeyString()}";

    public async Task<OidcIssuer?> GetAsync()
    {
        var issuer = State.Issuer;
        await Durable();
        return issuer;
    }

    public async Task SetAsync(OidcIssuer issuer)
    {
        Record(new(issuer));
        await Durable();
    }

    public async Task<bool> RemoveAsync()
    {
        var had = State.Issuer is not null;
        if (had)
        {
            Record(new(null));
        }

        await Durable();
        return had;
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(TenantOidcState state, OidcIssuerChanged recorded) => state.Issuer = recorded.Issuer;
}
