using System.Collections.Concurrent;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>A server with two tenants, each with an issuer of its own, and a clock that tests move. It keeps all that is logged.</summary>
public sealed class OAuthServer : SecuredImapServer, IAsyncLifetime
{
    private readonly ConcurrentQueue<string> logged = [];

    public OAuthServer() => Time = Clock = new(DateTimeOffset.UtcNow);

    public FakeTimeProvider Clock { get; }

    /// <summary>That of the tenant whose accounts <see cref="ImapServer.CreateAccountAsync(long)"/> makes.</summary>
    public TestIssuer Issuer { get; private set; } = null!;

    /// <summary>That of the other tenant.</summary>
    public TestIssuer OtherIssuer { get; private set; } = null!;

    public IEnumerable<string> Logged => logged;

    private IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        Issuer = await TestIssuer.StartAsync();
        OtherIssuer = await TestIssuer.StartAsync();
        (Issuer.Time, OtherIssuer.Time) = (Clock, Clock);
        await Grains.GetGrain<ITenantGrain>("other").CreateAsync();
        await Grains.GetGrain<ITenantGrain>("other").AddDomainAsync("other.test");
        await TrustAsync("demo", Issuer.Issuer);
        await TrustAsync("other", OtherIssuer.Issuer);
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Issuer.DisposeAsync();
        await OtherIssuer.DisposeAsync();
    }

    public Task TrustAsync(string tenant, string issuer, params string[] scopes) =>
        Grains.GetGrain<ITenantOidcGrain>(tenant).SetAsync(new() { Issuer = issuer, Audiences = [TestIssuer.Audience], Scopes = scopes });

    /// <summary>An account of the other tenant, without a password.</summary>
    public async Task<string> CreateOtherAsync(string name)
    {
        var address = new EmailAddress(name, "other.test");
        await Grains.GetGrain<IAddressGrain>(address.Key).PutAsync(new() { Address = address, Tenant = new("other"), Kind = AddressKind.Account });
        return address.ToString();
    }

    public Task SuspendAsync(string user) => Grains.GetGrain<IAddressGrain>(user).SetStateAsync(AccountState.Suspended);

    protected override void Replace(IServiceCollection services) => services.AddSingleton<ILoggerProvider>(new KeptLog(logged));

    protected override IEnumerable<KeyValuePair<string, string?>> Further() => [.. base.Further(), new("Logging:LogLevel:MailCloud", "Trace")];

    private sealed class KeptLog(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{eventId.Id} {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
