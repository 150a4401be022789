using MailCloud.Cluster;
using MailCloud.LocalDelivery.Groups;
using MailCloud.LocalDelivery.Vacation;
using MailCloud.Reports;
using MailCloud.Tracing;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace MailCloud.LocalDelivery;

/// <summary>Everything this service needs beside the queue, the blob store and a grain factory, which composition chooses.</summary>
public static class LocalDeliveryHost
{
    /// <summary>Adds the consumer of the delivery queue and the worker that retries what waits for a mailbox. Section <c>Delivery</c>.</summary>
    public static void AddLocalDelivery(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<DeliveryOptions>().BindConfiguration("Delivery").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<DeliveryOptions>>().Value);
        services.TryAddSingleton(TimeProvider.System);
        builder.AddGrainCalls();
        builder.AddReports();
        builder.AddTracing();
        services.AddSingleton<DeliveryTrace>();
        services.AddSingleton<DeliveryTelemetry>();
        services.AddSingleton<Breaker>();
        services.AddSingleton<MailboxLanes>();
        services.AddSingleton<FilingRequests>();
        services.AddSingleton<MailboxFiler>();
        services.AddSingleton<Terminals>();
        services.AddSingleton<CopyDelivery>();
        services.AddSingleton<RetryHints>();
        services.AddSingleton<SpoolHandOver>();
        services.TryAddSingleton(new GroupSizes());
        services.AddSingleton<MemberLookup>();
        services.AddSingleton<GroupWalk>();
        services.AddSingleton<GroupCopies>();
        services.AddSingleton<GroupExpansion>();
        services.AddSingleton<VacationResponder>();
        services.AddSingleton<MessageDelivery>();
        services.AddSingleton<DeliveryWorker>();
        services.AddSingleton<RetryWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<DeliveryWorker>());
        services.AddHostedService(provider => provider.GetRequiredService<RetryWorker>());
        services.AddSingleton<QueueDepthWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<QueueDepthWatch>());
    }
}
