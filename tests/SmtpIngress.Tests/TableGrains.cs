using System.Collections.Concurrent;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>The directory and mailboxes of these tests: grains that answer from a table. What they do not need is not implemented.</summary>
internal static class Table
{
    public static readonly TenantId Demo = new("demo");
    public static readonly TenantId Other = new("other");
    private static readonly string Verifier = Verifiers.Create("mailcloud");

    public static readonly Dictionary<string, TenantId> Domains = new()
    {
        ["example.test"] = Demo,
        ["named.test"] = Demo,
        ["caught.test"] = Demo,
        ["other.test"] = new("other"),
        ["closed.test"] = new("closed"),
        ["small.test"] = new("small"),
        ["few.test"] = new("few"),
        ["leaving.test"] = Demo,
        ["left.test"] = Demo,
        ["slow.test"] = new("slow"),
    };

    /// <summary>Domains that tests delete.</summary>
    public static readonly ConcurrentDictionary<string, bool> Deleted = new();

    /// <summary>How often each address was asked for.</summary>
    public static readonly ConcurrentDictionary<string, int> Asked = new();

    public static readonly Dictionary<string, DomainRoute> Routes = new()
    {
        ["named.test"] = new() { AliasOf = "example.test" },
        ["caught.test"] = new() { CatchAll = Address("bob@example.test") },
        ["few.test"] = new() { CatchAll = Address("nobody@few.test") },
        ["left.test"] = new() { AliasOf = "leaving.test" },
    };

    /// <summary>Issuers of tenants; none but those that tests name.</summary>
    public static readonly ConcurrentDictionary<string, OidcIssuer> Issuers = new();

    /// <summary>States that tests change; the others are those of the table.</summary>
    public static readonly ConcurrentDictionary<string, AccountState> States = new();

    public static readonly Dictionary<string, AddressRecord> Addresses = new[]
    {
        Account("alice@example.test", "demo") with { SendAs = ["office@example.test", "carol@other.test"] },
        Account("bob@example.test", "demo"),
        Account("full@example.test", "demo"),
        Account("silent@example.test", "demo"),
        Account("spent@example.test", "demo"),
        Account("thrift@example.test", "demo"),
        Account("counted@example.test", "demo"),
        Account("frozen@example.test", "demo") with { State = AccountState.Suspended },
        Account("guarded@example.test", "demo") with { HasSecondFactor = true },
        Account("listener@example.test", "demo") with { State = AccountState.ReceiveOnly },
        Account("erin@example.test", "demo"),
        Account("frank@example.test", "demo"),
        Account("carol@other.test", "other"),
        Account("carl@other.test", "other"),
        Account("full@other.test", "other"),
        Account("idle@other.test", "other") with { State = AccountState.Suspended },
        Entry("crew@other.test", AddressKind.Alias, "carol@other.test", "far1@remote.example", "far2@remote.example", "far3@remote.example") with { Tenant = Other },
        Entry("gone@other.test", AddressKind.Moved, "new@remote.example") with { Tenant = Other },
        Entry("onto@other.test", AddressKind.Forwarded, "someone@remote.example") with { Tenant = Other },
        Account("dora@closed.test", "closed"),
        Account("gina@small.test", "small"),
        Account("hugo@few.test", "few"),
        Account("own@named.test", "demo"),
        Account("ivy@leaving.test", "demo"),
        Account("ida@slow.test", "slow"),
        Entry("cold@example.test", AddressKind.Alias, "frozen@example.test"),
        Entry("mixed@example.test", AddressKind.Alias, "frozen@example.test", "bob@example.test"),
        Account("用户@example.test", "demo"),
        Entry("team@example.test", AddressKind.Alias, "alice@example.test", "bob@example.test", "team@example.test"),
        Entry("postmaster@example.test", AddressKind.Alias, "alice@example.test"),
        Entry("outside@example.test", AddressKind.Alias, "someone@remote.example"),
        Entry("crowd@example.test", AddressKind.Alias, [.. Enumerable.Range(0, 500).Select(i => $"member{i}@remote.example")]),
        Entry("forward@example.test", AddressKind.Forwarded, "someone@remote.example"),
        Entry("moved@example.test", AddressKind.Moved, "new@remote.example"),
        Group("open@example.test", GroupPosting.Anyone),
        Group("staff@example.test", GroupPosting.Tenant),
        Group("club@example.test", GroupPosting.Members),
        Group("masses@example.test", GroupPosting.Tenant),
        Entry("hall@example.test", AddressKind.Alias, "club@example.test"),
        Entry("foyer@example.test", AddressKind.Alias, "club@example.test", "bob@example.test", "open@example.test"),
    }
    .Concat(Enumerable.Range(0, 20).Select(i => Account($"kim{i}@example.test", "demo")))
    .Concat(Enumerable.Range(0, 12).Select(i => Entry($"deep{i}@example.test", AddressKind.Alias, $"deep{i + 1}@example.test"))).ToDictionary(r => r.Address.Key);

