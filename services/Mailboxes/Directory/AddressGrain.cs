using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>What one address stands for.</summary>
internal sealed class AddressGrain(GrainStorage storage, MailboxesOptions options, UnknownNames unknown)
    : SnapshotGrain<AddressState, AddressChanged>(storage), IAddressGrain, IAddressDeletionGrain
{
    /// <summary>The claim of the change that is under way.</summary>
    private Guid? claiming;

    /// <summary>What it has is being removed, and so is this address in the end: whoever asks meanwhile, as a part that is told something late, must not make anew what is gone already.</summary>
    private bool isRemoving;

    private string Key => this.GetPrimaryKeyString();

    protected override string JournalName => JournalNameOf(Key);

    public static string JournalNameOf(string key) => $"address/{key}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.Record is null)
        {
            unknown.Add(GrainContext);
        }
    }

    /// <summary>What the address stands for; null when it was deleted, too.</summary>
    private AddressRecord? Current => State.GoneAt is null && !isRemoving ? State.Record : null;

    private AddressChanged Unchanged => new(State.Record) { Claim = State.Claim, GoneAt = State.GoneAt, IsUncounted = State.IsUncounted };

    public async Task<AddressRecord?> GetAsync()
    {
        var record = Current;
        await Durable();
        return record;
    }

    public Task<PutAddressResult> PutAsync(AddressRecord record) => PutAsync(record, null);

    public async Task<PutAddressResult> PutSeenAsync(AddressRecord? seen, AddressRecord record, AccountState? state)
    {
        // What interleaves with this call changes nothing of the record, so that it is still so when the new one is recorded.
        if (Current is { } current ? seen is null || !current.IsSameAs(seen) : seen is not null)
        {
            await Durable();
            return PutAddressResult.NotAsSeen;
        }

        return await PutAsync(record, state);
    }

    public async Task<bool> ReplaceVerifierAsync(string expected, string verifier)
    {
        var same = Current is { } record && record.Verifier == expected;
        if (same)
        {
            Record(Unchanged with { Record = State.Record! with { Verifier = verifier } });
        }

        await Durable();
        return same;
    }

    public async Task<ClaimState> ResolveClaimAsync(Guid claim)
    {
        if (claim != claiming && claim != State.Claim)
        {
            // It changes nothing, and so no other activation that may still be alive and have the claim can apply it: its append is at a position that is taken.
            Record(Unchanged);
        }

        var state = claim == State.Claim ? ClaimState.Applied : claim == claiming ? ClaimState.Undecided : ClaimState.Abandoned;
        await Durable();
        return state;
    }

    public async Task<bool> SetStateAsync(AccountState state)
    {
        if (Current is { } record && record.State != state)
        {
            Record(Unchanged with { Record = record with { State = state } });
        }

        var changed = Current;
        await Durable();
        if (changed is null)
        {
            return false;
        }

        // Also when it was so before: who repeats the call does not know whether the edges were told.
        await TellAsync(changed);
        return true;
    }

    public async Task<bool> SetSecondFactorAsync(bool has)
    {
        var isAccount = Current is { Kind: AddressKind.Account };
        if (isAccount && State.Record!.HasSecondFactor != has)
        {
            Record(Unchanged with { Record = State.Record! with { HasSecondFactor = has } });
        }

        // Edges are told nothing: a login reads the record, and sessions that are open stay.
        await Durable();
        return isAccount;
    }

    public async Task<DateTimeOffset?> DeleteAsync()
    {
        if (State.Record is not { } record)
        {
            await Durable();
            return null;
        }

        // The list first: what is deleted is on it, whenever this process dies. An entry too many is passed over.
        var goneAt = State.GoneAt ?? Storage.Time.GetUtcNow() + options.DeletedFor;
        await GrainFactory.GetGrain<IDeletionsGrain>(Deletions.PartOf(Key)).AddAsync(Key, goneAt);
        if (State.GoneAt is null)
        {
            Record(Unchanged with { GoneAt = goneAt });
        }

        await Durable();
        await TellAsync(record);
        return goneAt;
    }

    public async Task<bool> RestoreAsync()
    {
        var record = State.GoneAt > Storage.Time.GetUtcNow() ? State.Record : null;
        if (record is not null)
        {
            Record(Unchanged with { GoneAt = null });
        }

        await Durable();
        if (record is not null)
        {
            await GrainFactory.GetGrain<IDeletionsGrain>(Deletions.PartOf(Key)).RemoveAsync(Key);
            await TellAsync(record);
        }

        return record is not null;
    }

    public async Task<PurgeResult> PurgeAsync()
    {
        if (State.GoneAt is not { } goneAt || goneAt > Storage.Time.GetUtcNow())
        {
            var result = State.GoneAt is null ? PurgeResult.NotDeleted : PurgeResult.NotYet;
            await Durable();
            return result;
        }

        if (State.Record is { } record)
        {
            await GrainFactory.GetGrain<IAddressIndexGrain>(AddressIndex.GrainKey(record.Address.AsciiDomain, AddressIndex.BucketOf(Key))).RemoveAsync(Key);
        }

        await RemoveAsync();
        return PurgeResult.Gone;
    }

    public async Task<PurgeResult> PurgeWithDomainAsync()
    {
        var domain = Key[(Key.LastIndexOf('@') + 1)..];
        if (await GrainFactory.GetGrain<IDomainDeletionGrain>(domain).FindDeletedAsync() is not { IsOver: true })
        {
            await Durable();
            return PurgeResult.NotYet;
        }

        await RemoveAsync();
        return PurgeResult.Gone;
    }

    protected override void Apply(AddressState state, AddressChanged recorded) => state.Apply(recorded);

    // Each step may be repeated, and this grain's own end is the last: until then it says that there is something to do.
    private async Task RemoveAsync()
    {
        isRemoving = true;
        if (State.Record is { } record)
        {
            await GrainFactory.GetGrain<IAppPasswordsGrain>(Key).DestroyAsync();
            await GrainFactory.GetGrain<ITotpGrain>(Key).DestroyAsync();
            await GrainFactory.GetGrain<ILoginsGrain>(Key).DestroyAsync();
            foreach (var list in ApiTokenLists.KeysOf(record.Tenant, Key))
            {
                await GrainFactory.GetGrain<IApiTokenListGrain>(list).DestroyAsync();
            }

            if (record.Group is not null)
            {
                await GrainFactory.GetGrain<IGroupGrain>(Key).DestroyAsync();
            }

            if (record.Account is { } account)
            {
                await GrainFactory.GetGrain<IMailboxGrain>(account.Value).DestroyAsync();
                await GrainFactory.GetGrain<ISendingGrain>(account.Value).DestroyAsync();
                await GrainFactory.GetGrain<IPushSubscriptionsGrain>(account.Value).DestroyAsync();
                await GrainFactory.GetGrain<ISubmissionsGrain>(account.Value).DestroyAsync();
                await GrainFactory.GetGrain<IVacationGrain>(account.Value).DestroyAsync();
            }

            await GiveRoomBackAsync(record);
        }

        await DestroyStateAsync();
    }

    // The claim is settled while this grain can still say what became of it.
    private async Task GiveRoomBackAsync(AddressRecord record)
    {
        if (State.Claim is not { } counted)
        {
            return;
        }

        var usage = UsageOf(record.Tenant);
        await AnswerOf(usage.SettleAsync(counted));
        if (State.IsUncounted)
        {
            return;
        }

        var claim = Guid.NewGuid();
        claiming = claim;
        try
        {
            await AnswerOf(usage.ClaimAsync(new(claim, Key, -Accounts(record), -Octets(record)), TenantLimits.None));
            Record(Unchanged with { Claim = claim, IsUncounted = true });
        }
        finally
        {
            claiming = null;
        }

        await Durable();
        await AnswerOf(usage.SettleAsync(claim));
    }

    private ITenantUsageGrain UsageOf(TenantId tenant) => GrainFactory.GetGrain<ITenantUsageGrain>(tenant.Value);

    /// <summary>Makes room for what the address will come to. The claim before it is settled first: this one will take its place, and nobody could ask for it.</summary>
    private async Task<ClaimResult> ClaimAsync(AddressRecord record, TenantLimits limits)
    {
        // Without a claim it never counted: it was made before there were counts.
        var (before, after) = (State.Claim is null ? null : State.Record, record);
        var accounts = Accounts(after) - Accounts(before);
        var octets = Octets(after) - Octets(before);
        if (accounts == 0 && octets == 0)
        {
            return ClaimResult.Granted;
        }

        if (State.Claim is { } last)
        {
            await AnswerOf(UsageOf(record.Tenant).SettleAsync(last));
        }

        claiming = Guid.NewGuid();
        return await AnswerOf(UsageOf(record.Tenant).ClaimAsync(new(claiming.Value, Key, accounts, octets), limits));
    }

    private async Task<PutAddressResult> PutAsync(AddressRecord record, AccountState? state)
    {
        if (await GrainFactory.GetGrain<IDomainGrain>(record.Address.AsciiDomain).GetTenantAsync() != record.Tenant)
        {
            return PutAddressResult.NotHosted;
        }

        if (State.GoneAt is not null)
        {
            await Durable();
            return PutAddressResult.Deleted;
        }

        var limits = (await GrainFactory.GetGrain<ITenantGrain>(record.Tenant.Value).GetTermsAsync()).Limits;
        var existing = State.Record;
        record = record with
        {
            Account = existing?.Account ?? (record.Kind == AddressKind.Account ? AccountId.New(record.Tenant) : null),
            State = state ?? existing?.State ?? AccountState.Active,
            HasSecondFactor = existing?.HasSecondFactor ?? false,

            // What was a group may have members: they go with the address.
            Group = record.Group ?? existing?.Group ?? (record.Kind == AddressKind.Group ? GroupSettings.None : null),
            QuotaBytes = record.QuotaBytes == 0 && Counts(record) && !Counts(existing) ? limits.AccountBytes : record.QuotaBytes,
        };
        if (limits.StorageBytes > 0 && record.QuotaBytes == 0 && Counts(record) && !(Counts(existing) && existing!.QuotaBytes == 0))
        {
            return PutAddressResult.QuotaNeeded;
        }

        try
        {
            return await ClaimAsync(record, limits) switch
            {
                ClaimResult.TooManyAccounts => PutAddressResult.TooManyAccounts,
                ClaimResult.TooMuchStorage => PutAddressResult.TooMuchStorage,
                _ => await PutAsync(existing, record, tells: state is not null),
            };
        }
        finally
        {
            claiming = null;
        }
    }

    private async Task<PutAddressResult> PutAsync(AddressRecord? existing, AddressRecord record, bool tells)
    {
        // The mailbox and the index first: an address that exists has both, whenever this process dies.
        if (record.Kind == AddressKind.Account)
        {
            await GrainFactory.GetGrain<IMailboxGrain>(record.Account!.Value.Value).CreateAsync(new() { QuotaBytes = record.QuotaBytes, Folders = options.NewFolders });
        }

        var index = AddressIndex.GrainKey(record.Address.AsciiDomain, AddressIndex.BucketOf(Key));
        await GrainFactory.GetGrain<IAddressIndexGrain>(index).AddAsync(Key);

        Record(Unchanged with { Record = record, Claim = claiming ?? State.Claim });
        await Durable();
        if (claiming is { } claim)
        {
            // Nobody waits for it: should it be lost, the count asks this address.
            UsageOf(record.Tenant).SettleAsync(claim).Ignore();
        }

        if (existing is null)
        {
            // Edges remember nothing of what does not exist.
            return PutAddressResult.Created;
        }

        // A state also when it was so before: who repeats the call does not know whether the edges were told.
        if (tells || LeadsElsewhere(existing, record))
        {
            await TellAsync(record);
        }

        return PutAddressResult.Updated;
    }

    // A postmaster is there because the RFC wants it.
    private static bool Counts(AddressRecord? record) =>
        record is { Kind: AddressKind.Account } && !record.Address.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase);

    private static int Accounts(AddressRecord? record) => Counts(record) ? 1 : 0;

    private static long Octets(AddressRecord? record) => Counts(record) ? record!.QuotaBytes : 0;

    private static bool LeadsElsewhere(AddressRecord before, AddressRecord after) =>
        before.Kind != after.Kind || !before.Targets.SequenceEqual(after.Targets) || !before.SendAs.SequenceEqual(after.SendAs) || before.Group != after.Group;

    private Task TellAsync(AddressRecord record) => GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(
        new(record.Tenant, Key, record.Account, EndsSessions: State.GoneAt is not null || record.Kind != AddressKind.Account || record.State == AccountState.Suspended));
}
