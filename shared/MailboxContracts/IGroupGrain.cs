using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>
/// The members of a group, however many: they stand on pages of their own (<see cref="IGroupPageGrain"/>), and this says which pages hold any. Key: the key of the group's address.
/// </summary>
[Alias("mc.IGroupGrain")]
public interface IGroupGrain : IGrainWithStringKey
{
    /// <summary>
    /// Members after the one with this key, which need not be there any more; "" begins. In the order of the pages, which neither new members nor lost ones change: who goes on behind the
    /// last one meets everybody who is there the whole time once.
    /// </summary>
    [AlwaysInterleave, Alias("Page")]
    Task<IReadOnlyList<EmailAddress>> GetPageAsync(string after, int count);

    /// <summary>The page is about to get its first member.</summary>
    [Alias("Use")]
    Task UseAsync(int page);

    /// <summary>Removes all members for good, by pages, and then itself.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>One page of a group's members. Key: see <see cref="GroupPages"/>.</summary>
[Alias("mc.IGroupPageGrain")]
public interface IGroupPageGrain : IGrainWithStringKey
{
    /// <summary>Adds those that are no members yet, and says how many these were; null: the page has as many as it may, and none was added.</summary>
    [Alias("Add")]
    Task<int?> AddAsync(IReadOnlyList<EmailAddress> members);

    /// <summary>False when it was no member.</summary>
    [Alias("Remove")]
    Task<bool> RemoveAsync(string key);

    [Alias("Contains")]
    Task<bool> ContainsAsync(string key);

    /// <summary>Members after the given key, in order.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<EmailAddress>> GetPageAsync(string after, int count);

    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>How a group's members spread over pages, by hash: a group has never more pages than members, and none of a hundred thousand has more than some 500.</summary>
public static class GroupPages
{
    public const int Count = 256;

    public static string GrainKey(string groupKey, int page) => $"{groupKey}/{page}";

    public static int PageOf(string memberKey) => (int)(StableHash.Of(memberKey) % Count);
}

/// <summary>How a group works.</summary>
[GenerateSerializer, Immutable, Alias("mc.GroupSettings")]
public sealed record GroupSettings
{
    public static readonly GroupSettings None = new();

    /// <summary>Who runs it, and is told of members that cannot be reached (RFC 5321 §3.9.2); null: the postmaster of its domain.</summary>
    [Id(0)] public EmailAddress? Owner { get; init; }

    [Id(1)] public GroupPosting Posting { get; init; }
}

/// <summary>Who may send to a group.</summary>
public enum GroupPosting
{
    Anyone = 0,

    /// <summary>Who is logged in with an account of the group's tenant.</summary>
    Tenant = 1,

    /// <summary>Who sends from a member's address.</summary>
    Members = 2,
}
