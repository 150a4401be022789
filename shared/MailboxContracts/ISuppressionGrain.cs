using System.Globalization;
using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// A part of a tenant's suppression list: addresses on other hosts to which none of the tenant's mail goes, because the address's own host refused it for good, or on an administrator's word.
/// Key: see <see cref="SuppressionList"/>.
/// </summary>
[Alias("mc.ISuppressionGrain")]
public interface ISuppressionGrain : IGrainWithStringKey
{
    /// <summary>Those of these address keys that are listed now.</summary>
    [Alias("Find")]
    Task<IReadOnlyList<Suppression>> FindAsync(IReadOnlyList<string> keys);

    /// <summary>Lists an address. A refusal of one that is listed changes nothing; an administrator's word takes the place of what was there.</summary>
    [Alias("Add")]
    Task AddAsync(Suppression suppression);

    /// <summary>False when it was not listed.</summary>
    [Alias("Remove")]
    Task<bool> RemoveAsync(string key);

    /// <summary>Listed address keys that begin with the prefix and come after the given one, in order.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<string>> GetPageAsync(string prefix, string after, int count);

    /// <summary>Removes this part of the list for good: the tenant is gone.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>Which parts of a tenant's suppression list hold anything, so that the others need not be asked. Key: <see cref="TenantId"/>.</summary>
[Alias("mc.ISuppressionIndexGrain")]
public interface ISuppressionIndexGrain : IGrainWithStringKey
{
    /// <summary>A bit for each part that has or had an address; see <see cref="SuppressionList.IsUsed"/>.</summary>
    [Alias("Used")]
    Task<ulong> GetUsedAsync();

    /// <summary>The part is about to get its first address.</summary>
    [Alias("Use")]
    Task UseAsync(int bucket);

    /// <summary>Removes the index for good, after the parts.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>One address of a suppression list.</summary>
[GenerateSerializer, Immutable, Alias("mc.Suppression")]
public sealed record Suppression
{
    /// <summary>What is kept of a reason, characters: a line of a reply has 512 octets (RFC 5321 §4.5.3.1.5), with the other words of ours.</summary>
    public const int MaxReason = 300;

    /// <summary>The address's <see cref="EmailAddress.Key"/>.</summary>
    [Id(0)] public required string Address { get; init; }

    /// <summary>When it was refused or listed.</summary>
    [Id(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The reply of the host, one line, or what DNS says of the domain; an administrator's note, which may be empty.</summary>
    [Id(2)] public required string Reason { get; init; }

    /// <summary>The host that said so; null when it was DNS or an administrator.</summary>
    [Id(3)] public string? Host { get; init; }

    /// <summary>True when it is an administrator's word.</summary>
    [Id(4)] public bool ByAdministrator { get; init; }

    /// <summary>When it ends by itself; null: when it is removed.</summary>
    [Id(5)] public DateTimeOffset? Until { get; init; }

    /// <summary>Why no mail goes there, for senders: one line of ASCII.</summary>
    public string Explanation
    {
        get
        {
            var day = At.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            var reason = string.Concat(Reason.Take(MaxReason).Select(c => c is < ' ' or > '~' ? '?' : c));
            return ByAdministrator
                ? $"an administrator stopped mail to this address on {day}{(reason.Length > 0 ? $": {reason}" : "")}"
                : $"this address refused mail on {day} ({reason}); an administrator can take it off the suppression list";
        }
    }
}

/// <summary>How a tenant's suppression list spreads over grains, so that none holds a million addresses.</summary>
public static class SuppressionList
{
    /// <summary>As many as <see cref="ISuppressionIndexGrain.GetUsedAsync"/> has bits: of a list of a million each part has 16,000, which are 4 MB.</summary>
    public const int Buckets = 64;

    public static string GrainKey(TenantId tenant, int bucket) => $"{tenant.Value}/{bucket}";

    public static int BucketOf(string addressKey) => (int)(StableHash.Of(addressKey) % Buckets);

    public static bool IsUsed(ulong used, int bucket) => (used >> bucket & 1) != 0;
}