    /// <summary>By group; the others have none.</summary>
    public static readonly Dictionary<string, EmailAddress[]> Members = new()
    {
        ["club@example.test"] = [Address("bob@example.test"), Address("Someone@remote.example"), Address("carol@other.test")],
        ["masses@example.test"] = [.. Enumerable.Range(0, 501).Select(i => Address($"member{i}@remote.example"))],
    };

    public static EmailAddress Address(string text) => EmailAddress.TryParse(text, out var address) ? address : throw new ArgumentException(text);

    private static AddressRecord Account(string address, string tenant) => new()
    {
        Address = Address(address),
        Tenant = new(tenant),
        Kind = AddressKind.Account,
        Verifier = Verifier,
        Account = new($"{tenant}/{address.Split('@')[0]}"),
    };

    private static AddressRecord Group(string address, GroupPosting posting) => Entry(address, AddressKind.Group) with { Group = new() { Posting = posting } };

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

    public Task<DomainInfo?> FindAsync() => Task.FromResult(Table.Domains.TryGetValue(this.GetPrimaryKeyString(), out var tenant) && !Table.Deleted.ContainsKey(this.GetPrimaryKeyString())
        ? new DomainInfo(tenant, Table.Routes.GetValueOrDefault(this.GetPrimaryKeyString(), DomainRoute.None))
        : null);

    public Task<RouteDomainResult> RouteAsync(DomainRoute route) => throw new NotSupportedException();

    public Task<RouteDomainResult> RouteSeenAsync(DomainInfo seen, DomainRoute route) => throw new NotSupportedException();

    public Task<TenantId?> GetTenantAsync() => Task.FromResult(Table.Domains.TryGetValue(this.GetPrimaryKeyString(), out var t) ? t : default(TenantId?));
}

internal sealed class TableAddressGrain : Grain, IAddressGrain
{
    public Task<AddressRecord?> GetAsync()
    {
        Table.Asked.AddOrUpdate(this.GetPrimaryKeyString(), 1, (_, count) => count + 1);
        return this.GetPrimaryKeyString() == "away@example.test"
            ? throw new TimeoutException("the grain does not answer")
            : Task.FromResult(Table.Addresses.TryGetValue(this.GetPrimaryKeyString(), out var record)
                ? record with { State = Table.States.GetValueOrDefault(this.GetPrimaryKeyString(), record.State) }
                : null);
    }

    public async Task<bool> SetStateAsync(AccountState state)
    {
        Table.States[this.GetPrimaryKeyString()] = state;
        var record = Table.Addresses[this.GetPrimaryKeyString()];
        await GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(new(record.Tenant, record.Address.Key, record.Account, state == AccountState.Suspended));
        return true;
    }

    public Task<bool> SetSecondFactorAsync(bool has) => throw new NotSupportedException();

    public Task<PutAddressResult> PutAsync(AddressRecord record) => throw new NotSupportedException();

