using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// The keys with which the mail of a hosted domain is signed (RFC 6376 §3.6, RFC 8463). Key: the domain as lower-case A-labels. A grain of its own beside <see cref="IDomainGrain"/>, which every RCPT asks:
/// that one holds no private key.
/// </summary>
[Alias("mc.IDkimGrain")]
public interface IDkimGrain : IGrainWithStringKey
{
    /// <summary>
    /// Makes a key pair. Its record is to be published; it signs once it is activated, or by itself after a time. A repeat with the same algorithm and selector gives the key that is there.
    /// </summary>
    [Alias("Add")]
    Task<DkimKeyAnswer> AddAsync(DkimAlgorithm algorithm, string selector);

    /// <summary>All keys whose records are, or are to be, in the DNS, the oldest first.</summary>
    [Alias("List")]
    Task<IReadOnlyList<DkimKey>> GetAsync();

    /// <summary>From now on this key signs, and the one of its algorithm that has signed so far is retired. Again for one that signs changes nothing.</summary>
    [Alias("Activate")]
    Task<DkimKeyAnswer> ActivateAsync(string selector);

    /// <summary>The key signs no more, and its private half is forgotten. The record stays listed for a week: mail is verified for as long as it is on its way.</summary>
    [Alias("Retire")]
    Task<DkimKeyAnswer> RetireAsync(string selector);

    /// <summary>The private keys that sign now, at most one of each algorithm. For the relay alone. None when the domain is not this tenant's.</summary>
    [Alias("SigningKeys")]
    Task<IReadOnlyList<DkimSigningKey>> GetSigningKeysAsync(TenantId tenant);

    /// <summary>Removes the keys for good: the domain is gone.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

public enum DkimAlgorithm
{
    /// <summary>rsa-sha256, 2,048 bits (RFC 8301 §3.2).</summary>
    Rsa = 0,

    /// <summary>ed25519-sha256 (RFC 8463).</summary>
    Ed25519 = 1,
}

public enum DkimKeyState
{
    /// <summary>Its record may be on its way to every resolver; it signs nothing yet.</summary>
    Published = 0,
    Signing = 1,

    /// <summary>It signs nothing more; what it has signed is still verified.</summary>
    Retired = 2,
}

/// <summary>A key as it is listed.</summary>
[GenerateSerializer, Immutable, Alias("mc.DkimKey")]
public sealed record DkimKey
{
    [Id(0)] public required string Selector { get; init; }

    [Id(1)] public required DkimAlgorithm Algorithm { get; init; }

    [Id(2)] public required DkimKeyState State { get; init; }

    /// <summary>p= of its record: SubjectPublicKeyInfo of an RSA key (RFC 6376 §3.6.1), the 32 octets of an Ed25519 one (RFC 8463 §4).</summary>
    [Id(3)] public required ReadOnlyMemory<byte> PublicKey { get; init; }

    [Id(4)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it begins, or began, to sign.</summary>
    [Id(5)] public required DateTimeOffset SignsFrom { get; init; }

    /// <summary>Until when its record must stay published; null while it may sign.</summary>
    [Id(6)] public DateTimeOffset? ListedUntil { get; init; }

    /// <summary>The text of its record (RFC 6376 §3.6.1).</summary>
    public string RecordText => $"v=DKIM1; k={(Algorithm == DkimAlgorithm.Rsa ? "rsa" : "ed25519")}; p={Convert.ToBase64String(PublicKey.Span)}";
}

[GenerateSerializer, Immutable, Alias("mc.DkimSigningKey")]
public sealed record DkimSigningKey([property: Id(0)] string Selector, [property: Id(1)] DkimAlgorithm Algorithm, [property: Id(2)] ReadOnlyMemory<byte> PrivateKey)
{
    /// <summary>Without the private key, whatever a later type of it would print.</summary>
    public override string ToString() => $"{Selector} ({Algorithm})";
}

/// <summary>What became of a change, and the key as it is after it.</summary>
[GenerateSerializer, Immutable, Alias("mc.DkimKeyAnswer")]
public sealed record DkimKeyAnswer([property: Id(0)] DkimKeyOutcome Outcome, [property: Id(1)] DkimKey? Key = null);

public enum DkimKeyOutcome
{
    Done = 0,

    /// <summary>The domain is not hosted here.</summary>
    NotHosted = 1,

    /// <summary>There is no key of this selector.</summary>
    NoSuchKey = 2,

    /// <summary>A key of another algorithm, or one that is retired, has this selector: what was signed with it is still being verified.</summary>
    SelectorTaken = 3,

    /// <summary>The domain has as many keys as it may.</summary>
    TooMany = 4,

    /// <summary>A key that is retired does not come back.</summary>
    Retired = 5,
}

/// <summary>What a selector may be.</summary>
public static class DkimSelector
{
    /// <summary>One label of a host name, in lower case (RFC 6376 §3.1 takes several; one is enough and needs no zone of its own).</summary>
    public static bool IsValid(string selector) =>
        selector.Length is > 0 and <= 63 && selector[0] != '-' && selector[^1] != '-' && selector.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
