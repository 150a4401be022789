using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.MailboxContracts;

/// <summary>
/// Counts the recipients that an account, or a tenant with all of its accounts, has sent to. Key: an <see cref="AccountId"/> or a <see cref="TenantId"/>. Its answers do not wait for
/// its journal: a crash forgets about a hundredth of what the limits allow in a day, or a twenty-fifth of an hour's.
/// </summary>
[Alias("mc.ISendingGrain")]
public interface ISendingGrain : IGrainWithStringKey
{
    /// <summary>Counts recipients, as many of those asked for as the limits leave room for. An account's grain counts them for its tenant, too. A repeated call counts again.</summary>
    [Alias("Take")]
    Task<SendingGrant> TakeAsync(SendingRequest request);

    /// <summary>Takes off what was counted for recipients that no message went to in the end. If it is lost, the account has sent to fewer than it might.</summary>
    [OneWay, Alias("GiveBack")]
    Task GiveBackAsync(int recipients);

    /// <summary>
    /// Counts a message that is held among those that the account has held, until its time has come; durable when it answers. Null when it is counted; else the time when one of the others goes, as there are as many as the
    /// limit says.
    /// </summary>
    [Alias("Hold")]
    Task<DateTimeOffset?> HoldAsync(DateTimeOffset until, int limit);

    /// <summary>As <see cref="HoldAsync"/>, by the message's id: one that is counted is not counted again, however often it is asked for, and can be given back.</summary>
    [Alias("HoldMessage")]
    Task<DateTimeOffset?> HoldMessageAsync(Guid message, DateTimeOffset until, int limit);

    /// <summary>The message is held no longer, before its time. One that is not counted, or not any more, is nothing to give back.</summary>
    [Alias("ReleaseMessage")]
    Task ReleaseMessageAsync(Guid message);

    /// <summary>Removes the counts for good: the account, or the tenant, is gone.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <param name="Recipients">How many, at least 1.</param>
/// <param name="Limits">Those of whom the grain counts for.</param>
/// <param name="Tenant">Those of the account's tenant; null when a tenant's grain is asked.</param>
[GenerateSerializer, Immutable, Alias("mc.SendingRequest")]
public sealed record SendingRequest([property: Id(0)] int Recipients, [property: Id(1)] SendingLimits Limits, [property: Id(2)] SendingLimits? Tenant);

/// <summary>Recipients in a clock hour, and in the last 24 of these with the current one; 0 is no limit.</summary>
[GenerateSerializer, Immutable, Alias("mc.SendingLimits")]
public sealed record SendingLimits([property: Id(0)] int PerHour, [property: Id(1)] int PerDay);

/// <param name="Recipients">How many were counted: fewer than asked for, when the limits leave no more.</param>
/// <param name="Refusal">Why it is none; null when it is one or more.</param>
[GenerateSerializer, Immutable, Alias("mc.SendingGrant")]
public sealed record SendingGrant([property: Id(0)] int Recipients, [property: Id(1)] SendingRefusal? Refusal);

/// <summary>The limit that is reached.</summary>
/// <param name="OfTenant">True when it is the tenant's, false when it is the account's.</param>
/// <param name="Limit">How many recipients it allows.</param>
/// <param name="Hours">In so many hours: 1 or 24.</param>
/// <param name="FreeAt">When the next recipient may be sent to.</param>
[GenerateSerializer, Immutable, Alias("mc.SendingRefusal")]
public sealed record SendingRefusal([property: Id(0)] bool OfTenant, [property: Id(1)] int Limit, [property: Id(2)] int Hours, [property: Id(3)] DateTimeOffset FreeAt);
