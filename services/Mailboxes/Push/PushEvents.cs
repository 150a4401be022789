using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Push;

[GenerateSerializer, Immutable, Alias("mc.PushSubscriptionEvent")]
internal abstract record PushSubscriptionEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Immutable, Alias("mc.PushSubscriptionAdded")]
internal sealed record PushSubscriptionAdded([property: Id(0)] PushSubscription Subscription) : PushSubscriptionEvent;

[GenerateSerializer, Immutable, Alias("mc.PushSubscriptionUpdated")]
internal sealed record PushSubscriptionUpdated([property: Id(0)] PushSubscriptionUpdate Update) : PushSubscriptionEvent;

[GenerateSerializer, Immutable, Alias("mc.PushSubscriptionRemoved")]
internal sealed record PushSubscriptionRemoved([property: Id(0)] Guid Subscription) : PushSubscriptionEvent;

[GenerateSerializer, Alias("mc.PushSubscriptionsState")]
internal sealed record PushSubscriptionsState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>The oldest first; <see cref="PushSubscription.Most"/> that have not run out, at most.</summary>
    [Id(0)] public List<PushSubscription> Subscriptions { get; init; } = [];
}

/// <summary>An account has subscriptions from now on, or none any more.</summary>
[GenerateSerializer, Immutable, Alias("mc.PushAccountListed")]
internal sealed record PushAccountListed([property: Id(0)] AccountId Account, [property: Id(1)] bool HasSubscriptions) : IStoredRecord
{
    public static byte FormatVersion => 1;
}

[GenerateSerializer, Alias("mc.PushShardState")]
internal sealed record PushShardState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Sorted by ordinal: a page begins with a binary search.</summary>
    [Id(0)] public List<string> Accounts { get; init; } = [];
}
