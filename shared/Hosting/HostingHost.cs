using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MailCloud.Hosting;

/// <summary>What every service has beside its work: telemetry, health checks, an orderly end.</summary>
public static class HostingHost
{
    /// <summary>The prefix of every activity source and meter of this platform.</summary>
    private const string Instruments = "MailCloud.*";

    /// <summary>The activity source of calls between this platform's grains and services; Orleans has others for its own doings.</summary>
    private const string GrainCalls = "Microsoft.Orleans.Application";

    private const string StandardOtlp = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Meters of what the services stand on, which dashboards show: grains, HTTP, connections.</summary>
    private static readonly string[] Frameworks = ["Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    /// <summary>As often as an orchestrator asks.</summary>
    private static readonly TimeSpan HealthEvery = TimeSpan.FromSeconds(10);

    /// <summary>For what is told at the end of the drain that it is over, and less than what is left of Kubernetes' grace then.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(3);

    /// <param name="builder">The service's builder.</param>
    /// <param name="service">Its name in traces and metrics, for example <c>smtp-ingress</c>.</param>
    public static void AddMailCloudHosting(this IHostApplicationBuilder builder, string service)
    {
        var options = builder.Configuration.GetSection("Hosting").Get<HostingOptions>() ?? new();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout);
        builder.Services.AddHostedService(services => new DrainLimit(
            options.DrainTimeout + Moment, Environment.Exit, services.GetRequiredService<IHostApplicationLifetime>(), TimeProvider.System, services.GetRequiredService<ILogger<DrainLimit>>()));
        builder.Services.AddHealthChecks().AddCheck<DrainingHealth>("draining");
        builder.Logging.ClearProviders();

        // Lines tell which trace they are of; their span is where the collector has it.
        builder.Logging.Configure(logging => logging.ActivityTrackingOptions = ActivityTrackingOptions.TraceId);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.IncludeScopes = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Orleans", LogLevel.Warning).AddFilter("Polly", LogLevel.Warning);

        // It warns of every start without the server's garbage collector, whose heaps are larger than a small machine likes.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);

        // Its first round measures from the machine's start, and so warns of hours without a check.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        AddTelemetry(builder, service, options);
    }

    /// <summary>Whether traces go anywhere. Where they do not, nothing needs to carry them along.</summary>
    public static bool IsTraced(IConfiguration configuration) => CollectorOf(configuration, configuration.GetSection("Hosting").Get<HostingOptions>() ?? new()) is not null;

    private static Uri? CollectorOf(IConfiguration configuration, HostingOptions options) =>
        options.Otlp ?? (configuration[StandardOtlp] is { Length: > 0 } standard ? new Uri(standard) : null);

    private static void AddTelemetry(IHostApplicationBuilder builder, string service, HostingOptions options)
    {
        var collector = CollectorOf(builder.Configuration, options);
        if (collector is null && !options.Prometheus)
        {
            // Nobody listens: instruments without a listener cost nothing.
            return;
        }

        builder.Services.AddSingleton<ProcessTelemetry>();
        builder.Services.AddSingleton<IHealthCheckPublisher, HealthTelemetry>();
        builder.Services.Configure<HealthCheckPublisherOptions>(checks => checks.Period = HealthEvery);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(service, serviceNamespace: "mailcloud"))
            .WithMetrics(metrics => AddMetrics(metrics, options));

        // What serves connections is made with Kestrel's options, and may count from then on: before it there must be who reads.
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IServiceProvider>((_, services) => services.GetRequiredService<MeterProvider>());
        if (collector is not null)
        {
            telemetry.WithTracing(tracing => AddTracing(tracing, options)).WithLogging(null, logs => logs.IncludeScopes = logs.IncludeFormattedMessage = true).UseOtlpExporter(OtlpExportProtocol.Grpc, collector);
        }
    }

    private static void AddTracing(TracerProviderBuilder tracing, HostingOptions options) => tracing
        .AddSource(Instruments)
        .AddSource(GrainCalls)
        .AddAspNetCoreInstrumentation(requests => requests.Filter = request => !HealthPages.IsOne(request.Request.Path))
        .SetSampler(new ParentBasedSampler(new RootSampler(options.TraceShare)));

    private static void AddMetrics(MeterProviderBuilder metrics, HostingOptions options)
    {
        var views = new MetricViews(options);
        metrics.AddMeter(Instruments).AddMeter(Frameworks).AddRuntimeInstrumentation().AddInstrumentation<ProcessTelemetry>().AddView(views.For);
        if (options.Prometheus)
        {
            // Names say which meter it is; which service it is the scraper need not be told for each port.
            metrics.AddPrometheusExporter(page => (page.ScopeInfoEnabled, page.ResourceConstantLabels) = (false, attribute => attribute == "service.name"));
        }
    }
}
