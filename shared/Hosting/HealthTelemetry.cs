using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MailCloud.Hosting;

/// <summary>What the health checks said last, as a metric; README.md has the table.</summary>
internal sealed class HealthTelemetry : IHealthCheckPublisher
{
    public const string MeterName = "MailCloud.Hosting";

    private volatile HealthReport? last;

    public HealthTelemetry(IMeterFactory meters) => meters.Create(MeterName).CreateObservableGauge(
        "mailcloud.health", Measure, description: "What a health check said last: 1 healthy, 0.5 degraded, 0 unhealthy.");

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        last = report;
        return Task.CompletedTask;
    }

    private IEnumerable<Measurement<double>> Measure() =>
        last?.Entries.Select(entry => new Measurement<double>((double)entry.Value.Status / (double)HealthStatus.Healthy, new KeyValuePair<string, object?>("check", entry.Key))) ?? [];
}
