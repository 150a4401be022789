using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// Tells edges at once of what changed in the directory that they remember or act by: states of accounts and tenants, where addresses lead. Key: 0. Changes are numbered and the last of
/// them stored, so that an edge that missed some asks for them, and that a silo's loss loses none. Who is attached is in memory.
/// </summary>
[Alias("mc.IStandingNewsGrain")]
public interface IStandingNewsGrain : IGrainWithIntegerKey
{
    /// <summary>Tells this edge too, for a minute from now; it repeats the call four times as often. Returns the number of the last change.</summary>
    [Alias("Attach")]
    Task<long> AttachAsync(IStandingEdge edge);

    [Alias("Detach")]
    Task DetachAsync(IStandingEdge edge);

    /// <summary>Stores a change and tells the edges of it; when this returns, each edge acts by it or did not answer. A repeated call tells it again, which harms nothing.</summary>
    [Alias("Tell")]
    Task TellAsync(StandingChange change);

    /// <summary>The changes after a number.</summary>
    [Alias("Since")]
    Task<StandingNews> GetSinceAsync(long number);
}

/// <summary>An edge that remembers what the directory said, or has sessions of accounts.</summary>
[Alias("mc.IStandingEdge")]
public interface IStandingEdge : IGrainObserver
{
    /// <summary>There are changes up to this number; returns when the edge acts by them.</summary>
    [Alias("Told")]
    Task ToldAsync(long number);
}

/// <param name="Tenant">Whose address or domain changed, or which tenant.</param>
/// <param name="AddressKey">The address; null: a domain, or the tenant itself.</param>
/// <param name="Account">The address' account; null when it has none.</param>
/// <param name="EndsSessions">True when nobody may be logged in there any more.</param>
[GenerateSerializer, Immutable, Alias("mc.StandingChange")]
public sealed record StandingChange(
    [property: Id(0)] TenantId Tenant, [property: Id(1)] string? AddressKey, [property: Id(2)] AccountId? Account, [property: Id(3)] bool EndsSessions)
{
    /// <summary>One of the account's app passwords, taken back: only sessions that it opened end. Null: it is about something else.</summary>
    [Id(4)] public Guid? AppPassword { get; init; }

    /// <summary>The domain that changed, as lower-case A-labels; null: an address, or the tenant itself.</summary>
    [Id(5)] public string? Domain { get; init; }
}

/// <param name="Last">The number of the last change.</param>
/// <param name="Changes">The changes up to it, the oldest first; null when they are too old to be known one by one.</param>
[GenerateSerializer, Immutable, Alias("mc.StandingNews")]
public sealed record StandingNews([property: Id(0)] long Last, [property: Id(1)] StandingChange[]? Changes);
