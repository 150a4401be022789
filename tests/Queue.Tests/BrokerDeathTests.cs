using System.Collections.Concurrent;
using MailCloud.Messages;
using MailCloud.Queue.RabbitMq;
using MailCloud.StorageContracts;

namespace MailCloud.Queue.Tests;

public sealed class BrokerDeathTests(Broker broker) : RabbitMqTest(broker)
{
    private const int Publishers = 16;

    [Fact]
    public async Task Every_confirmed_entry_comes_though_the_broker_is_killed_under_load()
    {
        var edge = NewProcess();
        var worker = NewProcess();
        var confirmed = new ConcurrentDictionary<DeliveryId, byte>();
        var got = new ConcurrentDictionary<DeliveryId, byte>();
        var inDoubt = 0;
        using var stopPublishing = new CancellationTokenSource();
        using var stopConsuming = new CancellationTokenSource();
        var progress = new SemaphoreSlim(0);

        var publishing = Enumerable.Range(0, Publishers).Select(n => Task.Run(async () =>
        {
            while (!stopPublishing.IsCancellationRequested)
            {
                var message = QueueContract.NewMessage(n);
                try
                {
                    await edge.Queue.PublishAsync(message, default);
                    confirmed.TryAdd(message.Id, 0);
                    progress.Release();
                }
                catch (QueueUnavailableException)
                {
                    Interlocked.Increment(ref inDoubt);
                }
            }
        })).ToList();
        var consuming = ConsumeAsync(worker.Queue, delivery => got.TryAdd(delivery.Message.Id, 0), stopConsuming.Token);

        for (var kill = 0; kill < 2; kill++)
        {
            await ConfirmedAsync(progress, 500);
            await Broker.KillAsync();
            await Broker.StartAsync();
        }

        await ConfirmedAsync(progress, 500);
        await stopPublishing.CancelAsync();
        await Task.WhenAll(publishing);

        // In order: what came before this last one has been handed over at least once.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (confirmed.Keys.Any(id => !got.ContainsKey(id)))
        {
            var marker = (await PublishAsync(edge.Queue, 1))[0];
            while (!got.ContainsKey(marker.Id))
            {
                Assert.False(patience.IsCancellationRequested, $"{confirmed.Keys.Count(id => !got.ContainsKey(id))} of {confirmed.Count} confirmed entries did not come");
                await Task.Yield();
            }
        }

        await stopConsuming.CancelAsync();
        await consuming;
        Assert.True(confirmed.Count >= 1500);
        Assert.True(inDoubt > 0, "the broker's death was not noticed by any publisher");
    }

    [Fact]
    public async Task A_broker_that_hangs_leaves_a_publish_in_doubt_and_no_more_than_the_bound_in_flight()
    {
        var queue = NewProcess(("PublishTimeout", "00:00:02"), ("MaxInFlight", "2")).Queue;
        await PublishAsync(queue, 1);
        Broker.Signal("STOP");
        List<QueueUnavailableException> refused = [];
        try
        {
            var publishing = Enumerable.Range(0, 3).Select(n => queue.PublishAsync(QueueContract.NewMessage(n), default)).ToList();
            foreach (var publish in publishing)
            {
                refused.Add(await Assert.ThrowsAsync<QueueUnavailableException>(() => publish));
            }
        }
        finally
        {
            Broker.Signal("CONT");
        }

        Assert.Equal(2, refused.Count(e => e.Message.StartsWith("in doubt", StringComparison.Ordinal)));
        Assert.Single(refused, e => e.Message.StartsWith("not queued", StringComparison.Ordinal));
        await PublishUntilTakenAsync(queue);
    }

    [Fact]
    public async Task When_its_connection_is_lost_a_consumer_ends_its_ack_fails_and_the_entry_comes_again()
    {
        var process = NewProcess();
        var published = await PublishAsync(process.Queue, 1);
        var consumer = new QueueContract.Consumer(process.Queue, prefetch: 1);
        var delivery = await consumer.NextAsync();
        var next = consumer.NextAsync();

        await Broker.ControlAsync("close_all_connections", "a test");

        await Assert.ThrowsAsync<QueueUnavailableException>(() => next);
        await Assert.ThrowsAnyAsync<Exception>(() => delivery.AckAsync(default));
        await consumer.DisposeAsync();
        Assert.Contains(6202, process.Logged);
        Assert.Contains(6207, process.Logged);
        await using var again = new QueueContract.Consumer(process.Queue, prefetch: 1);
        var second = await again.NextAsync();
        Assert.Equal((published[0].Id, 0), (second.Message.Id, second.Failures));
        await second.AckAsync(default);
        Assert.Equal(new QueueDepth(0, 0), await process.Queue.GetDepthAsync(default));
    }

    /// <summary>As LocalDelivery does: a consumer that breaks off is followed by another.</summary>
    private static async Task ConsumeAsync(IMailQueue queue, Action<QueueDelivery> take, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var delivery in queue.ConsumeAsync(100, cancellationToken))
                {
                    take(delivery);
                    await delivery.AckAsync(cancellationToken);
                }
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                // It begins anew.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task ConfirmedAsync(SemaphoreSlim progress, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.True(await progress.WaitAsync(TimeSpan.FromMinutes(2)), "nothing is confirmed any more");
        }
    }
}
