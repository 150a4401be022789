using MailCloud.Messages;
using MailCloud.StorageContracts;
using RabbitMQ.Client;

namespace MailCloud.Queue.Tests;

public sealed class ConsumerDeathTests(Broker broker) : RabbitMqTest(broker)
{
    private const int Prefetch = 50;

    /// <summary>For an entry that should have been there at once: one that the broker dropped never comes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Ten_deaths_with_fifty_entries_in_hand_are_no_failures_and_park_nothing()
    {
        var edge = NewProcess();
        var published = await PublishAsync(edge.Queue, Prefetch);
        for (var death = 0; death < 10; death++)
        {
            var dying = new RabbitMqProcess(Broker, Prefix, ("SettleGrace", "00:00:10"));
            var consumer = new QueueContract.Consumer(dying.Queue, Prefetch);
            for (var i = 0; i < Prefetch; i++)
            {
                await consumer.NextAsync().WaitAsync(Patience);
            }

            await dying.DisposeAsync();
            await consumer.DisposeAsync();
        }

        await using var last = new QueueContract.Consumer(edge.Queue, Prefetch);
        var got = new List<DeliveryId>();
        for (var i = 0; i < Prefetch; i++)
        {
            var delivery = await last.NextAsync().WaitAsync(Patience);
            Assert.Equal(0, delivery.Failures);
            got.Add(delivery.Message.Id);
        }

        Assert.Equal(published.Select(m => m.Id.ToString()).Order(), got.Select(id => id.ToString()).Order());
        Assert.Equal(new QueueDepth(Prefetch, 0), await edge.Queue.GetDepthAsync(default));
    }

    [Fact]
    public async Task A_consumer_that_ended_may_settle_what_it_was_given_and_the_rest_comes_at_once_to_another()
    {
        var leaving = NewProcess(("SettleGrace", "00:10:00"));
        var other = NewProcess();
        var published = await PublishAsync(other.Queue, 2);
        QueueDelivery inHand;
        await using (var consumer = new QueueContract.Consumer(leaving.Queue, prefetch: 2))
        {
            inHand = await consumer.NextAsync();
        }

        await using var next = new QueueContract.Consumer(other.Queue, prefetch: 2);
        var delivery = await next.NextAsync();
        Assert.Equal(published[1].Id, delivery.Message.Id);
        await delivery.AckAsync(default);
        await inHand.AckAsync(default);

        await leaving.DisposeAsync();
        var marker = (await PublishAsync(other.Queue, 1))[0];
        Assert.Equal(marker.Id, (await next.NextAsync()).Message.Id);
    }

    [Fact]
    public async Task An_entry_of_a_later_build_waits_for_one_that_reads_it_and_holds_up_nobody()
    {
        var process = NewProcess();
        await PublishAsync(process.Queue, 1);
        await using var consumer = new QueueContract.Consumer(process.Queue, prefetch: 1);
        await (await consumer.NextAsync()).AckAsync(default);

        var (connection, channel) = await ConnectAsync();
        await using (connection)
        {
            await channel.BasicPublishAsync("", $"{Prefix}.work", mandatory: true, new BasicProperties { Persistent = true }, new byte[] { 99, 1, 2, 3 });
        }

        var published = await PublishAsync(process.Queue, 2);
        foreach (var expected in published)
        {
            var delivery = await consumer.NextAsync();
            Assert.Equal(expected.Id, delivery.Message.Id);
            await delivery.AckAsync(default);
        }

        Assert.Contains(6208, process.Logged);
        await Assert.ThrowsAsync<UnknownFormatException>(() => process.Queue.ListAsync(default).ToListAsync().AsTask());
    }
}
