using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using MailCloud.Cluster;
using MailCloud.Embedded;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.OutboundRelay.Tests.Routing;

/// <summary>The zones of these tests on knot and unbound, and a silo that hosts hosted.test for the tenant demo.</summary>
public sealed class RoutingFixture : IAsyncLifetime
{
    private const string Digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private const string Plain = """
        mx-a A 127.0.0.11
        mx-b A 127.0.0.12
        mx-c A 127.0.0.13
        mx-d A 127.0.0.14
        mx-own A 127.0.0.15
        mx-our-address A 127.0.0.99
        mx-many A 127.0.1.1
        mx-many A 127.0.1.2
        mx-many A 127.0.1.3
        mx-many A 127.0.1.4
        mx-many A 127.0.1.5
        mx-many A 127.0.1.6
        mx-both A 127.0.2.1
        mx-both A 127.0.2.2
        mx-both AAAA fd53:7a11:9::1
        mx-both AAAA fd53:7a11:9::2
        mx-alias CNAME mx-a
        mx-private A 10.1.2.3
        xn--bcher-kva A 127.0.0.16
        empty TXT "no address"
        one MX 10 mx-a
        soon MX 10 mx-a
        order MX 20 mx-b
        order MX 10 mx-a
        order MX 30 mx-c
        equal MX 10 mx-a
        equal MX 10 mx-b
        equal MX 10 mx-c
        equal MX 10 mx-d
        implicit A 127.0.0.21
        null MX 0 .
        null-and-more MX 0 .
        null-and-more MX 10 mx-a
        alias CNAME order
        dead-alias CNAME nothing
        dead-first MX 10 nothing
        dead-first MX 20 mx-b
        all-dead MX 10 nothing
        all-dead MX 20 empty
        many MX 10 mx-many
        many MX 20 mx-b
        both MX 10 mx-both
        aliased MX 10 mx-alias
        idn MX 10 xn--bcher-kva
        odd MX 10 odd\032name
        private MX 10 mx-private
        bogus-host MX 10 mx.bogus.test.
        bogus-first MX 10 mx.bogus.test.
        bogus-first MX 20 mx-b
        ours MX 10 mx-a
        ours MX 20 mx-own
        ours MX 20 mx-c
        ours MX 30 mx-d
        ours-best MX 10 mx-own
        ours-best MX 20 mx-a
        our-address MX 10 mx-a
        our-address MX 20 mx-our-address
        behind-dead MX 10 nothing
        behind-dead MX 20 mx-own
        behind-bogus MX 10 mx.bogus.test.
        behind-bogus MX 20 mx-own
        to-secure MX 10 mx.secure.test.
        """;

    private const string Secure = $"""
        mx A 127.0.3.1
        mx-none A 127.0.3.2
        mx-anchor A 127.0.3.3
        mx-unusable A 127.0.3.4
        mx-broken A 127.0.3.5
        _tcp.mx-broken NS ns
        _tcp.mx-broken DS 1 13 2 {Digest}
        mx-mixed A 127.0.3.6
        mx-port A 127.0.3.7
        mx-alias CNAME mx
        mx-alias-own CNAME mx-none
        mx-alias-out CNAME mx-a.plain.test.
        _25._tcp.mx TLSA 3 1 1 {Digest}
        _25._tcp.mx-anchor TLSA 2 0 1 {Digest}
        _25._tcp.mx-unusable TLSA 0 0 1 {Digest}
        _25._tcp.mx-unusable TLSA 1 1 1 {Digest}
        _25._tcp.mx-unusable TLSA 3 1 1 0123
        _25._tcp.mx-unusable TLSA 3 1 9 {Digest}
        _25._tcp.mx-unusable TLSA 3 7 1 {Digest}
        _25._tcp.mx-mixed TLSA 1 1 1 {Digest}
        _25._tcp.mx-mixed TLSA 3 1 1 {Digest}
        _25._tcp.mx-mixed TLSA 3 1 2 {Digest}{Digest}
        _25._tcp.mx-mixed TLSA 3 0 0 0123
        _2525._tcp.mx-port TLSA 3 1 1 {Digest}
        _25._tcp.mx-alias-own TLSA 3 1 1 {Digest}
        _25._tcp.mx-alias-out TLSA 3 1 1 {Digest}
        _25._tcp.implicit TLSA 3 1 1 {Digest}
        implicit A 127.0.3.8
        dane MX 10 mx
        none MX 10 mx-none
        anchor MX 10 mx-anchor
        unusable MX 10 mx-unusable
        broken MX 10 mx-broken
        broken-first MX 10 mx-broken
        broken-first MX 20 mx
        mixed MX 10 mx-mixed
        port MX 10 mx-port
        alias MX 10 mx-alias
        alias-own MX 10 mx-alias-own
        alias-out MX 10 mx-alias-out
        insecure-host MX 10 mx-a.plain.test.
        sts MX 10 mx
        sts MX 20 mx-none
        sts MX 30 mx-anchor
        _mta-sts.sts TXT "v=STSv1; id=1"
        mta-sts.sts A 127.0.0.1
        """;

    private IHost silo = null!;
    private string folder = null!;

    public DnsServers Dns { get; private set; } = null!;

    internal IGrainFactory Grains => silo.Services.GetRequiredService<IGrainFactory>();

