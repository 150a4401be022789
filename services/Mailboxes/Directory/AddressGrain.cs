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

        var account = State.Record?.Account ?? (record.Kind == AddressKind.Account ? AccountId.New(record.Tenant) : null);
        record = record with { Account = account };

        // The mailbox and the index first: an address that exists has both, whenever this process dies.
        if (record.Kind == AddressKind.Account)
        {
            await GrainFactory.GetGrain<IMailboxGrain>(account!.Value.Value).CreateAsync(new() { QuotaBytes = record.QuotaBytes, Folders = options.NewFolders });
        }

        var index = AddressIndex.GrainKey(record.Address.AsciiDomain, AddressIndex.BucketOf(Key));
        await GrainFactory.GetGrain<IAddressIndexGrain>(index).AddAsync(Key);

        var result = State.Record is null ? PutAddressResult.Created : PutAddressResult.Updated;
        Record(new AddressChanged(record));
        await Durable();
        return result;
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

    protected override void Apply(AddressState state, AddressChanged recorded) => state.Record = recorded.Record;
}
