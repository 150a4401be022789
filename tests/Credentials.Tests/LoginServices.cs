using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using MailCloud.Credentials.Guessing;
using MailCloud.Credentials.Sasl;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Credentials.Tests;

/// <summary>Credentials as a service composes them, with a clock and a directory of the test's own, and an eye on log and metrics.</summary>
internal sealed class LoginServices : IDisposable
{
    public static readonly IPAddress Home = IPAddress.Parse("192.0.2.1");
    public static readonly IPAddress Attacker = IPAddress.Parse("203.0.113.1");

    private readonly ServiceProvider provider;
    private readonly MeterListener listener = new();

    public LoginServices()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Time);
        services.AddSingleton<ILoggerProvider>(Log);
        services.AddCredentials(new ConfigurationBuilder().AddInMemoryCollection([new("Credentials:Secret", Convert.ToBase64String(new byte[16]))]).Build());
        provider = services.BuildServiceProvider();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, provider.GetRequiredService<IMeterFactory>()))
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Count(instrument.Name, 1, tags));
        listener.Start();
    }

    public FakeTimeProvider Time { get; } = new();

    public KeptLog Log { get; } = new();

    /// <summary>What has been measured, by instrument and tags: the sum of a counter, the number of a histogram's values.</summary>
    public ConcurrentDictionary<string, long> Measured { get; } = [];

    public long Derivations => Measured.GetValueOrDefault("mailcloud.credentials.derivations");

    public PasswordCheck Passwords => provider.GetRequiredService<PasswordCheck>();

    public SaslMechanisms Mechanisms => provider.GetRequiredService<SaslMechanisms>();

    public DerivationQueue DerivationQueue => provider.GetRequiredService<DerivationQueue>();

    /// <summary>The directory: names and their verifiers.</summary>
    public ConcurrentDictionary<string, string> Verifiers { get; } = new() { ["user"] = VerifiersTests.Pencil };

    /// <summary>App passwords by user and digest.</summary>
    public ConcurrentDictionary<(string User, string Digest), AppPasswordMatch> AppPasswords { get; } = [];

    /// <summary>What the password of a user needs beside it.</summary>
    public ConcurrentDictionary<string, SecondFactor> SecondFactors { get; } = [];

    /// <summary>For whom an app password was looked for, and from which network.</summary>
    public ConcurrentQueue<(string User, string Network)> AppPasswordsAsked { get; } = [];

    public ValueTask<FoundLogin> LookupAsync(string username, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new FoundLogin(username, Verifiers.GetValueOrDefault(username))
        {
            AppPasswords = (digest, network, _) => FindAppPasswordAsync(username, digest, network),
            SecondFactor = SecondFactors.GetValueOrDefault(username),
        });

    /// <summary>A directory without tokens.</summary>
    public static ValueTask<TokenVerdict> CheckTokenAsync(string username, string token, CancellationToken cancellationToken) =>
        ValueTask.FromResult<TokenVerdict>(new TokenVerdict.Refused("invalid_token", null, null));

    public Task<PasswordVerdict> CheckAsync(string username, string password, IPAddress client, CancellationToken cancellationToken = default) =>
        Passwords.CheckAsync(username, password, client, LookupAsync, cancellationToken).AsTask();

    /// <summary>The checks of proofs of a client.</summary>
    public ScramProofs Proofs(IPAddress client) => new(provider.GetRequiredService<LoginGuard>(), provider.GetRequiredService<CredentialsTelemetry>(), client, LookupAsync);

    public void Dispose()
    {
        listener.Dispose();
        provider.Dispose();
    }

    private ValueTask<AppPasswordMatch?> FindAppPasswordAsync(string username, string digest, string network)
    {
        AppPasswordsAsked.Enqueue((username, network));
        return ValueTask.FromResult(AppPasswords.GetValueOrDefault((username, digest)));
    }

    private void Count(string name, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = string.Join(' ', [name, .. tags.ToArray().Select(t => $"{t.Key}={t.Value}")]);
        Measured.AddOrUpdate(key, value, (_, sum) => sum + value);
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class KeptLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{eventId.Id} {formatter(state, exception)}");

    public void Dispose()
    {
    }
}
