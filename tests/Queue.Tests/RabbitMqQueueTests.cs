using MailCloud.StorageContracts;

namespace MailCloud.Queue.Tests;

[Collection(BrokerTests.Name)]
public sealed class RabbitMqQueueTests(Broker broker) : QueueContract, IAsyncLifetime
{
    private readonly string prefix = $"test{Guid.NewGuid():N}";
    private RabbitMqProcess process = null!;

    protected override IMailQueue Queue => process.Queue;

    public Task InitializeAsync()
    {
        process = Begin();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await process.DisposeAsync();

    protected override async Task ReopenAsync()
    {
        await process.DisposeAsync();
        process = Begin();
    }

    private RabbitMqProcess Begin() => new(broker, prefix);

    /// <summary>The broker has a clock of its own; the one step of these tests is a second, and what waits for it waits.</summary>
    protected override void Advance(TimeSpan time)
    {
    }
}
