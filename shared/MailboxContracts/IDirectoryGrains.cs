using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>A tenant. Key: <see cref="TenantId"/>.</summary>
[Alias("mc.ITenantGrain")]
public interface ITenantGrain : IGrainWithStringKey
{
    /// <summary>Makes the tenant, or does nothing when it exists.</summary>
    [Alias("Create")]
    Task CreateAsync();

    [AlwaysInterleave, Alias("Get")]
    Task<TenantInfo?> GetAsync();

    /// <summary>Hosts a domain for the tenant: this grain's list, the domain's grain, and the domain's postmaster (RFC 5321 §4.5.1). False: another tenant has it.</summary>
    [Alias("AddDomain")]
    Task<bool> AddDomainAsync(string domain);

    /// <summary>As <see cref="AddDomainAsync"/>, unless the tenant has as many domains as it may. One that it hosts already is finished whatever its limit.</summary>
    [Alias("HostDomain")]
    Task<HostDomainResult> HostDomainAsync(string domain);

    /// <summary>What the tenant may do and have; everything, when there is no such tenant.</summary>
    [AlwaysInterleave, Alias("Terms")]
    Task<TenantTerms> GetTermsAsync();

    /// <summary>Replaces the limits, durably, and tells the edges. What the tenant has beyond them stays. False: there is no such tenant.</summary>
    [Alias("SetLimits")]
    Task<bool> SetLimitsAsync(TenantLimits limits);

    /// <summary>Changes that, durably, and tells the edges. False: there is no such tenant.</summary>
    [Alias("SetState")]
    Task<bool> SetStateAsync(AccountState state);

    /// <summary>Sets state and limits in one step, durably, and tells the edges, if the tenant is as it was seen. False: it is not, or not any more.</summary>
    [Alias("SetTerms")]
    Task<bool> SetTermsAsync(TenantInfo seen, AccountState state, TenantLimits limits);

    /// <summary>Domains of its list after the given one, in order. A domain that is deleted, or being made, is on it too.</summary>
    [AlwaysInterleave, Alias("DomainPage")]
    Task<IReadOnlyList<string>> GetDomainPageAsync(string after, int count);
}

/// <summary>The tenants that there are. Key: 0.</summary>
[Alias("mc.ITenantListGrain")]
public interface ITenantListGrain : IGrainWithIntegerKey
{
    /// <summary>Ids after the given one, in order. One that is deleted is among them until it is removed for good.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<string>> GetPageAsync(string after, int count);
}

[GenerateSerializer, Immutable, Alias("mc.TenantInfo")]
public sealed record TenantInfo([property: Id(0)] TenantId Id, [property: Id(1)] string[] Domains)
{
    [Id(2)] public AccountState State { get; init; }

    [Id(3)] public TenantLimits Limits { get => field ?? TenantLimits.None; init; } = TenantLimits.None;

    /// <summary>Whether all is equal, lists by what they hold.</summary>
    public bool IsSameAs(TenantInfo other) => this with { Domains = other.Domains } == other && Domains.SequenceEqual(other.Domains);
}

public enum HostDomainResult
{
    Hosted = 0,

    /// <summary>Another tenant hosts it.</summary>
    Taken = 1,

    /// <summary>The tenant has as many domains as it may.</summary>
    TooMany = 2,

    NoSuchTenant = 3,

    /// <summary>It was deleted, and can be restored.</summary>
    Deleted = 4,
}

/// <param name="State">What all of the tenant's accounts may do at most.</param>
[GenerateSerializer, Immutable, Alias("mc.TenantTerms")]
public sealed record TenantTerms([property: Id(0)] AccountState State, [property: Id(1)] TenantLimits Limits);

/// <summary>What a tenant may have. 0 is no limit.</summary>
[GenerateSerializer, Immutable, Alias("mc.TenantLimits")]
public sealed record TenantLimits
{
    public static readonly TenantLimits None = new();

    /// <summary>What these limits are called, for people; may be empty.</summary>
    [Id(0)] public string Plan { get; init; } = "";

    [Id(1)] public int Domains { get; init; }

    /// <summary>Accounts, without those of postmasters.</summary>
    [Id(2)] public int Accounts { get; init; }

    /// <summary>Octets that the quotas of its accounts come to together. With such a limit no account is without a quota.</summary>
    [Id(3)] public long StorageBytes { get; init; }

    /// <summary>Octets: the quota of an account that is made without one.</summary>
    [Id(4)] public long AccountBytes { get; init; }

    /// <summary>Recipients outside the tenant in 24 hours, in place of Sending:TenantPerDay, and a quarter of them in one.</summary>
    [Id(5)] public int RecipientsPerDay { get; init; }

    /// <summary>Sessions that are logged in, on one edge.</summary>
    [Id(6)] public int Sessions { get; init; }

