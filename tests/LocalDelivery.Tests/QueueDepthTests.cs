using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>How much stands in the queue is measured while anybody looks, and a queue that does not answer shows no figure.</summary>
public sealed class QueueDepthTests : DeliveryHost
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task The_depth_is_asked_now_and_then_while_somebody_measures_it()
    {
        var telemetry = Services.GetRequiredService<DeliveryTelemetry>();
        Assert.False(telemetry.IsDepthWanted);
        using var measured = new MeasuredValues(Services, "mailcloud.delivery.queue");
        Assert.True(telemetry.IsDepthWanted);
        await Queue.PublishAsync(await AcceptAsync(To(Bob)), CancellationToken.None);
        using var watch = new QueueDepthWatch(Queue, telemetry, Time);
        await watch.StartAsync(CancellationToken.None);
        await UntilAsync(measured, ("mailcloud.delivery.queue waiting", 1));
        Assert.Equal(0, measured.Read()["mailcloud.delivery.queue parked"]);

        await Queue.PublishAsync(await AcceptAsync(To(Bob)), CancellationToken.None);
        Time.Advance(Every);
        await UntilAsync(measured, ("mailcloud.delivery.queue waiting", 2));
        await watch.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_queue_that_does_not_answer_shows_no_figure()
    {
        using var watch = new QueueDepthWatch(new SilentQueue(), Services.GetRequiredService<DeliveryTelemetry>(), Time);
        Assert.Null(await watch.AskAsync(CancellationToken.None));
    }

    private static async Task UntilAsync(MeasuredValues measured, (string Name, double Value) expected)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!measured.Read().TryGetValue(expected.Name, out var value) || value != expected.Value)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private sealed class SilentQueue : IMailQueue
    {
        public Task PublishAsync(QueuedMessage message, CancellationToken cancellationToken) => throw new QueueUnavailableException();

        public IAsyncEnumerable<QueueDelivery> ConsumeAsync(int prefetch, CancellationToken cancellationToken) => throw new QueueUnavailableException();

        public Task<QueueDepth> GetDepthAsync(CancellationToken cancellationToken) => Task.FromException<QueueDepth>(new QueueUnavailableException());

        public IAsyncEnumerable<QueuedMessage> ListAsync(CancellationToken cancellationToken) => throw new QueueUnavailableException();

        public IAsyncEnumerable<ParkedMessage> ListParkedAsync(CancellationToken cancellationToken) => throw new QueueUnavailableException();

        public Task<bool> ReplayParkedAsync(DeliveryId id, CancellationToken cancellationToken) => throw new QueueUnavailableException();
    }

    private sealed class QueueUnavailableException() : Exception("nobody answers");
}
