using MailCloud.Cluster;
using MailCloud.Tracing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MailCloud.Reports;

/// <summary>What sends delivery status notifications. It needs the queue, the blob store and a grain factory, which composition chooses.</summary>
public static class ReportsHost
{
    /// <summary>Adds <see cref="ReportSender"/>, once, whichever services of a process ask for it. Section <c>Reports</c>.</summary>
    public static void AddReports(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ReportOptions>().BindConfiguration("Reports").ValidateDataAnnotations().ValidateOnStart();
        builder.AddGrainCalls();
        builder.AddTracing();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<ReportOptions>>().Value);
        services.TryAddSingleton<ReportTelemetry>();
        services.TryAddSingleton<AddressLookup>();
        services.TryAddSingleton<ReportSender>();
    }
}
