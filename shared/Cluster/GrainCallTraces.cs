using MailCloud.Hosting;
using Orleans.Hosting;

namespace MailCloud.Cluster;

/// <summary>Makes calls of grains part of the trace of what makes them. Where nothing is traced, calls go without the filters that this takes.</summary>
public static class GrainCallTraces
{
    public static ISiloBuilder AddGrainCallTraces(this ISiloBuilder silo) => HostingHost.IsTraced(silo.Configuration) ? silo.AddActivityPropagation() : silo;

    public static IClientBuilder AddGrainCallTraces(this IClientBuilder client) => HostingHost.IsTraced(client.Configuration) ? client.AddActivityPropagation() : client;
}
