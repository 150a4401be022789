namespace MailCloud.MailboxContracts;

/// <summary>The app passwords of one account: made by the server, each for one device, and taken back alone. Key: the address' <see cref="Messages.EmailAddress.Key"/>.</summary>
[Alias("mc.IAppPasswordsGrain")]
public interface IAppPasswordsGrain : IGrainWithStringKey
{
    /// <summary>All of them, the oldest first; those that have run out too.</summary>
    [Alias("List")]
    Task<IReadOnlyList<AppPassword>> ListAsync();

    /// <summary>Adds one. A repeat with the same id changes nothing.</summary>
    /// <param name="digest">What is kept of the secret: nobody can tell it from that.</param>
    [Alias("Add")]
    Task<AddAppPasswordResult> AddAsync(AppPassword password, string digest);

    /// <summary>Takes one back, durably, and tells the edges: sessions that it opened end. False: there is none with this id.</summary>
    [Alias("Remove")]
    Task<bool> RemoveAsync(Guid id);

    /// <summary>
    /// The one with this digest, if it opens the protocol now; null when there is none. Notes its use, at most once an hour: between, a login costs no append.
    /// </summary>
    /// <param name="network">The client's.</param>
    [Alias("Use")]
    Task<AppPassword?> UseAsync(string digest, LoginProtocols protocol, string network);

    /// <summary>Removes all of it for good.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>By what one logs in.</summary>
[Flags]
public enum LoginProtocols
{
    None = 0,
    Imap = 1,
    Pop = 2,

    /// <summary>Submission.</summary>
    Smtp = 4,
    Http = 8,
}

[GenerateSerializer, Immutable, Alias("mc.AppPassword")]
public sealed record AppPassword
{
    /// <summary>Of one account. Gmail shows a page of them; nobody has this many devices.</summary>
    public const int Most = 50;

    /// <summary>Characters of a name.</summary>
    public const int MaxName = 100;

    [Id(0)] public required Guid Id { get; init; }

    /// <summary>What its owner calls it; one of the account's own, whatever the case.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary>What it opens.</summary>
    [Id(2)] public required LoginProtocols Scopes { get; init; }

    [Id(3)] public required DateTimeOffset MadeAt { get; init; }

    /// <summary>From when on it opens nothing; null: never.</summary>
    [Id(4)] public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Null: it was not used. At most an hour old.</summary>
    [Id(5)] public AppPasswordUse? LastUse { get; init; }
}

/// <param name="Protocol">One of them.</param>
/// <param name="Network">The client's: an IPv4 address, an IPv6 /64.</param>
[GenerateSerializer, Immutable, Alias("mc.AppPasswordUse")]
public sealed record AppPasswordUse([property: Id(0)] DateTimeOffset At, [property: Id(1)] LoginProtocols Protocol, [property: Id(2)] string Network);

public enum AddAppPasswordResult
{
    Added = 0,

    /// <summary>The address does not exist, or is no account.</summary>
    NoAccount = 1,

    /// <summary>The account has <see cref="AppPassword.Most"/>.</summary>
    TooMany = 2,

    /// <summary>The account has one with this name.</summary>
    NameTaken = 3,
}
