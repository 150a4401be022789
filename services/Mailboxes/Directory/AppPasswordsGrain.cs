using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Directory;

/// <summary>The app passwords of one account, which its address need not carry: they are asked for when somebody logs in with what looks like one. Re-entrant: an edge that is told asks back.</summary>
[Reentrant]
internal sealed class AppPasswordsGrain(GrainStorage storage, UnknownNames unknown) : SnapshotGrain<AppPasswordsState, AppPasswordEvent>(storage), IAppPasswordsGrain
{
    /// <summary>How old the last use is before another is noted.</summary>
    private static readonly TimeSpan NotedEvery = TimeSpan.FromHours(1);

    private string Key => this.GetPrimaryKeyString();

    private IAddressGrain Address => GrainFactory.GetGrain<IAddressGrain>(Key);

    protected override string JournalName => $"app-passwords/{Key}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.Kept.Count == 0)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task<IReadOnlyList<AppPassword>> ListAsync()
    {
        AppPassword[] all = [.. State.Kept.Select(kept => kept.Password)];
        await Durable();
        return all;
    }

    public async Task<AddAppPasswordResult> AddAsync(AppPassword password, string digest)
    {
        var isAccount = await Address.GetAsync() is { Kind: AddressKind.Account };
        var result = !isAccount ? AddAppPasswordResult.NoAccount
            : Find(State, password.Id) >= 0 ? AddAppPasswordResult.Added
            : State.Kept.Count >= AppPassword.Most ? AddAppPasswordResult.TooMany
            : State.Kept.Exists(kept => kept.Password.Name.Equals(password.Name, StringComparison.OrdinalIgnoreCase)) ? AddAppPasswordResult.NameTaken
            : AddAppPasswordResult.Added;
        if (result == AddAppPasswordResult.Added && Find(State, password.Id) < 0)
        {
            Record(new AppPasswordAdded(new(password, digest)));
        }

        await Durable();
        return result;
    }

    public async Task<bool> RemoveAsync(Guid id)
    {
        var isKept = Find(State, id) >= 0;
        if (isKept)
        {
            Record(new AppPasswordRemoved(id));
        }

        await Durable();

        // Also when it was removed before: who repeats the call does not know whether the edges were told.
        if (await Address.GetAsync() is { Account: { } account } record)
        {
            await GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(new(record.Tenant, Key, account, EndsSessions: false) { AppPassword = id });
        }

        return isKept;
    }

    public async Task<AppPassword?> UseAsync(string digest, LoginProtocols protocol, string network)
    {
        var now = Storage.Time.GetUtcNow();
        var password = State.Kept.Find(kept => kept.Digest == digest)?.Password;
        if (password is null || !password.Scopes.HasFlag(protocol) || password.ExpiresAt <= now)
        {
            password = null;
        }
        else if (password.LastUse is null || now - password.LastUse.At >= NotedEvery)
        {
            Record(new AppPasswordUsed(password.Id, new(now, protocol, network)));
        }

        await Durable();
        return password;
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(AppPasswordsState state, AppPasswordEvent recorded)
    {
        switch (recorded)
        {
            case AppPasswordAdded added:
                state.Kept.Add(added.Kept);
                break;
            case AppPasswordRemoved removed:
                state.Kept.RemoveAll(kept => kept.Password.Id == removed.Password);
                break;
            case AppPasswordUsed used when Find(state, used.Password) is >= 0 and var at:
                state.Kept[at] = state.Kept[at] with { Password = state.Kept[at].Password with { LastUse = used.Use } };
                break;
        }
    }

    private static int Find(AppPasswordsState state, Guid id) => state.Kept.FindIndex(kept => kept.Password.Id == id);
}
