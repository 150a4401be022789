using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>
/// The end of a domain; the same grain as <see cref="IDomainGrain"/>, with the same key. Once its time is over, what the domain has is removed in many steps, each of which may be
/// repeated, and the domain itself is the last to go.
/// </summary>
[Alias("mc.IDomainDeletionGrain")]
public interface IDomainDeletionGrain : IGrainWithStringKey
{
    /// <summary>Takes the domain away at once, with all that it has, which it keeps for a time. Returns when that is over; a repeat does not prolong it. Null: nobody hosts the domain.</summary>
    [Alias("Delete")]
    Task<DateTimeOffset?> DeleteAsync();

    /// <summary>Brings it back as it was. False: it was not deleted, or its time is over.</summary>
    [Alias("Restore")]
    Task<bool> RestoreAsync();

    /// <summary>Ends its time at once, because its tenant was deleted and that one's time is over. False: it is not.</summary>
    [Alias("DeleteWithTenant")]
    Task<bool> DeleteWithTenantAsync();

    /// <summary>Null when it is not deleted.</summary>
    [AlwaysInterleave, Alias("FindDeleted")]
    Task<DeletedDomain?> FindDeletedAsync();

    /// <summary>Removes the domain itself, when its time is over. Its addresses, their index, its keys and its place in its tenant's list are gone before.</summary>
    [Alias("Forget")]
    Task<PurgeResult> ForgetAsync();
}

/// <param name="Tenant">Whose it was.</param>
/// <param name="GoneAt">Until when it can be restored.</param>
/// <param name="IsOver">Nothing restores it: all that it has is to go.</param>
[GenerateSerializer, Immutable, Alias("mc.DeletedDomain")]
public sealed record DeletedDomain([property: Id(0)] TenantId Tenant, [property: Id(1)] DateTimeOffset GoneAt, [property: Id(2)] bool IsOver);

/// <summary>The end of a tenant; the same grain as <see cref="ITenantGrain"/>, with the same key. It goes as a domain does, after its domains.</summary>
[Alias("mc.ITenantDeletionGrain")]
public interface ITenantDeletionGrain : IGrainWithStringKey
{
    /// <summary>As <see cref="IDomainDeletionGrain.DeleteAsync"/>. Null: there is no such tenant.</summary>
    [Alias("Delete")]
    Task<DateTimeOffset?> DeleteAsync();

    /// <summary>Brings it back as it was. False: it was not deleted, or its time is over.</summary>
    [Alias("Restore")]
    Task<bool> RestoreAsync();

    /// <summary>Null when it is not deleted.</summary>
    [AlwaysInterleave, Alias("FindDeleted")]
    Task<DeletedTenant?> FindDeletedAsync();

    /// <summary>Takes a domain off the tenant's list whose time is over, or that is not on it. False: its time is not over.</summary>
    [Alias("RemoveDomain")]
    Task<bool> RemoveDomainAsync(string domain);

    /// <summary>Removes the tenant itself, when its time is over and it has no domain. What else it had is gone before.</summary>
    [Alias("Forget")]
    Task<PurgeResult> ForgetAsync();
}

/// <param name="Domains">Those that it still has, deleted ones too.</param>
/// <param name="GoneAt">Until when it can be restored.</param>
/// <param name="IsOver">Nothing restores it: all that it has is to go.</param>
[GenerateSerializer, Immutable, Alias("mc.DeletedTenant")]
public sealed record DeletedTenant([property: Id(0)] string[] Domains, [property: Id(1)] DateTimeOffset GoneAt, [property: Id(2)] bool IsOver);

/// <summary>The end of an address with its domain; the same grain as <see cref="IAddressGrain"/>, with the same key.</summary>
[Alias("mc.IAddressDeletionGrain")]
public interface IAddressDeletionGrain : IGrainWithStringKey
{
    /// <summary>
    /// As <see cref="IAddressGrain.PurgeAsync"/>, because the time of the address' domain is over, whatever its own. The entry in the index is left to the caller, who finds by it
    /// what is still to be done.
    /// </summary>
    [Alias("PurgeWithDomain")]
    Task<PurgeResult> PurgeWithDomainAsync();
}
