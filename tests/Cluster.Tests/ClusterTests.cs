using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace MailCloud.Cluster.Tests;

public sealed class ClusterTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Silos_find_each_other_and_a_client_that_was_there_before_them()
    {
        var id = Guid.NewGuid().ToString("N");
        using var client = Build(id, silo: false);
        var starting = client.StartAsync();
        using var first = Build(id, silo: true);
        await first.StartAsync();
        using var second = Build(id, silo: true);
        await second.StartAsync();
        await starting.WaitAsync(Limit);

        var hosts = await client.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        Assert.Equal(2, hosts.Count);
        foreach (var host in new[] { client, first, second })
        {
            Assert.Equal(HealthStatus.Healthy, await HealthAsync(host));
            await host.StopAsync();
        }
    }

    [Fact]
    public async Task A_silo_ends_when_the_table_was_emptied_and_another_cluster_began_in_it()
    {
        var id = Guid.NewGuid().ToString("N");
        using var old = Build(id, silo: true);
        await old.StartAsync();
        var ended = old.WaitForShutdownAsync();
        await redis.EmptyAsync();
        using var fresh = Build(id, silo: true);
        await fresh.StartAsync();

        await ended.WaitAsync(Limit);
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(fresh));
        await fresh.StopAsync();
    }

    [Fact]
    public async Task A_client_without_a_silo_is_not_ready()
    {
        var id = Guid.NewGuid().ToString("N");
        using var silo = Build(id, silo: true);
        await silo.StartAsync();
        using var client = Build(id, silo: false);
        await client.StartAsync();
        await silo.StopAsync();

        using var limit = new CancellationTokenSource(Limit);
        while (await HealthAsync(client) != HealthStatus.Unhealthy)
        {
            limit.Token.ThrowIfCancellationRequested();
        }

        await client.StopAsync();
    }

    private IHost Build(string id, bool silo)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration.AddInMemoryCollection(
        [
            new("Cluster:Redis", redis.Configuration), new("Cluster:Id", id),
            new("Cluster:Silo", $"127.0.0.1:{FreePort.Find()}"), new("Cluster:Gateway", $"127.0.0.1:{FreePort.Find()}"),
        ]);
        if (silo)
        {
            builder.AddClusterSilo();
        }
        else
        {
            builder.AddClusterClient();
        }

        return builder.Build();
    }

    private static async Task<HealthStatus> HealthAsync(IHost host) => (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status;
}