    public Task<PutAddressResult> PutSeenAsync(AddressRecord? seen, AddressRecord record, AccountState? state) => throw new NotSupportedException();

    public Task<ClaimState> ResolveClaimAsync(Guid claim) => throw new NotSupportedException();

    public Task<DateTimeOffset?> DeleteAsync() => throw new NotSupportedException();

    public Task<bool> RestoreAsync() => throw new NotSupportedException();

    public Task<PurgeResult> PurgeAsync() => throw new NotSupportedException();

    public Task<bool> ReplaceVerifierAsync(string expected, string verifier) => Task.FromResult(true);
}

internal sealed class TableGroupGrain : Grain, IGroupGrain
{
    public Task<IReadOnlyList<EmailAddress>> GetPageAsync(string after, int count) =>
        Task.FromResult<IReadOnlyList<EmailAddress>>([.. Table.Members.GetValueOrDefault(this.GetPrimaryKeyString(), []).Take(count)]);

    public Task UseAsync(int page) => throw new NotSupportedException();

    public Task DestroyAsync() => throw new NotSupportedException();
}

internal sealed class TableGroupPageGrain : Grain, IGroupPageGrain
{
    public Task<bool> ContainsAsync(string key)
    {
        var (group, page) = (this.GetPrimaryKeyString().Split('/')[0], this.GetPrimaryKeyString().Split('/')[1]);
        return Task.FromResult($"{GroupPages.PageOf(key)}" == page && Table.Members.GetValueOrDefault(group, []).Any(member => member.Key == key));
    }

    public Task<int?> AddAsync(IReadOnlyList<EmailAddress> members) => throw new NotSupportedException();

    public Task<bool> RemoveAsync(string key) => throw new NotSupportedException();

    public Task<IReadOnlyList<EmailAddress>> GetPageAsync(string after, int count) => throw new NotSupportedException();

    public Task DestroyAsync() => throw new NotSupportedException();
}

/// <summary>Of the tenants only Closed is suspended.</summary>
internal sealed class TableTenantGrain : Grain, ITenantGrain
{
    private static readonly Dictionary<string, TenantLimits> Limits = new() { ["small"] = new() { RecipientsPerDay = 40 }, ["few"] = new() { Sessions = 1 }, ["slow"] = new() { CommandsPerSecond = 1 } };

    public Task<TenantTerms> GetTermsAsync() => Task.FromResult(new TenantTerms(
        this.GetPrimaryKeyString() == "closed" ? AccountState.Suspended : AccountState.Active, Limits.GetValueOrDefault(this.GetPrimaryKeyString(), TenantLimits.None)));

    public Task<HostDomainResult> HostDomainAsync(string domain) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> GetDomainPageAsync(string after, int count) => throw new NotSupportedException();

    public Task<bool> SetLimitsAsync(TenantLimits limits) => throw new NotSupportedException();

    public Task<bool> SetTermsAsync(TenantInfo seen, AccountState state, TenantLimits limits) => throw new NotSupportedException();

    public Task CreateAsync() => throw new NotSupportedException();

    public Task<TenantInfo?> GetAsync() => throw new NotSupportedException();

    public Task<bool> AddDomainAsync(string domain) => throw new NotSupportedException();

    public Task<bool> SetStateAsync(AccountState state) => throw new NotSupportedException();
}

internal sealed class TableTenantOidcGrain : Grain, ITenantOidcGrain
{
    public Task<OidcIssuer?> GetAsync() => Task.FromResult(Table.Issuers.GetValueOrDefault(this.GetPrimaryKeyString()));

    public Task SetAsync(OidcIssuer issuer) => throw new NotSupportedException();

    public Task<bool> RemoveAsync() => throw new NotSupportedException();

    public Task DestroyAsync() => throw new NotSupportedException();
}

[Reentrant]
internal sealed class TableStandingNewsGrain : Grain, IStandingNewsGrain
{
    private readonly List<StandingChange> changes = [];
    private readonly HashSet<IStandingEdge> edges = [];

