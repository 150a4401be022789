using MailCloud.Cluster;
using MailCloud.OutboundRelay.Content;
using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Sending;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.OutboundRelay.Spool;
using MailCloud.Reports;
using MailCloud.Tracing;
using Microsoft.Extensions.Options;

namespace MailCloud.OutboundRelay;

/// <summary>Everything this service needs beside the queue, the blob store and a grain factory, which composition chooses.</summary>
public static class OutboundRelayHost
{
    /// <summary>Adds the workers that lease outbound mail from the spool and send it. Section <c>Relay</c>.</summary>
    public static void AddOutboundRelay(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.AddGrainCalls();
        builder.AddReports();
        builder.AddRouting();
        services.AddOutboundContent();
        services.AddSmtpClient();
        services.AddOptions<RelayOptions>().BindConfiguration("Relay").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<RelayOptions>>().Value);
        services.AddSingleton<RelayTelemetry>();
        services.AddSingleton(provider => new ReadyDestinations(provider.GetRequiredService<RelayOptions>().ConnectionsPerDestination));
        services.AddSingleton<Leases>();
        services.AddSingleton<Grants>();
        services.AddSingleton<Suppressions>();
        services.AddSingleton<Suspensions>();
        builder.AddTracing();
        services.AddSingleton<RelayTrace>();
        services.AddSingleton<OutcomeReporter>();
        services.AddSingleton<MessageRelay>();
        services.AddSingleton<LocalReturn>();
        services.AddSingleton<RelayServices>();
        services.AddSingleton<SpoolWatcher>();
        services.AddSingleton<RelayWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<Leases>());
        services.AddHostedService(provider => provider.GetRequiredService<Grants>());
        services.AddHostedService(provider => provider.GetRequiredService<SpoolWatcher>());
        services.AddHostedService(provider => provider.GetRequiredService<RelayWorker>());
    }
}