    public async Task InitializeAsync()
    {
        Dns = await DnsServers.StartAsync(
            new DnsZone("plain.test", Plain + $"\n_25._tcp.mx-a TLSA 3 1 1 {Digest}\n" + string.Concat(Enumerable.Range(0, 60).Select(n => $"large MX 10 a-name-that-takes-its-room-in-the-answer-{n:00}\na-name-that-takes-its-room-in-the-answer-{n:00} A 127.0.4.1\n"))
                + string.Concat(Enumerable.Range(0, 25).Select(n => $"late MX 10 nothing-{n}\n")) + "late MX 20 mx-b\n"),
            new DnsZone("secure.test", Secure, DnsZoneKind.Secure),
            new DnsZone("_tcp.mx-broken.secure.test", $"_25 TLSA 3 1 1 {Digest}", DnsZoneKind.Bogus),
            new DnsZone("bogus.test", "@ MX 10 mx\nmx A 127.0.0.41", DnsZoneKind.Bogus),
            new DnsZone("changes.test", ""),
            new DnsZone("sts.test", ""));
        folder = Directory.CreateTempSubdirectory("mailcloud-routing-").FullName;
        silo = await StartSiloAsync(folder);
        await Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("hosted.test");
    }

    public async Task DisposeAsync()
    {
        await silo.StopAsync();
        silo.Dispose();
        Directory.Delete(folder, recursive: true);
        await Dns.DisposeAsync();
    }

    internal static async Task<IHost> StartSiloAsync(string folder)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration.AddInMemoryCollection([new("Embedded:Directory", folder)]);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.AddMailboxes();
        builder.UseOrleans(host => host.UseLocalhostClustering(FreePort.Find(), FreePort.Find()));
        var silo = builder.Build();
        await silo.StartAsync();
        return silo;
    }

    /// <summary>The options of most tests: the validating resolver, test networks dialled, two marks of this installation.</summary>
    internal RelayRoutingOptions Options() => new()
    {
        HostNames = "mx-own.plain.test",
        OwnAddresses = "127.0.0.99",
        DialPrivate = "127.0.0.0/8,fd00::/8",
        Ipv6 = true,
        Dns = new() { Servers = Dns.Resolver.ToString(), Validating = true },
    };

    /// <summary>A router of its own, with empty caches; <paramref name="away"/> are grains that do not answer.</summary>
    internal TestRouter Router(RelayRoutingOptions? options = null, TimeProvider? time = null, X509ChainPolicy? trust = null, Random? random = null, IGrainFactory? away = null) =>
        new(options ?? Options(), away ?? Grains, TimeSpan.FromSeconds(away is null ? 30 : 0.2), time ?? TimeProvider.System, trust, random ?? Random.Shared);
}

[CollectionDefinition("routing")]
public sealed class RoutingCollection : ICollectionFixture<RoutingFixture>;

/// <summary>A router and the ids of the events that it logs.</summary>
internal sealed class TestRouter : IDisposable
{
    private static readonly TenantId Demo = new("demo");

    private readonly List<IDisposable> parts = [];
    private readonly EventIds events = new();
    private readonly Router router;
    private readonly ServiceProvider meters = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public TestRouter(RelayRoutingOptions options, IGrainFactory grains, TimeSpan patience, TimeProvider time, X509ChainPolicy? trust, Random random)
    {
        var log = LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Debug).AddProvider(events));
        var dns = new DnsResolver(options.Dns, time);
        var own = new OwnAddresses(options, time);
        var dial = new DialPolicy(options);
        var addresses = new HostAddresses(dns, own, random);
        var fetch = new MtaStsFetch(options.MtaSts, addresses, dial, trust);
        var policies = new MtaStsPolicies(dns, fetch, options.MtaSts, time, log.CreateLogger<MtaStsPolicies>());
        var local = new LocalDomains(grains, new GrainCalls(patience, TimeProvider.System, CancellationToken.None), options.DirectoryCache, time);
        parts.AddRange([meters, log, dns, fetch, policies, local]);
        router = new(
            local, new RouteTable(options.Routes), new MailExchangers(dns, addresses, own, dial, options, random), addresses, dial, own,
            new HostSecurity(new Dane(dns), policies, options.Dns, log.CreateLogger<HostSecurity>()), options, new RelayTelemetry(meters.GetRequiredService<IMeterFactory>()), log.CreateLogger<Router>());
    }

    /// <summary>Of its metrics.</summary>
    public IServiceProvider Meters => meters;

    /// <summary>What was logged so far.</summary>
    public IReadOnlyList<int> Logged => events.Seen;

    public void Dispose() => parts.ForEach(p => p.Dispose());

    public Task<RouteResult> FindAsync(string domain, string? sender = null, TenantId? tenant = null) =>
        router.FindAsync(new("bob", domain), sender is null ? null : new("alice", sender), tenant ?? Demo, CancellationToken.None);

    public async Task<Route> RouteAsync(string domain, string? sender = null, TenantId? tenant = null) =>
        await FindAsync(domain, sender, tenant) is RouteResult.Found found ? found.Route : throw new InvalidOperationException($"{domain}: {await FindAsync(domain, sender, tenant)}");

    public async Task<T> NowhereAsync<T>(string domain)
        where T : RelayOutcome => Assert.IsType<T>(Assert.IsType<RouteResult.None>(await FindAsync(domain)).Outcome);

    private sealed class EventIds : ILoggerProvider, ILogger
    {
        private readonly List<int> seen = [];

        public IReadOnlyList<int> Seen
        {
            get
            {
                lock (seen)
                {
                    return [.. seen];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (seen)
            {
                seen.Add(eventId.Id);
            }
        }
    }
}