    /// <summary>Commands of its clients, and recipients of its own in mail from elsewhere, that one edge works on in a second; what is beyond waits for its turn.</summary>
    [Id(7)] public int CommandsPerSecond { get; init; }

    /// <summary>Characters that a password has at least which is set from now on, where that is more than is asked for anyway.</summary>
    [Id(8)] public int PasswordLength { get; init; }
}

/// <summary>What an account may do, or each account of a tenant; of both the later one here counts.</summary>
public enum AccountState
{
    Active = 0,

    /// <summary>It takes mail and reads it, and sends none.</summary>
    ReceiveOnly = 1,

    /// <summary>Nobody logs in, and mail for it is refused. What it has stays.</summary>
    Suspended = 2,
}

/// <summary>A domain, hosted or not. Key: the domain as lower-case A-labels.</summary>
[Alias("mc.IDomainGrain")]
public interface IDomainGrain : IGrainWithStringKey
{
    /// <summary>False when another tenant hosts it already, or it is deleted.</summary>
    [Alias("Host")]
    Task<bool> HostAsync(TenantId tenant);

    /// <summary>Who hosts it here; null when nobody does.</summary>
    [AlwaysInterleave, Alias("Get")]
    Task<TenantId?> GetTenantAsync();

    /// <summary>Who hosts it here, and what becomes of mail for addresses that it has not; null when nobody hosts it.</summary>
    [AlwaysInterleave, Alias("Find")]
    Task<DomainInfo?> FindAsync();

    /// <summary>Says what becomes of mail for addresses that the domain has not, durably, and tells the edges.</summary>
    [Alias("Route")]
    Task<RouteDomainResult> RouteAsync(DomainRoute route);

    /// <summary>As <see cref="RouteAsync"/>, if the domain is as it was seen.</summary>
    [Alias("RouteSeen")]
    Task<RouteDomainResult> RouteSeenAsync(DomainInfo seen, DomainRoute route);
}

/// <param name="Tenant">Who hosts it.</param>
/// <param name="Route">Where addresses lead that it has not.</param>
[GenerateSerializer, Immutable, Alias("mc.DomainInfo")]
public sealed record DomainInfo([property: Id(0)] TenantId Tenant, [property: Id(1)] DomainRoute Route)
{
    /// <summary>
    /// The keys under which the directory may have an address of this domain, the first that exists counts: as it stands, without its subaddress (RFC 5233), and both in the domain that
    /// this one is another name of.
    /// </summary>
    public IEnumerable<string> KeysOf(EmailAddress address)
    {
        EmailAddress[] names = address.WithoutDetail == address ? [address] : [address, address.WithoutDetail];
        return names.Select(name => name.Key).Concat(Route.AliasOf is { } domain ? names.Select(name => (name with { Domain = domain }).Key) : []);
    }
}

/// <summary>Where addresses lead that a domain has not; at most one of both. Addresses that it has go before.</summary>
[GenerateSerializer, Immutable, Alias("mc.DomainRoute")]
public sealed record DomainRoute
{
    public static readonly DomainRoute None = new();

    /// <summary>As lower-case A-labels: <c>user</c> here is <c>user</c> there. That domain's own route does not count.</summary>
    [Id(0)] public string? AliasOf { get; init; }

    /// <summary>It gets the mail for all of them.</summary>
    [Id(1)] public EmailAddress? CatchAll { get; init; }
}

public enum RouteDomainResult
{
    Routed = 0,

    /// <summary>Nobody hosts this domain.</summary>
    NotHosted = 1,

    /// <summary>The other domain is not hosted for the same tenant, is this one, or is another name itself.</summary>
    NoTarget = 2,

    /// <summary>It is not, or not any more, as it was seen.</summary>
    NotAsSeen = 3,
}

/// <summary>What one address stands for. Key: <see cref="EmailAddress.Key"/>.</summary>
[Alias("mc.IAddressGrain")]
public interface IAddressGrain : IGrainWithStringKey
{
    /// <summary>Null when the address does not exist.</summary>
    [AlwaysInterleave, Alias("Get")]
    Task<AddressRecord?> GetAsync();

    /// <summary>
    /// Gives the address its meaning, with everything that follows from it: the mailbox of an account, the entry in the domain's index.
    /// A repeat finishes what a crash interrupted. An existing account keeps its <see cref="AccountId"/> and its <see cref="AddressRecord.State"/> and takes the other values.
    /// </summary>
    [Alias("Put")]
    Task<PutAddressResult> PutAsync(AddressRecord record);

