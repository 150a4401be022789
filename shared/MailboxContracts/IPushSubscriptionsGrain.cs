using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>Where an account's clients want to be told of changes while they are not connected (RFC 8620 §7.2). Key: <see cref="AccountId"/>.</summary>
[Alias("mc.IPushSubscriptionsGrain")]
public interface IPushSubscriptionsGrain : IGrainWithStringKey
{
    /// <summary>Those that have not run out, the oldest first.</summary>
    [Alias("List")]
    Task<IReadOnlyList<PushSubscription>> ListAsync();

    /// <summary>False: there are as many as an account may have. A repeat with the same id adds nothing.</summary>
    [Alias("Add")]
    Task<bool> AddAsync(PushSubscription subscription);

    /// <summary>False: there is no such subscription.</summary>
    [Alias("Update")]
    Task<bool> UpdateAsync(PushSubscriptionUpdate update);

    /// <summary>False: there is none.</summary>
    [Alias("Remove")]
    Task<bool> RemoveAsync(Guid subscription);

    /// <summary>Removes all of it for good: the account is gone.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>
/// Which accounts have push subscriptions, a part of them (<see cref="PushShards"/>), and which process pushes to these: one at a time, by a lease that lives in this grain's memory. Where the
/// grain is made anew while a process has the lease, another may take it, and for a lease's time some pushes go out twice.
/// </summary>
[Alias("mc.IPushShardGrain")]
public interface IPushShardGrain : IGrainWithIntegerKey
{
    /// <summary>An account has subscriptions, or they have changed: it is listed, and who pushes is told.</summary>
    [Alias("Touch")]
    Task TouchAsync(AccountId account);

    /// <summary>The account has no subscription any more.</summary>
    [Alias("Remove")]
    Task RemoveAsync(AccountId account);

    /// <summary>Takes or renews the lease for <see cref="PushShards.Lease"/>, and tells of what the pusher was told of and may not have heard.</summary>
    /// <param name="seen">Of the last answer; none: the default.</param>
    [Alias("Renew")]
    Task<PushRenewal> RenewAsync(Guid pusher, IPushPusher told, PushSeen seen);

    /// <summary>Another may take it at once.</summary>
    [Alias("Release")]
    Task ReleaseAsync(Guid pusher);

    /// <summary>Accounts after one, in order.</summary>
    [Alias("Page")]
    Task<IReadOnlyList<AccountId>> GetPageAsync(AccountId? after, int count);
}

/// <summary>A process that pushes.</summary>
[Alias("mc.IPushPusher")]
public interface IPushPusher : IGrainObserver
{
    /// <summary>The subscriptions of an account have changed. A hint: it may be lost, and is made good by the next renewal (<see cref="PushRenewal.Touched"/>).</summary>
    [Orleans.Concurrency.OneWay, Alias("Touched")]
    Task TouchedAsync(AccountId account);
}

/// <summary>Up to where a pusher has heard of changes.</summary>
/// <param name="Activation">Of the grain, which counts in memory.</param>
/// <param name="Touches">So many.</param>
[GenerateSerializer, Immutable, Alias("mc.PushSeen")]
public readonly record struct PushSeen([property: Id(0)] Guid Activation, [property: Id(1)] long Touches);

/// <param name="IsLeased">False: another has the lease.</param>
/// <param name="Seen">To be given with the next renewal.</param>
/// <param name="Touched">Accounts whose subscriptions have changed since what was seen; null: it is not known which.</param>
[GenerateSerializer, Immutable, Alias("mc.PushRenewal")]
public sealed record PushRenewal([property: Id(0)] bool IsLeased, [property: Id(1)] PushSeen Seen, [property: Id(2)] AccountId[]? Touched);

/// <summary>How accounts with subscriptions spread over grains.</summary>
public static class PushShards
{
    /// <summary>As many as one process asks for in a renewal; of a million accounts each has 16,000.</summary>
    public const int Count = 64;

    /// <summary>A pusher that dies is replaced after this; it renews three times as often.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    public static int Of(AccountId account) => (int)(StableHash.Of(account.Value) % Count);
}

/// <summary>A place to push to, which a client has made and, once it is verified, has shown to be its own.</summary>
[GenerateSerializer, Immutable, Alias("mc.PushSubscription")]
public sealed record PushSubscription
{
    /// <summary>Of one account: a person has a few devices, each with a few programs.</summary>
    public const int Most = 20;

    /// <summary>Of <see cref="DeviceClientId"/> and <see cref="Url"/>, characters.</summary>
    public const int MaxText = 2048;

    [Id(0)] public required Guid Id { get; init; }

    [Id(11)] public required AccountId Account { get; init; }

    /// <summary>By which the account is read, its key.</summary>
    [Id(12)] public required string Address { get; init; }

    /// <summary>What its maker showed to get in, as the edge names it: only who shows the same sees it, and it ends with that (RFC 8620 §7.2).</summary>
    [Id(1)] public required string Credential { get; init; }

    [Id(2)] public required string DeviceClientId { get; init; }

    [Id(3)] public required string Url { get; init; }

    /// <summary>The client's public key, 65 octets, to encrypt with (RFC 8291 §2); null: nothing is encrypted.</summary>
    [Id(4)] public byte[]? P256dh { get; init; }

    /// <summary>With it the authentication secret, 16 octets.</summary>
    [Id(5)] public byte[]? Auth { get; init; }

    /// <summary>What is sent to the URL and must come back.</summary>
    [Id(6)] public required string Code { get; init; }

    /// <summary>It was sent.</summary>
    [Id(7)] public bool IsCodeSent { get; init; }

    /// <summary>It came back: changes are pushed.</summary>
    [Id(8)] public bool IsVerified { get; init; }

    [Id(9)] public required DateTimeOffset Expires { get; init; }

    /// <summary>Types whose changes are pushed; null: all.</summary>
    [Id(10)] public string[]? Types { get; init; }
}

/// <summary>What changes of a subscription; null stays as it is.</summary>
[GenerateSerializer, Immutable, Alias("mc.PushSubscriptionUpdate")]
public sealed record PushSubscriptionUpdate
{
    [Id(0)] public required Guid Id { get; init; }

    [Id(1)] public bool IsCodeSent { get; init; }

    [Id(2)] public bool IsVerified { get; init; }

    [Id(3)] public DateTimeOffset? Expires { get; init; }

    /// <summary>True: <see cref="Types"/> are the new ones, null all.</summary>
    [Id(4)] public bool ChangesTypes { get; init; }

    [Id(5)] public string[]? Types { get; init; }
}
