using MailCloud.Blobs.Azure;
using MailCloud.Cluster;
using MailCloud.Hosting;
using MailCloud.Journal.Azure;
using MailCloud.LocalDelivery;
using MailCloud.Mailboxes;
using MailCloud.Queue.RabbitMq;

namespace MailCloud.FaultyServer;

/// <summary>One process of a cluster, wired as the Program.cs of its service does it.</summary>
internal static class ClusterService
{
    public static WebApplicationBuilder CreateBuilder(string service, string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddHealthListener();
        builder.Services.AddAzureBlobs(builder.Configuration);
        builder.Services.AddRabbitMqQueue(builder.Configuration);
        switch (service)
        {
            case "Mailboxes":
                builder.AddMailCloudHosting("mailboxes");
                builder.Services.AddAzureJournal(builder.Configuration);
                builder.AddClusterSilo();
                builder.AddMailboxes();
                break;
            case "LocalDelivery":
                builder.AddMailCloudHosting("local-delivery");
                builder.AddClusterClient();
                builder.AddLocalDelivery();
                break;
            default:
                throw new ArgumentException($"no service {service} with faults");
        }

        return builder;
    }

    public static async Task RunAsync(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.MapHealth();
        await app.RunAsync();
    }
}
