using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;

namespace MailCloud.Wire.Tls;

/// <summary>Tells how long the certificates still hold; README.md has the table. One number for all of them, as an edge may serve thousands.</summary>
internal sealed class CertificateTelemetry(IMeterFactory meters, CertificateStore certificates, TimeProvider time) : IHostedService
{
    public const string MeterName = "MailCloud.Wire";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        meters.Create(MeterName).CreateObservableGauge("mailcloud.tls.certificate.left", Measure, "s", "Until the first of the certificates that are served expires.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<double>> Measure() => certificates.FirstExpiry is { } expiry ? [new((expiry - time.GetUtcNow()).TotalSeconds)] : [];
}
