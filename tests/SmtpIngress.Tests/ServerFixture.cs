using System.Net;
using System.Net.Sockets;
using MailCloud.Blobs;
using MailCloud.Embedded;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>The real listeners on loopback, over real embedded storage and a silo with the table's grains.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private readonly DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("mailcloud-smtp");
    private WebApplication app = null!;

    public int MxPort { get; } = FreePort();

    public int SubmissionPort { get; } = FreePort();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Embedded:Directory"] = folder.FullName,
            ["Smtp:Mx"] = $"127.0.0.1:{MxPort}",
            ["Smtp:Submission"] = $"127.0.0.1:{SubmissionPort}",
            ["Smtp:Submissions"] = "",
            ["Smtp:HostName"] = "mail.example",
            ["Smtp:PostmasterDomain"] = "example.test",
            ["Smtp:MaxMessageSize"] = "20000",
            ["Smtp:MaxErrors"] = "5",
            ["Smtp:MaxRecipients"] = "100",
        });
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.Host.UseOrleans(silo => silo.UseLocalhostClustering(FreePort(), FreePort()));
        builder.AddSmtpIngress();
        app = builder.Build();
        await app.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        folder.Delete(recursive: true);
    }

    public async Task<TcpClient> ConnectAsync(string listener)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, listener == "submission" ? SubmissionPort : MxPort);
        return client;
    }

    internal async Task<IReadOnlyList<(QueuedMessage Entry, byte[] Body)>> StoredAsync()
    {
        var found = new List<(QueuedMessage, byte[])>();
        var blobs = app.Services.GetRequiredService<IMessageBlobs>();
        await foreach (var entry in app.Services.GetRequiredService<IMailQueue>().ListAsync(CancellationToken.None))
        {
            await using var stream = await blobs.OpenReadAsync(entry.Body.Name, 0, null, CancellationToken.None);
            var body = new MemoryStream();
            await stream.CopyToAsync(body);
            found.Add((entry, body.ToArray()));
        }

        return found;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

[CollectionDefinition("server")]
public sealed class ServerDefinition : ICollectionFixture<ServerFixture>;
