using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Tokens;

/// <summary>One token of the admin API.</summary>
[Reentrant]
internal sealed class ApiTokenGrain(GrainStorage storage, UnknownNames unknown) : SnapshotGrain<ApiTokenState, ApiTokenChanged>(storage), IApiTokenGrain
{
    /// <summary>A use within this time of the last is not written down.</summary>
    private static readonly TimeSpan UsesApart = TimeSpan.FromHours(1);

    protected override string JournalName => $"token/{this.GetPrimaryKeyString()}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.Token is null)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task CreateAsync(ApiToken token)
    {
        Record(new(token));
        await Durable();
    }

    public async Task<ApiToken?> FindAsync()
    {
        var token = State.Token;
        await Durable();
        return token;
    }

    public async Task UseAsync()
    {
        var now = Storage.Time.GetUtcNow();
        if (State.Token is { } token && !(now - token.LastUsedAt < UsesApart))
        {
            Record(new(token with { LastUsedAt = now }));
        }

        await Durable();
    }

    public async Task<bool> RevokeAsync()
    {
        // Also when there is none: one whose removal broke off may have left parts of its state.
        var hadOne = State.Token is not null;
        await DestroyStateAsync();
        return hadOne;
    }

    protected override void Apply(ApiTokenState state, ApiTokenChanged recorded) => state.Token = recorded.Token;
}
