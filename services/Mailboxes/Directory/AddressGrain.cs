using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>What one address stands for.</summary>
internal sealed class AddressGrain(GrainStorage storage, MailboxesOptions options, UnknownNames unknown)
    : SnapshotGrain<AddressState, AddressChanged>(storage), IAddressGrain
{
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

        var existing = State.Record;
        var account = existing?.Account ?? (record.Kind == AddressKind.Account ? AccountId.New(record.Tenant) : null);
        record = record with { Account = account, State = existing?.State ?? AccountState.Active };

        // The mailbox and the index first: an address that exists has both, whenever this process dies.
        if (record.Kind == AddressKind.Account)
        {
            await GrainFactory.GetGrain<IMailboxGrain>(account!.Value.Value).CreateAsync(new() { QuotaBytes = record.QuotaBytes, Folders = options.NewFolders });
        }

        var index = AddressIndex.GrainKey(record.Address.AsciiDomain, AddressIndex.BucketOf(Key));
        await GrainFactory.GetGrain<IAddressIndexGrain>(index).AddAsync(Key);

        Record(new AddressChanged(record));
        await Durable();
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

    public async Task<bool> ReplaceVerifierAsync(string expected, string verifier)
    {
        var same = State.Record is { } record && record.Verifier == expected;
        if (same)
        {
            Record(new AddressChanged(State.Record! with { Verifier = verifier }));
        }

        await Durable();
        return same;
    }

    public async Task<bool> SetStateAsync(AccountState state)
    {
        if (State.Record is { } record && record.State != state)
        {
            Record(new AddressChanged(record with { State = state }));
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

    protected override void Apply(AddressState state, AddressChanged recorded) => state.Record = recorded.Record;

    private static bool LeadsElsewhere(AddressRecord before, AddressRecord after) =>
        before.Kind != after.Kind || !before.Targets.SequenceEqual(after.Targets) || !before.SendAs.SequenceEqual(after.SendAs);

    private Task TellAsync(AddressRecord record) => GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(
        new(record.Tenant, Key, record.Account, EndsSessions: record.Kind != AddressKind.Account || record.State == AccountState.Suspended));
}
