using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization.Configuration;

namespace MailCloud.Cluster.Tests;

/// <summary>Silos of two builds in one cluster, as in an upgrade: what Orleans makes of a grain, and of a call, that only the later one has.</summary>
public sealed class BuildsTests(RedisServer redis) : IClassFixture<RedisServer>
{
    /// <summary>Enough to be placed on both silos, were both asked.</summary>
    private const int Several = 20;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly string id = Guid.NewGuid().ToString("N");

    /// <summary>Silos place it where it is known. A client's call goes by a gateway, which refuses what it does not know, even to pass it on: so clients have the grain for certain when no earlier silo is left.</summary>
    [Fact]
    public async Task A_grain_that_only_later_silos_have_is_placed_there_and_clients_reach_it_when_no_earlier_one_is_left()
    {
        using var earlier = Build(silo: true, later: false);
        await earlier.StartAsync();
        using var client = Build(silo: false, later: true);
        await client.StartAsync();
        var outside = client.Services.GetRequiredService<IClusterClient>();
        Assert.Throws<ArgumentException>(() => outside.GetGrain<ILaterGrain>(0));

        using var later = Build(silo: true, later: true);
        await later.StartAsync();
        var address = later.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToString();
        var inside = later.Services.GetRequiredService<IGrainFactory>();
        for (var key = 0; key < Several; key++)
        {
            Assert.Equal(address, await inside.GetGrain<ILaterGrain>(key).WhereAsync());
        }

        await earlier.StopAsync();
        for (var key = 0; key < Several; key++)
        {
            Assert.Equal(address, await AnswerAsync(() => outside.GetGrain<ILaterGrain>(key).WhereAsync()));
        }

        await client.StopAsync();
        await later.StopAsync();
    }

    /// <summary>It does not keep its caller waiting until the call times out, and the connection goes on.</summary>
    [Fact]
    public async Task A_call_that_a_gateway_does_not_know_is_refused_at_once()
    {
        using var earlier = Build(silo: true, later: false);
        await earlier.StartAsync();
        using var client = Build(silo: false, later: true);
        await client.StartAsync();

        var grains = client.Services.GetRequiredService<IClusterClient>();
        var known = grains.GetGrain<IManagementGrain>(0);
        await known.GetHosts();
        var refusal = await Record.ExceptionAsync(() => grains.GetGrain<ILaterGrain>(known.GetGrainId()).WhereAsync().WaitAsync(GrainCalls.AttemptLimit));
        Assert.IsType<TypeLoadException>(refusal);
        Assert.Single(await known.GetHosts());

        await client.StopAsync();
        await earlier.StopAsync();
    }

    /// <summary>Asks again while the client does not know yet which silos there are.</summary>
    private static async Task<string> AnswerAsync(Func<Task<string>> call)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            try
            {
                return await call().WaitAsync(GrainCalls.AttemptLimit);
            }
            catch (Exception) when (!limit.IsCancellationRequested)
            {
                // Not yet.
            }
        }
    }

    private IHost Build(bool silo, bool later)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.None);
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

        // What this assembly adds to Orleans' lists of types is what the later build has more.
        foreach (var added in builder.Services.Where(service => !later && service.ServiceType == typeof(IConfigureOptions<TypeManifestOptions>) && service.ImplementationType?.Assembly == typeof(ILaterGrain).Assembly).ToArray())
        {
            builder.Services.Remove(added);
        }

        return builder.Build();
    }
}

[Alias("cluster.ILaterGrain")]
public interface ILaterGrain : IGrainWithIntegerKey
{
    /// <summary>The silo that it is on.</summary>
    [Alias("Where")]
    Task<string> WhereAsync();
}

internal sealed class LaterGrain(ILocalSiloDetails silo) : Grain, ILaterGrain
{
    public Task<string> WhereAsync() => Task.FromResult(silo.SiloAddress.ToString());
}