    public Task<long> AttachAsync(IStandingEdge edge)
    {
        edges.Add(edge);
        return Task.FromResult((long)changes.Count);
    }

    public Task DetachAsync(IStandingEdge edge)
    {
        edges.Remove(edge);
        return Task.CompletedTask;
    }

    public Task TellAsync(StandingChange change)
    {
        changes.Add(change);
        return Task.WhenAll(edges.Select(edge => edge.ToldAsync(changes.Count)));
    }

    public Task<StandingNews> GetSinceAsync(long number) =>
        Task.FromResult(new StandingNews(changes.Count, number > changes.Count ? null : [.. changes.Skip((int)number)]));
}

internal sealed class TableAppPasswordsGrain : Grain, IAppPasswordsGrain
{
    private readonly List<(AppPassword Password, string Digest)> kept = [];

    public Task<IReadOnlyList<AppPassword>> ListAsync() => Task.FromResult<IReadOnlyList<AppPassword>>([.. kept.Select(k => k.Password)]);

    public Task<AddAppPasswordResult> AddAsync(AppPassword password, string digest)
    {
        kept.Add((password, digest));
        return Task.FromResult(AddAppPasswordResult.Added);
    }

    public async Task<bool> RemoveAsync(Guid id)
    {
        var record = Table.Addresses[this.GetPrimaryKeyString()];
        kept.RemoveAll(k => k.Password.Id == id);
        await GrainFactory.GetGrain<IStandingNewsGrain>(0).TellAsync(new(record.Tenant, record.Address.Key, record.Account, false) { AppPassword = id });
        return true;
    }

    public Task<AppPassword?> UseAsync(string digest, LoginProtocols protocol, string network) =>
        Task.FromResult<AppPassword?>(kept.Find(k => k.Digest == digest && k.Password.Scopes.HasFlag(protocol)).Password);

    public Task DestroyAsync() => throw new NotSupportedException();
}

internal sealed class TableLoginsGrain : Grain, ILoginsGrain
{
    private readonly List<LoginRow> told = [];

    public Task<IReadOnlyList<LoginRow>> ListAsync() => Task.FromResult<IReadOnlyList<LoginRow>>([.. told]);

    public Task AddAsync(Guid telling, IReadOnlyList<LoginRow> rows)
    {
        told.AddRange(rows);
        return Task.CompletedTask;
    }

    public Task DestroyAsync() => throw new NotSupportedException();
}

/// <summary>Bob is logged in, and Carol of the other tenant, and nobody else; of Silent nobody can say it.</summary>
internal sealed class TableTerminalsGrain : Grain, ITerminalsGrain
{
    public Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts) => accounts.Contains(new("demo/silent"))
        ? throw new TimeoutException("the grain does not answer")
        : Task.FromResult<IReadOnlyList<AccountId>>([.. accounts.Where(account => account.Value is "demo/bob" or "other/carol")]);

    public Task AttachAsync(ITerminalEdge edge) => throw new NotSupportedException();

    public Task DetachAsync(ITerminalEdge edge) => throw new NotSupportedException();

    public Task<bool> ShowAsync(AccountId account, string text) => throw new NotSupportedException();
}

/// <summary>Spent has sent all that it may and has as much held, and the tenant of Thrift has sent all; the others may send.</summary>
internal sealed class TableSendingGrain : Grain, ISendingGrain
{
    /// <summary>What each grain was asked for, and, negative, what it got back.</summary>
    public static readonly ConcurrentQueue<(string Key, int Recipients)> Calls = new();

    /// <summary>The last limits that each was asked with.</summary>
    public static readonly ConcurrentDictionary<string, SendingLimits?> TenantLimits = new();

