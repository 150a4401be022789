using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using StackExchange.Redis;

namespace MailCloud.Cluster;

/// <summary>Makes a process a member of the cluster of silos, or its client. Membership stands in Redis.</summary>
public static class ClusterHost
{
    /// <summary>
    /// The first time-out of a probe, which then follows the answers' own times, down to a half: three probes that fail, one a second, and a killed silo is declared dead. One vote is enough in a
    /// cluster of two. Orleans' default is 5 s.
    /// </summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The longest time-out of a probe, and a third of the time for which a silo must be silent on a connection that stands before anybody votes against it: one that is only slow sends something in
    /// 12 s, and one that hangs, or whose machine is gone, is declared dead after them. Orleans' default is four times the first, here 24 s of silence.
    /// </summary>
    private static readonly TimeSpan MaxProbeTimeout = TimeSpan.FromSeconds(4);

    /// <summary>A silo that has started gets its share of clients within this time. Orleans' default is a minute.</summary>
    private static readonly TimeSpan GatewayRefresh = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ConnectAgainAfter = TimeSpan.FromSeconds(1);

    /// <summary>How many activations move from one silo to another every 15 s at most: each is loaded anew, a few ms and a read or two of storage.</summary>
    private const int MovesAtOnce = 1000;

    /// <summary>How far from evenly spread activations may be, as a part of the highest entropy, however many they are: about 44 and 56 of a hundred. Orleans' default is a hundredth of it, and would move some for ever.</summary>
    private const double Unevenness = 0.01;

    /// <summary>
    /// How fast rebalancing gets up to speed, 0 to 1. By Orleans' formula a silo that joins two others has nine tenths of its share after four cycles, a minute; with the default of 0.1 it has a third of it.
    /// </summary>
    private const double Eagerness = 0.5;

    /// <summary>Hosts grains. It does not start while Redis is away, and ends when the membership table does not know it any more (<see cref="MembershipCheck"/>).</summary>
    public static void AddClusterSilo(this IHostApplicationBuilder builder)
    {
        var options = ClusterOptions.From(builder.Configuration);
        var (siloEnd, gatewayEnd) = (IPEndPoint.Parse(options.Silo), IPEndPoint.Parse(options.Gateway));
        var pod = Pod.FromEnvironment();
        builder.UseOrleans(silo =>
        {
            silo.Configure<Orleans.Configuration.ClusterOptions>(names => Name(names, options));
            silo.UseRedisClustering(redis => redis.ConfigurationOptions = ConfigurationOptions.Parse(options.Redis));
            silo.Configure<EndpointOptions>(ends =>
            {
                ends.AdvertisedIPAddress = siloEnd.Address;
                (ends.SiloPort, ends.GatewayPort) = (siloEnd.Port, gatewayEnd.Port);

                // As Orleans has them where it is not told; in a pod it would listen on all addresses of IPv4.
                (ends.SiloListeningEndpoint, ends.GatewayListeningEndpoint) = (siloEnd, gatewayEnd);
            });
            AddPod(silo, pod, options);
            silo.Configure<ClusterMembershipOptions>(membership => (membership.ProbeTimeout, membership.MaxProbeTimeout) = (ProbeTimeout, MaxProbeTimeout));

            // Activations go, the least used first, before the memory that the process is given ends.
            silo.Configure<GrainCollectionOptions>(collection => collection.EnableActivationSheddingOnMemoryPressure = true);
            AddRebalancing(silo);
            silo.AddGrainCallTraces();
        });
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<MembershipView>();
        builder.Services.AddHostedService<MembershipCheck>();
        builder.Services.AddHealthChecks().AddCheck<MembershipHealth>("membership");
    }

    /// <summary>Calls grains. It waits for a first silo as long as it takes, and is not ready until it has one.</summary>
    public static void AddClusterClient(this IHostApplicationBuilder builder)
    {
        var options = ClusterOptions.From(builder.Configuration);
        builder.AddGrainCalls();
        builder.UseOrleansClient(client =>
        {
            client.Configure<Orleans.Configuration.ClusterOptions>(names => Name(names, options));
            client.UseRedisClustering(redis => redis.ConfigurationOptions = ConfigurationOptions.Parse(options.Redis));
            client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = GatewayRefresh);
            client.UseConnectionRetryFilter(async (_, cancellationToken) =>
            {
                await Task.Delay(ConnectAgainAfter, cancellationToken);
                return true;
            });
            client.AddGrainCallTraces();
            client.Services.AddSingleton<IClusterConnectionStatusObserver>(services => services.GetRequiredService<GatewayCount>());
        });
        builder.Services.AddHealthChecks().AddCheck<GatewayHealth>("gateways");
    }

    /// <summary>What services that call grains share, wherever these are: in other processes or in this one.</summary>
    public static void AddGrainCalls(this IHostApplicationBuilder builder)
    {
        var patience = ClusterOptions.PatienceFrom(builder.Configuration);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<GatewayCount>();
        builder.Services.TryAddSingleton(services => new GrainCalls(
            patience, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));
    }

    private static void AddPod(ISiloBuilder silo, Pod pod, ClusterOptions options)
    {
        if (!string.IsNullOrEmpty(pod.Name))
        {
            // Also where the option is off: a silo that goes by Kubernetes declares those dead whose names are no pods', and during an upgrade that turns it on there are both.
            silo.Configure<SiloOptions>(names => names.SiloName = pod.Name);
        }

        if (options.Kubernetes)
        {
            pod.Require(options);
            silo.UseKubernetesHosting();
            silo.Services.AddSingleton(pod);
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, PodAccess>();
        }
    }

    /// <summary>Without it a silo that starts gets only what is called for the first time since: mailboxes in constant use would stay where they are.</summary>
    private static void AddRebalancing(ISiloBuilder silo)
    {
        silo.Configure<ActivationRebalancerOptions>(rebalancing =>
        {
            rebalancing.ActivationMigrationCountLimit = MovesAtOnce;
            (rebalancing.AllowedEntropyDeviation, rebalancing.ScaleAllowedEntropyDeviation) = (Unevenness, false);
            rebalancing.CycleNumberWeight = Eagerness;
        });

        // Its interface may change, says the warning, and it is one call here.
#pragma warning disable ORLEANSEXP002
        silo.AddActivationRebalancer();
#pragma warning restore ORLEANSEXP002
    }

    private static void Name(Orleans.Configuration.ClusterOptions names, ClusterOptions options) => (names.ClusterId, names.ServiceId) = (options.Id, options.Id);
}
