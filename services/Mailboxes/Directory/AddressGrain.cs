using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>What one address stands for.</summary>
internal sealed class AddressGrain(GrainStorage storage, MailboxesOptions options, UnknownNames unknown)
    : SnapshotGrain<AddressState, AddressChanged>(storage), IAddressGrain
{
    /// <summary>The claim of the change that is under way.</summary>
    private Guid? claiming;

    private string Key => this.GetPrimaryKeyString();

    protected override string JournalName => $"address/{Key}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.Record is null)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task<AddressRecord?> GetAsync()
    {
        var record = State.Record;
        await Durable();
        return record;
    }

    public async Task<PutAddressResult> PutAsync(AddressRecord record)
    {
        if (await GrainFactory.GetGrain<IDomainGrain>(record.Address.AsciiDomain).GetTenantAsync() != record.Tenant)
        {
            return PutAddressResult.NotHosted;
        }

        var limits = (await GrainFactory.GetGrain<ITenantGrain>(record.Tenant.Value).GetTermsAsync()).Limits;
        var existing = State.Record;
        record = record with
        {
            Account = existing?.Account ?? (record.Kind == AddressKind.Account ? AccountId.New(record.Tenant) : null),
            State = existing?.State ?? AccountState.Active,
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
                _ => await PutAsync(existing, record),
            };
        }
        finally
        {
            claiming = null;
        }
    }

    public async Task<bool> ReplaceVerifierAsync(string expected, string verifier)
    {
        var same = State.Record is { } record && record.Verifier == expected;
        if (same)
        {
            Record(new(State.Record! with { Verifier = verifier }) { Claim = State.Claim });
        }

        await Durable();
        return same;
    }

    public async Task<ClaimState> ResolveClaimAsync(Guid claim)
    {
        if (claim != claiming && claim != State.Claim)
        {
            // It changes nothing, and so no other activation that may still be alive and have the claim can apply it: its append is at a position that is taken.
            Record(new(State.Record) { Claim = State.Claim });
        }

        var state = claim == State.Claim ? ClaimState.Applied : claim == claiming ? ClaimState.Undecided : ClaimState.Abandoned;
        await Durable();
        return state;
    }

    public async Task<bool> SetStateAsync(AccountState state)
    {
        if (State.Record is { } record && record.State != state)
        {
            Record(new(record with { State = state }) { Claim = State.Claim });
        }

        var changed = State.Record;
        await Durable();
        if (changed is null)
        {
            return false;
        }

        // Also when it was so before: who repeats the call does not know whether the edges were told.
        await TellAsync(changed);
        return true;
    }

    protected override void Apply(AddressState state, AddressChanged recorded) => (state.Record, state.Claim) = (recorded.Record, recorded.Claim);

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
            await UsageOf(record.Tenant).SettleAsync(last);
        }

        claiming = Guid.NewGuid();
        return await UsageOf(record.Tenant).ClaimAsync(new(claiming.Value, Key, accounts, octets), limits);
    }

    private async Task<PutAddressResult> PutAsync(AddressRecord? existing, AddressRecord record)
    {
        // The mailbox and the index first: an address that exists has both, whenever this process dies.
        if (record.Kind == AddressKind.Account)
        {
            await GrainFactory.GetGrain<IMailboxGrain>(record.Account!.Value.Value).CreateAsync(new() { QuotaBytes = record.QuotaBytes, Folders = options.NewFolders });
        }

        var index = AddressIndex.GrainKey(record.Address.AsciiDomain, AddressIndex.BucketOf(Key));
        await GrainFactory.GetGrain<IAddressIndexGrain>(index).AddAsync(Key);

        Record(new(record) { Claim = claiming ?? State.Claim });
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

        if (LeadsElsewhere(existing, record))
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
        before.Kind != after.Kind || !before.Targets.SequenceEqual(after.Targets) || !before.SendAs.SequenceEqual(after.SendAs);

    private Task TellAsync(AddressRecord record) => GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(
        new(record.Tenant, Key, record.Account, EndsSessions: record.Kind != AddressKind.Account || record.State == AccountState.Suspended));
}
