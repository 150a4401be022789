using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace MailCloud.Cluster;

/// <summary>How many silos this client is connected to.</summary>
internal sealed class GatewayCount : IClusterConnectionStatusObserver
{
    private volatile int connected;

    public int Connected => connected;

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) => connected = currentNumberOfGateways;

    public void NotifyClusterConnectionLost() => connected = 0;
}

/// <summary>Ready while there is a silo to ask.</summary>
internal sealed class GatewayHealth(GatewayCount gateways) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        gateways.Connected > 0 ? HealthCheckResult.Healthy($"{gateways.Connected} silos") : HealthCheckResult.Unhealthy("no silo is connected"));
}
