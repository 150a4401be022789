using MailCloud.Messages;

namespace MailCloud.LocalDelivery;

/// <summary>Log events 4000–4999. Every line about a message carries its delivery id and its tenant; none carries content.</summary>
internal static partial class DeliveryLog
{
    [LoggerMessage(4000, LogLevel.Debug, "{Delivery} of {Tenant} delivered: {Mailboxes} mailboxes, {Waiting} to the spool")]
    public static partial void Delivered(ILogger logger, DeliveryId delivery, TenantId tenant, int mailboxes, int waiting);

    [LoggerMessage(4001, LogLevel.Warning, "{Delivery} of {Tenant} could not be parsed and is filed as one opaque part")]
    public static partial void NotParsed(ILogger logger, DeliveryId delivery, TenantId tenant, Exception reason);

    [LoggerMessage(4002, LogLevel.Information, "{Delivery} of {Tenant}: {Account} did not answer, filing is repeated")]
    public static partial void FilingRepeated(ILogger logger, DeliveryId delivery, TenantId tenant, AccountId account);

    [LoggerMessage(4003, LogLevel.Warning, "{Delivery} of {Tenant}: mailbox {Account} does not answer")]
    public static partial void MailboxUnreachable(ILogger logger, DeliveryId delivery, TenantId tenant, AccountId account, Exception reason);

    [LoggerMessage(4004, LogLevel.Information, "{Delivery} of {Tenant}: {Account} waits in the spool: {Reason}")]
    public static partial void Deferred(ILogger logger, DeliveryId delivery, TenantId tenant, AccountId account, string reason);

    [LoggerMessage(4005, LogLevel.Warning, "{Delivery} of {Tenant}: {Recipient} has failed for good: {Reply}")]
    public static partial void Rejected(ILogger logger, DeliveryId delivery, TenantId tenant, EmailAddress recipient, string reply);

    [LoggerMessage(4006, LogLevel.Warning, "{Delivery} of {Tenant}: attempt failed, failure {Failures} is recorded")]
    public static partial void AttemptFailed(ILogger logger, DeliveryId delivery, TenantId tenant, int failures, Exception reason);

    [LoggerMessage(4007, LogLevel.Error, "{Delivery} of {Tenant} is parked for an operator: {Reason}")]
    public static partial void Parked(ILogger logger, DeliveryId delivery, TenantId tenant, string reason);

    [LoggerMessage(4008, LogLevel.Error, "mailboxes and stores do not answer: the queue is only probed until one does")]
    public static partial void Paused(ILogger logger);

    [LoggerMessage(4009, LogLevel.Warning, "{Delivery} of {Tenant} waits in hand while nothing answers: {Reason}")]
    public static partial void HeldInHand(ILogger logger, DeliveryId delivery, TenantId tenant, string reason);

    [LoggerMessage(4010, LogLevel.Error, "{Delivery} of {Tenant} could not be settled; consuming starts again and it comes once more")]
    public static partial void NotSettled(ILogger logger, DeliveryId delivery, TenantId tenant, Exception reason);

    [LoggerMessage(4011, LogLevel.Error, "consuming the queue broke off and starts again")]
    public static partial void ConsumingBroke(ILogger logger, Exception reason);

    [LoggerMessage(4012, LogLevel.Debug, "{Delivery} of {Tenant}: a live session of {Account} has shown it: {Shown}, all of it: {Whole}")]
    public static partial void Shown(ILogger logger, DeliveryId delivery, TenantId tenant, AccountId account, bool shown, bool whole);

    [LoggerMessage(4013, LogLevel.Warning, "{Delivery} of {Tenant}: terminals of {Account} cannot be asked; it is filed")]
    public static partial void TerminalsSilent(ILogger logger, DeliveryId delivery, TenantId tenant, AccountId account, Exception reason);

    [LoggerMessage(4014, LogLevel.Information, "{Delivery} of {Tenant}: group {Group} is expanded, in {Pages} pages")]
    public static partial void Expanded(ILogger logger, DeliveryId delivery, TenantId tenant, EmailAddress group, int pages);

    [LoggerMessage(4020, LogLevel.Debug, "{Delivery} of {Tenant}: {Account} is away, answer {Answer} is queued")]
    public static partial void Answered(ILogger logger, DeliveryId delivery, TenantId tenant, AccountId account, DeliveryId answer);

    [LoggerMessage(4021, LogLevel.Warning, "{Delivery} of {Tenant}: no answer of who is away, and none is tried again")]
    public static partial void NotAnswered(ILogger logger, DeliveryId delivery, TenantId tenant, Exception reason);

    [LoggerMessage(4030, LogLevel.Error, "spool shard {Shard} could not be retried")]
    public static partial void ShardFailed(ILogger logger, int shard, Exception reason);

    [LoggerMessage(4031, LogLevel.Error, "{Delivery} of {Tenant}: retry failed and comes again when its lease ends")]
    public static partial void RetryFailed(ILogger logger, DeliveryId delivery, TenantId tenant, Exception reason);

    [LoggerMessage(4032, LogLevel.Error, "{Delivery} of {Tenant} stays in the spool: its mailbox remembers no delivery that old, an operator must decide")]
    public static partial void TooOldInSpool(ILogger logger, DeliveryId delivery, TenantId tenant);
}
