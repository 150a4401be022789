using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>Log events 7300 to 7399. Never a private key.</summary>
internal static partial class ContentLog
{
    [LoggerMessage(7300, LogLevel.Warning, "{Delivery} of {Tenant} is sent without a signature: {Reason}")]
    public static partial void NotSigned(ILogger logger, DeliveryId delivery, TenantId tenant, string reason);
}
