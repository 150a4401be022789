using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Clustering.Redis;
using Orleans.Runtime;

namespace MailCloud.Cluster;

/// <summary>
/// Looks whether the membership table still knows this silo, and ends the process when it does not. Two clusters beside each other lose and double nothing, as journals are fenced, but
/// each mailbox would move to and fro between them; who starts the process again makes it a member of the one that is left.
/// </summary>
internal sealed class MembershipCheck(
    IMembershipTable table, ILocalSiloDetails silo, MembershipView view, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<MembershipCheck> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>The process failed: who supervises it starts it again.</summary>
    private const int ExitCode = 1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await LookAsync(stoppingToken);
            if (view.Standing == Standing.Outside)
            {
                ClusterLog.Outside(logger, silo.SiloAddress);
                Environment.ExitCode = ExitCode;
                lifetime.StopApplication();
                return;
            }
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        limit.CancelAfter(Every);
        try
        {
            var read = await table.ReadAllAsync(limit.Token);
            view.Read(read.Version.Version, read.Members.Any(row => row.Item1.SiloAddress.Equals(silo.SiloAddress)));
        }
        catch (RedisClusteringException)
        {
            view.Missing();
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            ClusterLog.TableUnreadable(logger, e.Message);
        }
    }
}

/// <summary>Ready while the membership table knows this silo, or has not been away for long.</summary>
internal sealed class MembershipHealth(MembershipView view) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(view.Standing switch
    {
        Standing.Member => HealthCheckResult.Healthy("a member"),
        Standing.Unknown => HealthCheckResult.Unhealthy("the membership table cannot be read"),
        _ => HealthCheckResult.Unhealthy("the membership table does not know this silo"),
    });
}
