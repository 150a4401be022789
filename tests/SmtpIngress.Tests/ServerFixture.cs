using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using MailCloud.Blobs;
using MailCloud.Embedded;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Orleans.Configuration;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>
/// The real listeners on loopback, over real embedded storage and silos with the table's grains: one server without a certificate, and one with it. The second
/// takes connections from 127.0.0.2 for those of a proxy. A third slows guessing from loopback, too, and has a clock that tests move.
/// </summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private const string Proxy = "127.0.0.2";

    private readonly DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("mailcloud-smtp");
    private readonly Dictionary<string, int> ports = [];
    private WebApplication plain = null!;
    private WebApplication secured = null!;
    private WebApplication guessed = null!;

    /// <summary>How a client shakes hands that trusts the certificate of the secured server.</summary>
    public SslClientAuthenticationOptions Tls { get; private set; } = null!;

    /// <summary>The clock of the server whose <c>guessed-submission</c> slows guessing from loopback, too.</summary>
    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    /// <summary>What that server is made of.</summary>
    public IServiceProvider GuessedServices => guessed.Services;

    /// <summary>What the server without a certificate is made of.</summary>
    public IServiceProvider Services => plain.Services;

    /// <summary>What the server with a certificate is made of.</summary>
    public IServiceProvider SecuredServices => secured.Services;

    public async Task InitializeAsync()
    {
        var certificates = folder.CreateSubdirectory("tls");
        Tls = CertificatePair.Write(certificates, "default", "mail.example");
        plain = await StartAsync("", []);
        guessed = await StartAsync("guessed-", new() { ["Credentials:UnlimitedNetworks"] = "" }, Time);
        secured = await StartAsync("secured-", new() { ["Tls:Directory"] = certificates.FullName, ["Smtp:ProxyNetworks"] = Proxy + "/32" });
    }

    public async Task DisposeAsync()
    {
        foreach (var app in new[] { plain, secured, guessed })
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        folder.Delete(recursive: true);
    }

    /// <summary>The port of <c>mx</c>, <c>submission</c>, <c>secured-mx</c>, <c>secured-submission</c>, <c>secured-submissions</c> or <c>guessed-submission</c>.</summary>
    public int Port(string listener) => ports[listener];

    /// <summary>The grain that counts what an account sends, as the server without a certificate sees it.</summary>
    internal ISendingGrain SendingOf(string account) => plain.Services.GetRequiredService<IGrainFactory>().GetGrain<ISendingGrain>(account);

    /// <summary>Runs a transcript: <c># listener:</c> chooses where, <c># from: proxy</c> comes from the proxy's address.</summary>
    public async Task RunAsync(Transcript transcript, Chunking chunking)
    {
        var from = transcript.Setting("from") == "proxy" ? IPAddress.Parse(Proxy) : IPAddress.Loopback;
        using var client = new TcpClient(new IPEndPoint(from, 0));
        await client.ConnectAsync(IPAddress.Loopback, Port(transcript.Setting("listener") ?? "mx"));
        await TranscriptRunner.RunAsync(client, transcript, chunking, Tls);
    }

    internal Task RunAsync(string[] lines, Chunking chunking) => RunAsync(Transcript.Parse(lines), chunking);

    /// <summary>What stands in the queues of both servers, with its octets.</summary>
    internal async Task<IReadOnlyList<(QueuedMessage Entry, byte[] Body)>> StoredAsync()
    {
        var found = new List<(QueuedMessage, byte[])>();
        foreach (var services in new[] { plain.Services, secured.Services })
        {
            var blobs = services.GetRequiredService<IMessageBlobs>();
            await foreach (var entry in services.GetRequiredService<IMailQueue>().ListAsync(CancellationToken.None))
            {
                await using var stream = await blobs.OpenReadAsync(entry.Body.Name, 0, null, CancellationToken.None);
                var body = new MemoryStream();
                await stream.CopyToAsync(body);
                found.Add((entry, body.ToArray()));
            }
        }

        return found;
    }

    private async Task<WebApplication> StartAsync(string prefix, Dictionary<string, string?> further, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Embedded:Directory"] = folder.CreateSubdirectory(prefix + "data").FullName,
            ["Smtp:Mx"] = $"127.0.0.1:{ports[prefix + "mx"] = FreePort.Find()}",
            ["Smtp:Submission"] = $"127.0.0.1:{ports[prefix + "submission"] = FreePort.Find()}",
            ["Smtp:Submissions"] = $"127.0.0.1:{ports[prefix + "submissions"] = FreePort.Find()}",
            ["Smtp:HostName"] = "mail.example",
            ["Smtp:PostmasterDomain"] = "example.test",
            ["Smtp:MaxMessageSize"] = "20000",
            ["Smtp:MaxErrors"] = "5",
            ["Smtp:MaxRecipients"] = "100",
            ["Oidc:AllowedNetworks"] = "127.0.0.0/8",
            ["Cluster:Patience"] = "00:00:02",
        });
        builder.Configuration.AddInMemoryCollection(further);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.Host.UseOrleans(silo => silo.UseLocalhostClustering(FreePort.Find(), FreePort.Find()));
        builder.AddSmtpIngress();
        var app = builder.Build();
        await app.StartAsync();
        return app;
    }
}

[CollectionDefinition("server")]
public sealed class ServerDefinition : ICollectionFixture<ServerFixture>;