    /// <summary>As <see cref="PutAsync"/>, and with a state as <see cref="SetStateAsync"/> too, in one step, if the address is as it was seen.</summary>
    /// <param name="seen">Null: there was none.</param>
    /// <param name="record">What it becomes.</param>
    /// <param name="state">Null: it stays.</param>
    [Alias("PutSeen")]
    Task<PutAddressResult> PutSeenAsync(AddressRecord? seen, AddressRecord record, AccountState? state);

    /// <summary>Replaces the verifier if it still is the expected one: re-hashing at login. False when it has changed.</summary>
    [Alias("ReplaceVerifier")]
    Task<bool> ReplaceVerifierAsync(string expected, string verifier);

    /// <summary>Says what the account may do, durably, and tells the edges. False: the address does not exist.</summary>
    [Alias("SetState")]
    Task<bool> SetStateAsync(AccountState state);

    /// <summary>Says that logging in takes more than the account's password, or no more, durably. False: there is no such account.</summary>
    [Alias("SetSecondFactor")]
    Task<bool> SetSecondFactorAsync(bool has);

    /// <summary>Takes the address away at once, with all that it has kept for a time. Returns when that is over; a repeat does not prolong it. Null: the address does not exist.</summary>
    [Alias("Delete")]
    Task<DateTimeOffset?> DeleteAsync();

    /// <summary>Brings it back as it was. False: it was not deleted, or its time is over.</summary>
    [Alias("Restore")]
    Task<bool> RestoreAsync();

    /// <summary>Removes for good what was deleted and whose time is over: mailbox, counts, index entry, and itself. A repeat finishes what a crash interrupted.</summary>
    [Alias("Purge")]
    Task<PurgeResult> PurgeAsync();

    /// <summary>What became of a claim that this address made of its tenant's <see cref="ITenantUsageGrain"/>. One that is said to be abandoned is never applied.</summary>
    [AlwaysInterleave, Alias("ResolveClaim")]
    Task<ClaimState> ResolveClaimAsync(Guid claim);
}

public enum PurgeResult
{
    /// <summary>Nothing is left of it.</summary>
    Gone = 0,

    /// <summary>It can still be restored.</summary>
    NotYet = 1,

    NotDeleted = 2,
}

public enum PutAddressResult
{
    Created = 0,
    Updated = 1,

    /// <summary>The domain is not hosted for this tenant.</summary>
    NotHosted = 2,

    /// <summary>The tenant has as many accounts as it may.</summary>
    TooManyAccounts = 3,

    /// <summary>The quotas of the tenant's accounts would come to more than it may have.</summary>
    TooMuchStorage = 4,

    /// <summary>The tenant's storage is limited, so that the account must have a quota.</summary>
    QuotaNeeded = 5,

    /// <summary>It was deleted, and can be restored.</summary>
    Deleted = 6,

    /// <summary>It is not, or not any more, as it was seen.</summary>
    NotAsSeen = 7,
}

[GenerateSerializer, Immutable, Alias("mc.AddressRecord")]
public sealed record AddressRecord
{
    [Id(0)] public required EmailAddress Address { get; init; }

    [Id(1)] public required TenantId Tenant { get; init; }

    [Id(2)] public required AddressKind Kind { get; init; }

    /// <summary>The account's mailbox; chosen by the grain when an account is made.</summary>
    [Id(3)] public AccountId? Account { get; init; }

    /// <summary>Where an alias or a forwarded address leads; for a moved one the new path.</summary>
    [Id(4)] public IReadOnlyList<EmailAddress> Targets { get; init => field = value as EmailAddress[] ?? [.. value]; } = [];

    /// <summary>How the account's password is verified, <c>{SCHEME}…</c>; null: nobody can log in.</summary>
    [Id(5)] public string? Verifier { get; init; }

    /// <summary>Octets; 0 is unlimited.</summary>
    [Id(6)] public long QuotaBytes { get; init; }

    /// <summary>Keys of further addresses that the account may send as, beside its own and the aliases that lead to it.</summary>
    [Id(7)] public IReadOnlyList<string> SendAs { get; init => field = value as string[] ?? [.. value]; } = [];

    /// <summary>What it may do, unless its tenant may do less. Only <see cref="IAddressGrain.SetStateAsync"/> and <see cref="IAddressGrain.PutSeenAsync"/> change it.</summary>
    [Id(8)] public AccountState State { get; init; }

    /// <summary>How a group works; null: it is none, and never was.</summary>
    [Id(9)] public GroupSettings? Group { get; init; }

    /// <summary>
    /// Who runs a group. Without an owner it is the postmaster of its domain, who is there by RFC 5321 §4.5.1: §3.9.2 wants somebody who administers it, which a null reverse-path is not.
    /// </summary>
    public EmailAddress RunBy => Group?.Owner ?? new("postmaster", Address.Domain);

