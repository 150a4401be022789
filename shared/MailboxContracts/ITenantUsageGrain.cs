using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// Counts what a tenant's accounts come to, without asking any of them. Key: <see cref="TenantId"/>. Who changes an address claims the difference first, applies it together with the
/// claim's id, and settles the claim; a claim that nobody settles is resolved by asking the address, so that no death in between makes the count wrong.
/// </summary>
[Alias("mc.ITenantUsageGrain")]
public interface ITenantUsageGrain : IGrainWithStringKey
{
    /// <summary>Makes room for a change, within the limits; what only gives room back is always granted. A repeat with the same id claims nothing more.</summary>
    [Alias("Claim")]
    Task<ClaimResult> ClaimAsync(UsageClaim claim, TenantLimits limits);

    /// <summary>The change is durable: the claim is counted. A repeat changes nothing.</summary>
    [Alias("Settle")]
    Task SettleAsync(Guid claim);

    [Alias("Get")]
    Task<TenantUsage> GetAsync();

    /// <summary>Removes the counts for good: the tenant is gone.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>What an address will come to, less what it has come to.</summary>
/// <param name="Id">A new one for each change.</param>
/// <param name="AddressKey">Who knows what became of it (<see cref="IAddressGrain.ResolveClaimAsync"/>).</param>
/// <param name="Accounts">-1, 0 or 1.</param>
/// <param name="Octets">Of its quota.</param>
[GenerateSerializer, Immutable, Alias("mc.UsageClaim")]
public sealed record UsageClaim([property: Id(0)] Guid Id, [property: Id(1)] string AddressKey, [property: Id(2)] int Accounts, [property: Id(3)] long Octets);

public enum ClaimResult
{
    Granted = 0,
    TooManyAccounts = 1,
    TooMuchStorage = 2,
}

public enum ClaimState
{
    /// <summary>The address is what the claim was made for.</summary>
    Applied = 0,

    /// <summary>It is being changed.</summary>
    Undecided = 1,

    /// <summary>It is not, and will not be by this claim.</summary>
    Abandoned = 2,
}

/// <param name="Accounts">Without those of postmasters.</param>
/// <param name="QuotaBytes">What their quotas come to.</param>
[GenerateSerializer, Immutable, Alias("mc.TenantUsage")]
public sealed record TenantUsage([property: Id(0)] long Accounts, [property: Id(1)] long QuotaBytes);
