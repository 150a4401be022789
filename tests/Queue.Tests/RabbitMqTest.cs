using MailCloud.Messages;
using MailCloud.StorageContracts;
using RabbitMQ.Client;

namespace MailCloud.Queue.Tests;

/// <summary>A test with queues of its own on the shared broker, and one or more processes on them.</summary>
[Collection(BrokerTests.Name)]
public abstract class RabbitMqTest(Broker broker) : IAsyncLifetime
{
    private readonly List<RabbitMqProcess> processes = [];

    protected Broker Broker => broker;

    protected string Prefix { get; } = $"test{Guid.NewGuid():N}";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }
    }

    private protected RabbitMqProcess NewProcess(params (string Name, string Value)[] settings)
    {
        var process = new RabbitMqProcess(broker, Prefix, settings);
        processes.Add(process);
        return process;
    }

    private protected static async Task<List<QueuedMessage>> PublishAsync(IMailQueue queue, int count)
    {
        var messages = Enumerable.Range(0, count).Select(QueueContract.NewMessage).ToList();
        foreach (var message in messages)
        {
            await queue.PublishAsync(message, default);
        }

        return messages;
    }

    /// <summary>Publishes a new entry again and again until the queue takes one.</summary>
    private protected static async Task<QueuedMessage> PublishUntilTakenAsync(IMailQueue queue)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            var message = QueueContract.NewMessage();
            try
            {
                await queue.PublishAsync(message, default);
                return message;
            }
            catch (Exception e) when (e is QueueFullException or RabbitMq.QueueUnavailableException)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>A channel beside the queue's own code.</summary>
    private protected async Task<(IConnection Connection, IChannel Channel)> ConnectAsync()
    {
        var connection = await new ConnectionFactory { HostName = "127.0.0.1", Port = broker.Port }.CreateConnectionAsync();
        return (connection, await connection.CreateChannelAsync());
    }
}
