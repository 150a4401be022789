using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>A token of the admin API. Key: its id, which the token's own text holds: finding it is one call.</summary>
[Alias("mc.IApiTokenGrain")]
public interface IApiTokenGrain : IGrainWithStringKey
{
    /// <summary>Makes it. An id is used once.</summary>
    [Alias("Create")]
    Task CreateAsync(ApiToken token);

    /// <summary>Null when there is none, or it was revoked. One that has expired is given.</summary>
    [Alias("Find")]
    Task<ApiToken?> FindAsync();

    /// <summary>Somebody shows it now; written down once an hour at most.</summary>
    [Alias("Use")]
    Task UseAsync();

    /// <summary>Ends it, with all that is stored of it. False: there is none.</summary>
    [Alias("Revoke")]
    Task<bool> RevokeAsync();
}

/// <summary>Which tokens there are of the platform, of a tenant or of an account. Key: see <see cref="ApiTokenLists"/>.</summary>
[Alias("mc.IApiTokenListGrain")]
public interface IApiTokenListGrain : IGrainWithStringKey
{
    /// <summary>Lists one that is about to be made, and ends some of those that have expired. False: the list has as many as it may.</summary>
    [Alias("Add")]
    Task<bool> AddAsync(string id, DateTimeOffset expiresAt);

    [Alias("Remove")]
    Task RemoveAsync(string id);

    /// <summary>Ids after the given one, in order.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<string>> GetPageAsync(string after, int count);

    /// <summary>Removes all tokens on the list for good, and then the list: whose they are is gone, so that nobody adds one. A repeat finishes what broke off.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>What a token of the admin API stands for. Its secret is known to its holder alone.</summary>
[GenerateSerializer, Immutable, Alias("mc.ApiToken")]
public sealed record ApiToken
{
    [Id(0)] public required string Id { get; init; }

    /// <summary>For people.</summary>
    [Id(1)] public required string Name { get; init; }

    [Id(2)] public required AdminRole Role { get; init; }

    /// <summary>What it reaches; null: the whole platform.</summary>
    [Id(3)] public TenantId? Tenant { get; init; }

    /// <summary>A user's own address, its key.</summary>
    [Id(4)] public string? Address { get; init; }

    /// <summary>The account that <see cref="Address"/> stood for: the token is not one of an account that is made later under the same address.</summary>
    [Id(5)] public AccountId? Account { get; init; }

    /// <summary>What it may do of that which its role may; null: all of it.</summary>
    [Id(6)] public AdminPermission? Permissions { get; init; }

    [Id(7)] public bool IsReadOnly { get; init; }

    /// <summary>SHA-256 of the secret. The secret is 32 random octets, so that nobody guesses it from a hash that is quick to compute.</summary>
    [Id(8)] public required byte[] Hash { get; init; }

    [Id(9)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it: see <see cref="Id"/> and <see cref="Name"/> of that token.</summary>
    [Id(10)] public required string CreatedBy { get; init; }

    [Id(11)] public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>To the hour.</summary>
    [Id(12)] public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>A sign-in made it, and not somebody for a program.</summary>
    [Id(13)] public bool IsSignIn { get; init; }

    /// <summary>The app password by which that was: it ends with it. Null: it was none.</summary>
    [Id(14)] public Guid? AppPassword { get; init; }
}

public enum AdminRole
{
    /// <summary>Everything, of everybody.</summary>
    Platform = 0,

    /// <summary>One tenant's domains and accounts.</summary>
    Tenant = 1,

    /// <summary>Sees one tenant's domains and accounts, and helps who has lost a password.</summary>
    HelpDesk = 2,

    /// <summary>One account.</summary>
    User = 3,
}

/// <summary>What a request to the admin API needs. Tokens hold them: a value is never given another meaning.</summary>
[Flags]
public enum AdminPermission
{
    None = 0,

    /// <summary>Sees tenants, domains and addresses.</summary>
    ReadDirectory = 1,

    /// <summary>Makes and ends tenants, sets their limits and states, and says which domains they have.</summary>
    ManageTenants = 1 << 1,

    /// <summary>Says where a domain's mail leads, and which keys sign it.</summary>
    ManageDomains = 1 << 2,

    ManageAddresses = 1 << 3,

    /// <summary>Sets an account's password, and ends its other ways to log in.</summary>
    ResetPasswords = 1 << 4,

    /// <summary>Says how a tenant's users log in.</summary>
    ManageSignIn = 1 << 5,

    /// <summary>Sees who logged in, when and from where.</summary>
    ReadSignIns = 1 << 6,

    /// <summary>Sees what became of mail, and what waits: addresses and replies, nothing of what is in it.</summary>
    ReadMail = 1 << 7,

    /// <summary>Tries mail that waits again or gives it up, and says to whom none goes.</summary>
    ManageMail = 1 << 8,

    /// <summary>Takes out what is in mailboxes.</summary>
    ReadContent = 1 << 9,

    /// <summary>Puts messages into mailboxes.</summary>
    WriteContent = 1 << 10,

    ReadAudit = 1 << 11,

    ManageTokens = 1 << 12,

    /// <summary>The queue and the upkeep of what is stored, of all tenants.</summary>
    Operate = 1 << 13,
}

/// <summary>Which list has a token.</summary>
public static class ApiTokenLists
{
    /// <summary>Of the platform or of a tenant: far more than there are programs that administer it.</summary>
    private const int Most = 1000;

    private const int MostOfAnAccount = 20;

    /// <summary>Browsers and devices of one person; one more ends the oldest.</summary>
    private const int MostSignIns = 20;

    private const string AccountPrefix = "address/";
    private const string SignInPrefix = "sign-in/";

    public static string KeyOf(ApiToken token) => token.IsSignIn ? SignInPrefix + token.Address : KeyOf(token.Tenant, token.Address);

    /// <summary>The lists that together have all of a holder's: an account's tokens of sign-ins take no room from the others.</summary>
    public static IReadOnlyList<string> KeysOf(TenantId? tenant, string? addressKey) =>
        addressKey is null ? [KeyOf(tenant, addressKey)] : [KeyOf(tenant, addressKey), SignInPrefix + addressKey];

    /// <param name="tenant">Null: the platform.</param>
    /// <param name="addressKey">Null: all tokens of the tenant but its users'.</param>
    public static string KeyOf(TenantId? tenant, string? addressKey) => addressKey is not null ? AccountPrefix + addressKey : tenant is { } id ? $"tenant/{id}" : "platform";

    public static int MostOf(string key) =>
        key.StartsWith(SignInPrefix, StringComparison.Ordinal) ? MostSignIns : key.StartsWith(AccountPrefix, StringComparison.Ordinal) ? MostOfAnAccount : Most;
}
