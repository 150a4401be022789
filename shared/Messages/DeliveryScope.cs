using Microsoft.Extensions.Logging;

namespace MailCloud.Messages;

/// <summary>A log scope that says which message is worked on: every line within has its delivery id and its tenant, whoever writes it.</summary>
public static class DeliveryScope
{
    private static readonly Func<ILogger, DeliveryId, TenantId, IDisposable?> begin = LoggerMessage.DefineScope<DeliveryId, TenantId>("Delivery:{Delivery}, Tenant:{Tenant}");

    public static IDisposable? Begin(ILogger logger, DeliveryId delivery, TenantId tenant) => begin(logger, delivery, tenant);

    public static IDisposable? Begin(ILogger logger, QueuedMessage message) => begin(logger, message.Id, message.Tenant);
}
