using MailCloud.Messages;

namespace MailCloud.OutboundRelay;

/// <summary>Log events 7000–7099. Every line about a message carries its delivery id and its tenant; none carries content.</summary>
internal static partial class RelayLog
{
    [LoggerMessage(7010, LogLevel.Information, "{Delivery} of {Tenant} to {Recipient}: {Host} took it: {Reply}")]
    public static partial void Delivered(ILogger logger, DeliveryId delivery, TenantId tenant, EmailAddress recipient, string host, string reply);

    [LoggerMessage(7011, LogLevel.Information, "{Delivery} of {Tenant} to {Recipient} waits: {Reply} ({Host})")]
    public static partial void Deferred(ILogger logger, DeliveryId delivery, TenantId tenant, EmailAddress recipient, string reply, string? host);

    [LoggerMessage(7012, LogLevel.Information, "{Delivery} of {Tenant} to {Recipient} failed: {Reply} ({Host})")]
    public static partial void Failed(ILogger logger, DeliveryId delivery, TenantId tenant, EmailAddress recipient, string reply, string? host);

    [LoggerMessage(7013, LogLevel.Warning, "{Delivery} of {Tenant}: {Host} did not answer the end of the message: it is sent again and may arrive twice")]
    public static partial void InDoubt(ILogger logger, DeliveryId delivery, TenantId tenant, string host);

    [LoggerMessage(7014, LogLevel.Information, "{Delivery} of {Tenant} to {Recipient}: the domain is hosted here now, back to the queue")]
    public static partial void ReturnedToQueue(ILogger logger, DeliveryId delivery, TenantId tenant, EmailAddress recipient);

    [LoggerMessage(7015, LogLevel.Error, "{Delivery} of {Tenant}: its body could not be read, and it waits")]
    public static partial void BodyUnreadable(ILogger logger, DeliveryId delivery, TenantId tenant, Exception reason);

    [LoggerMessage(7016, LogLevel.Information, "{Delivery} of {Tenant}: {Recipient} is on its suppression list until {Until:u}: {Reply}")]
    public static partial void Suppressed(ILogger logger, DeliveryId delivery, TenantId tenant, EmailAddress recipient, DateTimeOffset until, string reply);

    [LoggerMessage(7017, LogLevel.Warning, "the suppression list of {Tenant} does not answer: mail goes on without it")]
    public static partial void SuppressionsAway(ILogger logger, TenantId tenant, Exception reason);

    [LoggerMessage(7020, LogLevel.Warning, "spool shard {Shard} could not be watched; it is tried again")]
    public static partial void ShardNotWatched(ILogger logger, int shard, Exception reason);

    [LoggerMessage(7021, LogLevel.Warning, "work on {Destination} broke off: what was leased comes again")]
    public static partial void DestinationFailed(ILogger logger, string destination, Exception reason);

    [LoggerMessage(7022, LogLevel.Warning, "spool shard {Shard} does not take outcomes; they are told again until it does")]
    public static partial void OutcomesNotTaken(ILogger logger, int shard, Exception reason);

    [LoggerMessage(7023, LogLevel.Warning, "{Delivery} of {Tenant}: body not released; the sweep will")]
    public static partial void NotReleased(ILogger logger, DeliveryId delivery, TenantId tenant, Exception reason);

    [LoggerMessage(7024, LogLevel.Warning, "{Delivery} of {Tenant}: no report of a message that was handed on: the queue does not take it")]
    public static partial void ReportLost(ILogger logger, DeliveryId delivery, TenantId tenant, Exception reason);

    [LoggerMessage(7027, LogLevel.Warning, "{Delivery} of {Tenant}: the report to its sender cannot be queued: it is tried again when its lease ends")]
    public static partial void NotReported(ILogger logger, DeliveryId delivery, TenantId tenant, Exception reason);

    [LoggerMessage(7025, LogLevel.Warning, "leases could not be renewed; they are tried again")]
    public static partial void NotRenewed(ILogger logger, Exception reason);

    [LoggerMessage(7028, LogLevel.Warning, "the directory does not say whether {Tenant} and its accounts may send: mail goes on")]
    public static partial void StatesAway(ILogger logger, TenantId tenant, Exception reason);

    [LoggerMessage(7026, LogLevel.Warning, "the grant of a connection to {Provider} is gone: the connection is closed")]
    public static partial void GrantLost(ILogger logger, string provider);
}
