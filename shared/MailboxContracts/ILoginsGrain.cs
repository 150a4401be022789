namespace MailCloud.MailboxContracts;

/// <summary>Who has logged in to one account of late, and who has tried. Key: the address' <see cref="Messages.EmailAddress.Key"/>.</summary>
[Alias("mc.ILoginsGrain")]
public interface ILoginsGrain : IGrainWithStringKey
{
    /// <summary>At most <see cref="LoginRow.Most"/> rows, the newest last. An edge tells them some time after.</summary>
    [Alias("List")]
    Task<IReadOnlyList<LoginRow>> ListAsync();

    /// <summary>Adds what an edge has gathered, durably; nothing when the address is no account (any more).</summary>
    /// <param name="telling">A repeat with the same id adds nothing.</param>
    [Alias("Add")]
    Task AddAsync(Guid telling, IReadOnlyList<LoginRow> rows);

    /// <summary>Removes all of it for good.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>Attempts to log in that differ in their time only.</summary>
/// <param name="FirstAt">Of the first of them.</param>
/// <param name="LastAt">Of the last of them, at most <see cref="Longest"/> later.</param>
[GenerateSerializer, Immutable, Alias("mc.LoginRow")]
public sealed record LoginRow([property: Id(0)] LoginKind Kind, [property: Id(1)] DateTimeOffset FirstAt, [property: Id(2)] DateTimeOffset LastAt, [property: Id(3)] long Count)
{
    /// <summary>Rows of an account: about 15 kB. Five devices at three places have 15 a day.</summary>
    public const int Most = 100;

    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>Both as one row; null when they differ in more than their time, or no day holds both.</summary>
    public LoginRow? Join(LoginRow other)
    {
        var first = FirstAt < other.FirstAt ? FirstAt : other.FirstAt;
        var last = LastAt > other.LastAt ? LastAt : other.LastAt;
        return Kind == other.Kind && last - first <= Longest ? new(Kind, first, last, Count + other.Count) : null;
    }
}

/// <param name="Protocol">One of them.</param>
/// <param name="Network">The client's: an IPv4 address, an IPv6 /64.</param>
/// <param name="Means"><c>password</c> of IMAP's LOGIN and POP3's PASS; else the SASL mechanism, in capitals.</param>
/// <param name="AppPassword">The name of the app password that was given, as it was then; null when it was none, or a wrong one.</param>
[GenerateSerializer, Immutable, Alias("mc.LoginKind")]
public sealed record LoginKind(
    [property: Id(0)] LoginProtocols Protocol, [property: Id(1)] string Network, [property: Id(2)] string Means, [property: Id(3)] string? AppPassword, [property: Id(4)] LoginResult Result);

public enum LoginResult
{
    /// <summary>Logged in.</summary>
    Ok = 0,

    /// <summary>Wrong credentials, or right ones of somebody who asked to act as somebody else.</summary>
    Wrong = 1,

    /// <summary>Right credentials of an account that is suspended.</summary>
    Suspended = 2,

    /// <summary>Not checked because too many attempts waited, or refused because the tenant has too many sessions.</summary>
    Limited = 3,

    /// <summary>The right password of an account with a second factor, and no code or a wrong one.</summary>
    Incomplete = 4,
}
