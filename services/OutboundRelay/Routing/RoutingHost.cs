using System.Security.Cryptography.X509Certificates;
using MailCloud.Cluster;
using MailCloud.Hosting;
using MailCloud.OutboundRelay.Smtp;
using Microsoft.Extensions.Options;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Adds the <see cref="Router"/> with what it is made of; part of <see cref="OutboundRelayHost.AddOutboundRelay"/>.</summary>
internal static class RoutingHost
{
    public static void AddRouting(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddCheckedOptions<RelayRoutingOptions>("Relay", options => options.Errors());
        services.AddSingleton(WithOwnName);
        services.AddSingleton(s => new DnsResolver(Options(s).Dns, Time(s)));
        services.AddSingleton(s => new OwnAddresses(Options(s), Time(s)));
        services.AddSingleton(s => new HostAddresses(s.GetRequiredService<DnsResolver>(), s.GetRequiredService<OwnAddresses>(), Random.Shared));
        services.AddSingleton<DialPolicy>();
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<MailExchangers>(s, Random.Shared));
        services.AddSingleton<Dane>();
        services.AddSingleton(s => new MtaStsFetch(Options(s).MtaSts, s.GetRequiredService<HostAddresses>(), s.GetRequiredService<DialPolicy>(), Trust(s)));
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<MtaStsPolicies>(s, Options(s).MtaSts));
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<HostSecurity>(s, Options(s).Dns));
        services.AddSingleton(s => new LocalDomains(s.GetRequiredService<IGrainFactory>(), s.GetRequiredService<GrainCalls>(), Options(s).DirectoryCache, Time(s)));
        services.AddSingleton(s => new RouteTable(Options(s).Routes));
        services.AddSingleton<Router>();
    }

    // What it calls itself to other hosts is a name of this installation, too.
    private static RelayRoutingOptions WithOwnName(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<RelayRoutingOptions>>().Value;
        return options with { HostNames = $"{options.HostNames},{services.GetRequiredService<IOptions<SmtpClientOptions>>().Value.HostName}" };
    }

    private static RelayRoutingOptions Options(IServiceProvider services) => services.GetRequiredService<RelayRoutingOptions>();

    private static TimeProvider Time(IServiceProvider services) => services.GetRequiredService<TimeProvider>();

    /// <summary>Whom the relay trusts to certify mail exchangers it trusts for policy hosts; null: the system's authorities.</summary>
    private static X509ChainPolicy? Trust(IServiceProvider services)
    {
        var file = services.GetRequiredService<IOptions<SmtpClientOptions>>().Value.AuthoritiesFile;
        return file.Length == 0 ? null : CertificateCheck.Policy(SmtpClientOptions.LoadAuthorities(file));
    }
}