    public Task<SendingGrant> TakeAsync(SendingRequest request)
    {
        Calls.Enqueue((this.GetPrimaryKeyString(), request.Recipients));
        TenantLimits[this.GetPrimaryKeyString()] = request.Tenant;
        return Task.FromResult(this.GetPrimaryKeyString() switch
        {
            "demo/spent" => new SendingGrant(0, new(OfTenant: false, 500, Hours: 1, new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero))),
            "demo/thrift" => new SendingGrant(0, new(OfTenant: true, 20_000, Hours: 24, new(2030, 1, 2, 0, 0, 0, TimeSpan.Zero))),
            _ => new SendingGrant(request.Recipients, null),
        });
    }

    public Task<DateTimeOffset?> HoldAsync(DateTimeOffset until, int limit) =>
        Task.FromResult(this.GetPrimaryKeyString() == "demo/spent" ? new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero) : default(DateTimeOffset?));

    public Task<DateTimeOffset?> HoldMessageAsync(Guid message, DateTimeOffset until, int limit) => throw new NotSupportedException();

    public Task ReleaseMessageAsync(Guid message) => throw new NotSupportedException();

    public Task DestroyAsync() => throw new NotSupportedException();

    public Task GiveBackAsync(int recipients)
    {
        Calls.Enqueue((this.GetPrimaryKeyString(), -recipients));
        return Task.CompletedTask;
    }
}

/// <summary>Demo's list has two addresses of remote.example; that of the tenant other does not answer.</summary>
internal sealed class TableSuppressionGrain : Grain, ISuppressionGrain
{
    private static readonly Dictionary<string, Suppression> listed = new Suppression[]
    {
        new() { Address = "gone@remote.example", At = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero), Reason = "550 5.1.1 no such user", Host = "mx.remote.example" },
        new() { Address = "stopped@remote.example", At = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero), Reason = "she asked for it", ByAdministrator = true },
    }.ToDictionary(s => s.Address);

    public Task<IReadOnlyList<Suppression>> FindAsync(IReadOnlyList<string> keys) => this.GetPrimaryKeyString().StartsWith("demo/", StringComparison.Ordinal)
        ? Task.FromResult<IReadOnlyList<Suppression>>([.. keys.Where(listed.ContainsKey).Select(k => listed[k])])
        : throw new TimeoutException("the grain does not answer");

    public Task AddAsync(Suppression suppression) => throw new NotSupportedException();

    public Task<bool> RemoveAsync(string key) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> GetPageAsync(string prefix, string after, int count) => throw new NotSupportedException();

    public Task DestroyAsync() => throw new NotSupportedException();
}

internal sealed class TableSuppressionIndexGrain : Grain, ISuppressionIndexGrain
{
    public Task<ulong> GetUsedAsync() => Task.FromResult(ulong.MaxValue);

    public Task UseAsync(int bucket) => throw new NotSupportedException();

    public Task DestroyAsync() => throw new NotSupportedException();
}

/// <summary>Keeps what it is given.</summary>
internal sealed class TableTraceGrain : Grain, ITraceGrain
{
    public static readonly ConcurrentQueue<TraceEvent> Events = new();

    public Task<bool> RecordAsync(IReadOnlyList<TraceEvent> events)
    {
        foreach (var happened in events)
        {
            Events.Enqueue(happened);
        }

        return Task.FromResult(true);
    }

    public Task<IReadOnlyList<TraceEvent>> FindAsync(string id, int most) => throw new NotSupportedException();
}

internal sealed class TableMailboxGrain : Grain, IMailboxGrain
{
    public Task<MailboxQuota?> GetQuotaAsync() =>
        Task.FromResult<MailboxQuota?>(this.GetPrimaryKeyString() is "demo/full" or "other/full" ? new(100, 100) : new(0, 0));

    public Task CreateAsync(MailboxSettings settings) => throw new NotSupportedException();

    public Task<FilingOutcome> FileAsync(FilingRequest request) => throw new NotSupportedException();

    public Task SwitchVacationAsync(VacationSwitch to) => throw new NotSupportedException();

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

    public Task DestroyAsync() => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> HoldsBodiesAsync(IReadOnlyList<string> bodies) => throw new NotSupportedException();
}
