using MailCloud.Cluster;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MailCloud.Tracing;

public static class TracingHost
{
    /// <summary>Adds <see cref="MessageTracer"/>, once, whichever services of a process ask for it. It needs a grain factory, which composition chooses.</summary>
    public static void AddTracing(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.AddTracingOptions();
        builder.AddGrainCalls();
        services.TryAddSingleton<TracingTelemetry>();
        services.TryAddSingleton<TraceBuffer>();
        services.TryAddSingleton(provider => new MessageTracer(
            provider.GetRequiredService<TraceBuffer>(), provider.GetRequiredService<TracingOptions>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, TraceSender>());
    }

    /// <summary>Section <c>Tracing</c>, for who keeps the record or reads it.</summary>
    public static void AddTracingOptions(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<TracingOptions>().BindConfiguration("Tracing").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<TracingOptions>>().Value);
    }
}
