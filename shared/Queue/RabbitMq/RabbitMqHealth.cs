using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MailCloud.Queue.RabbitMq;

/// <summary>
/// Ready while the broker is reached; asking connects. A broker that takes nothing for lack of room is degraded and not unready: the edges tell their clients so (452), which beats refusing
/// connections.
/// </summary>
internal sealed class RabbitMqHealth(RabbitMqQueue queue) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            // Long enough for a first connection on a sound network; the probe itself has a second by Kubernetes' default.
            await queue.Publishing.GetAsync(TimeSpan.FromMilliseconds(800), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy("the broker is not reached", e);
        }

        return queue.Publishing.BlockedBy is { } reason ? HealthCheckResult.Degraded($"the broker takes no entries: {reason}") : HealthCheckResult.Healthy();
    }
}
