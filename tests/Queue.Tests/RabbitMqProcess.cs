using System.Collections.Concurrent;
using MailCloud.Queue.RabbitMq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MailCloud.Queue.Tests;

/// <summary>What one process of a cluster has of the queue: its own connections to the broker.</summary>
internal sealed class RabbitMqProcess : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly EventIds logs = new();

    /// <param name="broker">The broker.</param>
    /// <param name="prefix">Of the queues' names: each test has its own.</param>
    /// <param name="settings">Further settings of section RabbitMq.</param>
    public RabbitMqProcess(Broker broker, string prefix, params (string Name, string Value)[] settings)
    {
        var values = new Dictionary<string, string?>
        {
            ["RabbitMq:Hosts:0"] = $"127.0.0.1:{broker.Port}",
            ["RabbitMq:Prefix"] = prefix,
            ["RabbitMq:SettleGrace"] = "0",
            ["RabbitMq:DelaySteps:0"] = "00:00:01",
            ["RabbitMq:MaxReconnectDelay"] = "00:00:00.5",
        };
        foreach (var (name, value) in settings)
        {
            values[$"RabbitMq:{name}"] = value;
        }

        services = new ServiceCollection().AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs)).AddRabbitMqQueue(new ConfigurationBuilder().AddInMemoryCollection(values).Build()).BuildServiceProvider();
    }

    public IMailQueue Queue => services.GetRequiredService<IMailQueue>();

    public IServiceProvider Services => services;

    /// <summary>The ids of what it has logged.</summary>
    public IReadOnlyCollection<int> Logged => logs.Ids;

    public ValueTask DisposeAsync() => services.DisposeAsync();

    private sealed class EventIds : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<int> ids = new();

        public IReadOnlyCollection<int> Ids => ids;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => ids.Enqueue(eventId.Id);

        public void Dispose()
        {
        }
    }
}
