using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;

namespace MailCloud.Hosting;

/// <summary>
/// What an orchestrator asks a process. <c>/health/live</c>: it answers, so that killing it would mend nothing. <c>/health/ready</c>: all that it needs is there and it is not ending, so that new
/// work may come. <c>/health/startup</c>: it has been ready once. Beside them is <c>/metrics</c>.
/// </summary>
public static class HealthPages
{
    /// <summary>Names tenants: never on a port for everybody.</summary>
    public const string Metrics = "/metrics";

    /// <summary>Whether a path is of these pages, which orchestrators and scrapers ask for all the time.</summary>
    public static bool IsOne(PathString path) => path.StartsWithSegments("/health", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments(Metrics, StringComparison.OrdinalIgnoreCase);

    /// <summary>Listens where <c>Hosting:Health</c> says, for services that have no HTTP of their own.</summary>
    public static void AddHealthListener(this WebApplicationBuilder builder)
    {
        var options = OptionsOf(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPEndPoint.Parse(options.Health)));
    }

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var startup = new Startup(app.ServiceProvider.GetRequiredService<HealthCheckService>());
        app.MapGet("/health/startup", startup.AnswerAsync);
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = WriteAsync });
        if (app.ServiceProvider.GetService<MeterProvider>() is not null && OptionsOf(app.ServiceProvider.GetRequiredService<IConfiguration>()).Prometheus)
        {
            app.MapPrometheusScrapingEndpoint(Metrics);
        }
    }

    private static HostingOptions OptionsOf(IConfiguration configuration) => configuration.GetSection("Hosting").Get<HostingOptions>() ?? new();

    /// <summary>Names what is amiss, and no more: the page is for everybody.</summary>
    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var amiss = string.Join(", ", report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy).Select(entry => entry.Key));
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(amiss.Length == 0 ? $"{report.Status}" : $"{report.Status}: {amiss}");
    }

    private sealed class Startup(HealthCheckService checks)
    {
        private volatile bool wasReady;

        public async Task<IResult> AnswerAsync(CancellationToken cancellationToken)
        {
            wasReady = wasReady || (await checks.CheckHealthAsync(cancellationToken)).Status != HealthStatus.Unhealthy;
            return wasReady ? Results.Text("Started") : Results.Text("Starting", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}

/// <summary>Not ready from the moment that the process was told to end.</summary>
internal sealed class DrainingHealth(IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("the process is ending") : HealthCheckResult.Healthy());
}
