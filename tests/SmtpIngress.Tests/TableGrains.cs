using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>The directory and mailboxes of these tests: grains that answer from a table. What they do not need is not implemented.</summary>
internal static class Table
{
    public static readonly TenantId Demo = new("demo");
    private static readonly string Verifier = Verifiers.Create("mailcloud");

    public static readonly Dictionary<string, TenantId> Domains = new() { ["example.test"] = Demo, ["other.test"] = new("other") };

    public static readonly Dictionary<string, AddressRecord> Addresses = new[]
    {
        Account("alice@example.test", "demo") with { SendAs = ["office@example.test"] },
        Account("bob@example.test", "demo"),
        Account("full@example.test", "demo"),
        Account("silent@example.test", "demo"),
        Account("carol@other.test", "other"),
        Account("用户@example.test", "demo"),
        Entry("team@example.test", AddressKind.Alias, "alice@example.test", "bob@example.test", "team@example.test"),
        Entry("postmaster@example.test", AddressKind.Alias, "alice@example.test"),
        Entry("outside@example.test", AddressKind.Alias, "someone@remote.example"),
        Entry("forward@example.test", AddressKind.Forwarded, "someone@remote.example"),
        Entry("moved@example.test", AddressKind.Moved, "new@remote.example"),
    }.Concat(Enumerable.Range(0, 12).Select(i => Entry($"deep{i}@example.test", AddressKind.Alias, $"deep{i + 1}@example.test"))).ToDictionary(r => r.Address.Key);

    public static EmailAddress Address(string text) => EmailAddress.TryParse(text, out var address) ? address : throw new ArgumentException(text);

    private static AddressRecord Account(string address, string tenant) => new()
    {
        Address = Address(address),
        Tenant = new(tenant),
        Kind = AddressKind.Account,
        Verifier = Verifier,
        Account = new($"{tenant}/{address.Split('@')[0]}"),
    };

    private static AddressRecord Entry(string address, AddressKind kind, params string[] targets) => new()
    {
        Address = Address(address),
        Tenant = Demo,
        Kind = kind,
        Targets = [.. targets.Select(Address)],
    };
}

internal sealed class TableDomainGrain : Grain, IDomainGrain
{
    public Task<bool> HostAsync(TenantId tenant) => throw new NotSupportedException();

    public Task<TenantId?> GetTenantAsync() => Task.FromResult(Table.Domains.TryGetValue(this.GetPrimaryKeyString(), out var t) ? t : default(TenantId?));
}

internal sealed class TableAddressGrain : Grain, IAddressGrain
{
    public Task<AddressRecord?> GetAsync() => this.GetPrimaryKeyString() == "away@example.test"
        ? throw new TimeoutException("the grain does not answer")
        : Task.FromResult(Table.Addresses.GetValueOrDefault(this.GetPrimaryKeyString()));

    public Task<PutAddressResult> PutAsync(AddressRecord record) => throw new NotSupportedException();

    public Task<bool> ReplaceVerifierAsync(string expected, string verifier) => Task.FromResult(true);
}

/// <summary>Bob is logged in, and nobody else; of Silent nobody can say it.</summary>
internal sealed class TableTerminalsGrain : Grain, ITerminalsGrain
{
    public Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts) => accounts.Contains(new("demo/silent"))
        ? throw new TimeoutException("the grain does not answer")
        : Task.FromResult<IReadOnlyList<AccountId>>([.. accounts.Where(account => account.Value == "demo/bob")]);

    public Task AttachAsync(ITerminalEdge edge) => throw new NotSupportedException();

    public Task DetachAsync(ITerminalEdge edge) => throw new NotSupportedException();

    public Task<bool> ShowAsync(AccountId account, string text) => throw new NotSupportedException();
}

internal sealed class TableMailboxGrain : Grain, IMailboxGrain
{
    public Task<MailboxQuota?> GetQuotaAsync() =>
        Task.FromResult<MailboxQuota?>(this.GetPrimaryKeyString() == "demo/full" ? new(100, 100) : new(0, 0));

    public Task CreateAsync(MailboxSettings settings) => throw new NotSupportedException();

    public Task<FilingOutcome> FileAsync(FilingRequest request) => throw new NotSupportedException();

    public Task<IReadOnlyList<FolderInfo>> ListFoldersAsync() => throw new NotSupportedException();

    public Task<FolderStatus?> GetStatusAsync(string folder) => throw new NotSupportedException();

    public Task<OpenedFolder?> OpenFolderAsync(string folder, bool claimRecent) => throw new NotSupportedException();

    public Task<FolderResult> CreateFolderAsync(Guid operation, NewFolder folder) => throw new NotSupportedException();

    public Task<FolderResult> DeleteFolderAsync(Guid operation, string name) => throw new NotSupportedException();

    public Task<FolderResult> RenameFolderAsync(Guid operation, string name, string newName) => throw new NotSupportedException();

    public Task<FolderResult> SetSubscribedAsync(string name, bool subscribed) => throw new NotSupportedException();

    public Task<AppendResult> AppendAsync(AppendRequest request) => throw new NotSupportedException();

    public Task<CopyResult> CopyAsync(CopyRequest request) => throw new NotSupportedException();

    public Task<ExpungeResult> ExpungeAsync(ExpungeRequest request) => throw new NotSupportedException();

    public Task<MaildropPage> OpenMaildropAsync(MaildropRequest request) => throw new NotSupportedException();

    public Task<bool> HoldMaildropAsync(Guid session) => throw new NotSupportedException();

    public Task ReleaseMaildropAsync(Guid session) => throw new NotSupportedException();

    public Task<MaildropOutcome> UpdateMaildropAsync(MaildropUpdate update) => throw new NotSupportedException();

    public Task<long> WatchAsync(IMailboxObserver observer) => throw new NotSupportedException();

    public Task UnwatchAsync(IMailboxObserver observer) => throw new NotSupportedException();

    public Task<FolderChanges?> GetChangesAsync(ChangesRequest request) => throw new NotSupportedException();

    public Task<MessagePage> FetchAsync(FetchRequest request) => throw new NotSupportedException();

    public Task<StoreResult> StoreFlagsAsync(StoreRequest request) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> HoldsBodiesAsync(IReadOnlyList<string> bodies) => throw new NotSupportedException();
}
