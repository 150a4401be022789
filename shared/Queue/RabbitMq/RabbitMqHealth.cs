using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MailCloud.Queue.RabbitMq;

/// <summary>
/// Ready while the broker is reached; asking connects. A broker that takes nothing for lack of room is degraded and not unready: the edges tell their clients so (452), which beats refusing
/// connections.
/// </summary>
internal sealed class RabbitMqHealth(RabbitMqQueue queue) : IHealthCheck
{
    /// <summary>Enough for a connection on a sound network, and within the second that a probe of Kubernetes has by default.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await queue.Publishing.GetAsync(Patience, cancellationToken).ConfigureAwait(false);
            if (queue.Consuming.IsUsed)
            {
                await queue.Consuming.GetAsync(Patience, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy("the broker is not reached", e);
        }

        return queue.Publishing.BlockedBy is { } reason ? HealthCheckResult.Degraded($"the broker takes no entries: {reason}") : HealthCheckResult.Healthy();
    }
}
