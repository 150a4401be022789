using MailCloud.Cluster;
using MailCloud.Embedded;
using MailCloud.Hosting;
using MailCloud.LocalDelivery;
using MailCloud.MailboxAccess;
using MailCloud.Mailboxes;
using MailCloud.OutboundRelay;
using MailCloud.SmtpIngress;
using MailCloud.Web;
using MailCloud.Wire.Tls;
using Microsoft.Extensions.Configuration.Memory;

namespace MailCloud.AllInOne;

/// <summary>Every service in one process on embedded storage. Nothing here but composition: what a service does is in its own folder.</summary>
public static class AllInOneHost
{
    /// <summary>The services, wired and not started.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults.For(builder.Configuration) });

        PrivateFiles.CreateDirectory(builder.Configuration["Embedded:Directory"]!);
        SelfSignedCertificate.Ensure(builder.Configuration["Tls:Directory"]!, builder.Configuration["Smtp:HostName"]!, TimeProvider.System);
        AdminToken.Ensure(builder.Configuration["Web:AdminTokenFile"]!);
        VapidKeyFile.Ensure(builder.Configuration["Web:Jmap:Push:VapidKeyFile"]!);

        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddMailCloudHosting("all-in-one");
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.Services.AddTls(builder.Configuration);

        // Nobody outside calls grains, so that there is no gateway; and the silo's port stays below those that the system gives to connections that go out.
        builder.UseOrleans(silo => silo.UseLocalhostClustering(siloPort: 7700 + Defaults.PortOffset(builder.Configuration), gatewayPort: 0).AddGrainCallTraces());
        builder.AddMailboxes();
        builder.Services.AddHostedService<DemoTenant>();
        builder.AddSmtpIngress();
        builder.AddLocalDelivery();
        builder.AddOutboundRelay();
        builder.AddMailboxAccess();
        builder.AddWeb();
        return builder;
    }

    /// <summary>Runs until it is told to stop; says so when everything listens.</summary>
    public static async Task RunAsync(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.MapWeb();
        app.Lifetime.ApplicationStarted.Register(() => Banner.Print(app.Configuration, Console.Out));
        await app.RunAsync();
    }
}
