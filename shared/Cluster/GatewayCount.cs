using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace MailCloud.Cluster;

/// <summary>The silos that this process is connected to as their client. A process that hosts its own grains has none.</summary>
public sealed class GatewayCount : IClusterConnectionStatusObserver
{
    private volatile int connected;
    private TaskCompletionSource nextLoss = NewSignal();

    public int Connected => connected;

    /// <summary>Ends when a connection to a silo is lost: what grains there knew of this process is perhaps gone with them. Who takes it before telling them misses none.</summary>
    public Task NextLoss => Volatile.Read(ref nextLoss).Task;

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        connected = currentNumberOfGateways;
        if (currentNumberOfGateways < previousNumberOfGateways)
        {
            Interlocked.Exchange(ref nextLoss, NewSignal()).SetResult();
        }
    }

    public void NotifyClusterConnectionLost() => connected = 0;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Ready while there is a silo to ask.</summary>
internal sealed class GatewayHealth(GatewayCount gateways) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        gateways.Connected > 0 ? HealthCheckResult.Healthy($"{gateways.Connected} silos") : HealthCheckResult.Unhealthy("no silo is connected"));
}
