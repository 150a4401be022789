using System.Collections.Concurrent;
using System.Net;
using MailCloud.Blobs;
using MailCloud.Embedded;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Spool;
using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Mailboxes.Tests;

/// <summary>The real grains in a real silo on embedded storage in a folder of its own; stores may be wrapped to make faults or count reads.</summary>
public sealed class TestSilo : IAsyncDisposable
{
    private readonly IHost host;
    private readonly DirectoryInfo directory;
    private readonly int siloPort;

    private TestSilo(IHost host, DirectoryInfo directory, int siloPort) => (this.host, this.directory, this.siloPort) = (host, directory, siloPort);

    public IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    public IServiceProvider Services => host.Services;

    /// <summary>The ids of the events that the grains have logged.</summary>
    public IReadOnlyCollection<int> Logged => host.Services.GetRequiredService<LoggedEvents>().Ids;

    internal static async Task<TestSilo> StartAsync(
        Func<IJournal, IJournal>? wrapJournal = null,
        Func<IMessageBlobs, IMessageBlobs>? wrapBlobs = null,
        TimeProvider? time = null,
        SpoolSizes? spoolSizes = null,
        bool relaysInProcess = true,
        IReadOnlyList<KeyValuePair<string, string?>>? settings = null)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("mailcloud-test-");
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddFilter<LoggedEvents>("MailCloud", LogLevel.Information);
        builder.Services.AddSingleton<LoggedEvents>().AddSingleton<ILoggerProvider>(services => services.GetRequiredService<LoggedEvents>());
        builder.Configuration.AddInMemoryCollection([new("Embedded:Directory", directory.FullName), new("Mailboxes:RelaysInProcess", $"{relaysInProcess}"), .. settings ?? []]);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        Wrap(builder.Services, wrapJournal);
        Wrap(builder.Services, wrapBlobs);
        builder.Services.AddSingleton(spoolSizes ?? new());
        builder.AddMailboxes();
        var siloPort = FreePort.Find();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(siloPort, FreePort.Find()));
        var host = builder.Build();
        await host.StartAsync();
        return new(host, directory, siloPort);
    }

    /// <summary>Starts a second silo beside this one, on the same stores.</summary>
    public async Task<IHost> AddSiloAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddSingleton(Services.GetRequiredService<TimeProvider>());
        builder.Services.AddSingleton(Services.GetRequiredService<IJournal>());
        builder.Services.AddSingleton(Services.GetRequiredService<IMessageBlobs>());
        builder.Services.AddSingleton(Services.GetRequiredService<IMailQueue>());
        builder.AddMailboxes();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort.Find(), FreePort.Find(), new IPEndPoint(IPAddress.Loopback, siloPort)));
        var second = builder.Build();
        await second.StartAsync();
        return second;
    }

    public IMailboxGrain Mailbox(string account) => Grains.GetGrain<IMailboxGrain>(account);

    /// <summary>Ends all activations, so that the next call loads its state from storage.</summary>
    public async Task ForgetAsync()
    {
        var management = Grains.GetGrain<IManagementGrain>(0);
        await management.ForceActivationCollection(TimeSpan.Zero);
    }

    /// <summary>How many activations of a class of grains are in memory.</summary>
    public async Task<int> CountActivationsAsync<TGrain>() =>
        (await Grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics()).Where(s => s.GrainType.Contains(typeof(TGrain).Name, StringComparison.Ordinal)).Sum(s => s.ActivationCount);

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }

        directory.Delete(recursive: true);
    }

    private static void Wrap<T>(IServiceCollection services, Func<T, T>? wrap)
        where T : class
    {
        if (wrap is not null)
        {
            var inner = services.Last(s => s.ServiceType == typeof(T));
            services.Replace(ServiceDescriptor.Singleton(provider => wrap((T)Create(inner, provider))));
        }
    }

    private static object Create(ServiceDescriptor inner, IServiceProvider provider) =>
        inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!);
}

/// <summary>Remembers the ids of what is logged.</summary>
internal sealed class LoggedEvents : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<int> ids = new();

    public IReadOnlyCollection<int> Ids => ids;

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => ids.Enqueue(eventId.Id);
}

/// <summary>Filing requests for tests.</summary>
public static class Mail
{
    public static FilingRequest For(string account, DeliveryId? delivery = null, string subject = "hello", int bodyLength = 100, string prefix = "Return-Path: <>\r\n")
    {
        var id = delivery ?? DeliveryId.New(DateTimeOffset.UtcNow);
        return new()
        {
            Delivery = id,
            Body = new(BodyRef.NameFor(new AccountId(account).Tenant, id), bodyLength),
            Prefix = System.Text.Encoding.ASCII.GetBytes(prefix),
            InternalDate = id.AcceptedAt,
            Summary = new()
            {
                Envelope = new() { Subject = subject },
                Structure = new() { Type = "TEXT", Subtype = "PLAIN", BodyLength = bodyLength },
                Header = System.Text.Encoding.ASCII.GetBytes($"Subject: {subject}\r\n\r\n"),
            },
        };
    }
}