    /// <summary>
    /// The account's password alone opens nothing: where a code can be asked for one is (<see cref="ITotpGrain"/>), and mail programs log in by an app password or a token. Only
    /// <see cref="IAddressGrain.SetSecondFactorAsync"/> changes it.
    /// </summary>
    [Id(10)] public bool HasSecondFactor { get; init; }

    /// <summary>Whether all is equal, lists by what they hold.</summary>
    public bool IsSameAs(AddressRecord other) =>
        this with { Targets = other.Targets, SendAs = other.SendAs } == other && Targets.SequenceEqual(other.Targets) && SendAs.SequenceEqual(other.SendAs);
}

public enum AddressKind
{
    Account = 0,
    Alias = 1,

    /// <summary>Accepted and sent on to other hosts; VRFY and RCPT answer 251.</summary>
    Forwarded = 2,

    /// <summary>Not accepted; RCPT answers 551 with the new path.</summary>
    Moved = 3,

    /// <summary>Accepted for its members (<see cref="IGroupGrain"/>), who are looked up behind the queue.</summary>
    Group = 4,
}

/// <summary>
/// Reads addresses for who lists many: off their journals, so that none of their grains is in memory for it. What it answers is durable, and holds all that was answered as done before it was asked. Key: 0.
/// </summary>
[Alias("mc.IAddressReaderGrain")]
public interface IAddressReaderGrain : IGrainWithIntegerKey
{
    /// <summary>What each of some keys, a page at most, stands for; null where there is no address, or a deleted one.</summary>
    [Alias("Find")]
    Task<IReadOnlyList<AddressRecord?>> FindAsync(IReadOnlyList<string> addressKeys);
}

/// <summary>A part of a domain's list of addresses. Key: <c>domain/bucket</c>, see <see cref="AddressIndex"/>.</summary>
[Alias("mc.IAddressIndexGrain")]
public interface IAddressIndexGrain : IGrainWithStringKey
{
    [Alias("Add")]
    Task AddAsync(string addressKey);

    [Alias("Remove")]
    Task RemoveAsync(string addressKey);

    /// <summary>Address keys after the given one, in order.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<string>> GetPageAsync(string after, int count);

    /// <summary>Of these those that begin with the prefix.</summary>
    [Alias("PageOf")]
    Task<IReadOnlyList<string>> GetPageOfAsync(string prefix, string after, int count);

    /// <summary>Removes the list itself for good, unless something is on it: then it is false.</summary>
    [Alias("Destroy")]
    Task<bool> DestroyAsync();
}

/// <summary>How a domain's addresses spread over index grains, so that no grain lists a million.</summary>
public static class AddressIndex
{
    public const int Buckets = 64;

    public static string GrainKey(string domain, int bucket) => $"{domain}/{bucket}";

    public static int BucketOf(string addressKey) => (int)(StableHash.Of(addressKey) % Buckets);
}

/// <summary>
/// A part of the list of deleted addresses, domains and tenants, for who removes them for good. Key: below <see cref="Deletions.Parts"/>. An entry is a hint: what is deleted knows
/// itself whether its time has come.
/// </summary>
[Alias("mc.IDeletionsGrain")]
public interface IDeletionsGrain : IGrainWithIntegerKey
{
    [Alias("Add")]
    Task AddAsync(string key, DateTimeOffset at);

    [Alias("Remove")]
    Task RemoveAsync(string key);

    /// <summary>Takes it off the list if its time has come; an entry that was made anew meanwhile stays.</summary>
    [Alias("RemoveDue")]
    Task RemoveDueAsync(string key);

    /// <summary>Keys after the given one whose time has come, in order.</summary>
    [Alias("Due")]
    Task<IReadOnlyList<string>> GetDueAsync(string after, int count);
}

/// <summary>What stands on the lists: an address' key, or one of a domain or a tenant, which have no at sign.</summary>
public static class Deletions
{
    public const int Parts = 16;

    private const string DomainPrefix = "domain/";
    private const string TenantPrefix = "tenant/";

    public static int PartOf(string key) => (int)(StableHash.Of(key) % Parts);

    public static string KeyOfDomain(string domain) => DomainPrefix + domain;

    public static string KeyOfTenant(TenantId tenant) => TenantPrefix + tenant.Value;

    /// <summary>Null when the key is not a domain's.</summary>
    public static string? DomainOf(string key) => NameOf(key, DomainPrefix);

    /// <summary>Null when the key is not a tenant's.</summary>
    public static TenantId? TenantOf(string key) => NameOf(key, TenantPrefix) is { } tenant ? new TenantId(tenant) : null;

    private static string? NameOf(string key, string prefix) => !key.Contains('@', StringComparison.Ordinal) && key.StartsWith(prefix, StringComparison.Ordinal) ? key[prefix.Length..] : null;
}
