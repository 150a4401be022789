using MailCloud.Messages;
using Microsoft.Extensions.Logging;

namespace MailCloud.Reports;

/// <summary>Log events 4900 to 4999.</summary>
internal static partial class ReportLog
{
    [LoggerMessage(4900, LogLevel.Information, "{Delivery} of {Tenant}: report {Report} ({Action}) is queued")]
    public static partial void Reported(ILogger logger, DeliveryId delivery, TenantId tenant, DeliveryId report, string action);

    [LoggerMessage(4901, LogLevel.Warning, "{Delivery} of {Tenant}: no report ({Action}): the sender's address does not exist here any more")]
    public static partial void SenderUnknown(ILogger logger, DeliveryId delivery, TenantId tenant, string action);
}
