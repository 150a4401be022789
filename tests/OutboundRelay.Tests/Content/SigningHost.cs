using System.Text;
using MailCloud.Blobs;
using MailCloud.Embedded;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Content;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.OutboundRelay.Tests.Content;

/// <summary>The real grains, which have the keys, and the real blob store, with what makes messages ready for next hops. <c>example.test</c> has a key of each algorithm.</summary>
public sealed class SigningHost : IAsyncLifetime
{
    public static readonly TenantId Demo = new("demo");

    private IHost host = null!;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("mailcloud-content-").FullName;

    public IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    internal OutboundContent Content => host.Services.GetRequiredService<OutboundContent>();

    internal LoggedEvents Log { get; } = new();

    internal Dkimpy Dkimpy { get; } = new();

    public async Task InitializeAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddProvider(Log);
        builder.Configuration.AddInMemoryCollection([new("Embedded:Directory", Directory)]);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.AddMailboxes();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort.Find(), FreePort.Find()));
        Cluster.ClusterHost.AddGrainCalls(builder);
        builder.Services.AddOutboundContent();
        host = builder.Build();
        await host.StartAsync();
        var tenant = Grains.GetGrain<ITenantGrain>(Demo.Value);
        await tenant.CreateAsync();
        foreach (var (domain, algorithms) in new[] { ("example.test", (DkimAlgorithm[])[DkimAlgorithm.Rsa, DkimAlgorithm.Ed25519]), ("bare.test", []), ("xn--bcher-kva.test", [DkimAlgorithm.Ed25519]) })
        {
            await tenant.AddDomainAsync(domain);
            foreach (var algorithm in algorithms)
            {
                await Grains.GetGrain<IDkimGrain>(domain).AddAsync(algorithm, algorithm.ToString().ToLowerInvariant());
                await Grains.GetGrain<IDkimGrain>(domain).ActivateAsync(algorithm.ToString().ToLowerInvariant());
            }
        }
    }

    public async Task DisposeAsync()
    {
        await Dkimpy.DisposeAsync();
        await host.StopAsync();
        host.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>The records that are published for a domain's keys, by their names.</summary>
    public async Task<Dictionary<string, string>> RecordsAsync(string domain) =>
        (await Grains.GetGrain<IDkimGrain>(domain).GetAsync()).ToDictionary(key => $"{key.Selector}._domainkey.{domain}", key => key.RecordText);

    /// <summary>Stores a message as an edge would, submitted by an account of the tenant.</summary>
    public async Task<QueuedMessage> StoreAsync(byte[] body, string trace = "Received: from a by b; Fri, 27 Nov 2026 12:00:00 +0000\r\n")
    {
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        var name = BodyRef.NameFor(Demo, id);
        await using (var upload = host.Services.GetRequiredService<IMessageBlobs>().Create(name, ["spool"]))
        {
            await upload.WriteAsync(body, default);
            await upload.CommitAsync(default);
        }

        return new()
        {
            Id = id,
            Tenant = Demo,
            Body = new(name, body.Length),
            Envelope = new() { Sender = new("alice", "example.test"), Recipients = [] },
            Trace = trace,
            Submitter = new AccountId("demo/alice"),
        };
    }

    public Task<QueuedMessage> StoreAsync(string body) => StoreAsync(Encoding.Latin1.GetBytes(body));

    /// <summary>The message as it leaves, read twice: both readings, the length and the form agree.</summary>
    internal async Task<byte[]> SendAsync(QueuedMessage message, BodyType allowed = BodyType.EightBitMime)
    {
        var ready = Assert.IsType<PreparedContent.Ready>(await Content.PrepareAsync(message, allowed, default));
        var first = await ReadAsync(ready);
        Assert.Equal(ready.Length, first.Length);
        Assert.Equal(first, await ReadAsync(ready));
        Leaving.Check(first, ready.Form, message.Id.ToString());
        return first;
    }

    internal static async Task<byte[]> ReadAsync(PreparedContent.Ready ready)
    {
        await using var stream = await ready.OpenAsync(default);
        using var octets = new MemoryStream();
        await stream.CopyToAsync(octets);
        return octets.ToArray();
    }
}

/// <summary>The ids of what was logged.</summary>
internal sealed class LoggedEvents : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<(int Id, string Text)> events = [];

    public IEnumerable<string> Of(int id) => events.Where(logged => logged.Id == id).Select(logged => logged.Text);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => events.Enqueue((eventId.Id, formatter(state, exception)));

    public void Dispose()
    {
    }
}
