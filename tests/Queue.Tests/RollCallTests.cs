using MailCloud.Queue.RabbitMq;
using MailCloud.StorageContracts;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace MailCloud.Queue.Tests;

public sealed class RollCallTests(Broker broker) : RabbitMqTest(broker)
{
    [Fact]
    public async Task What_other_processes_have_in_hand_is_counted_and_listed()
    {
        var asker = NewProcess();
        var one = NewProcess();
        var two = NewProcess();
        var published = await PublishAsync(asker.Queue, 6);
        await using var first = new QueueContract.Consumer(one.Queue, prefetch: 3);
        for (var i = 0; i < 3; i++)
        {
            await first.NextAsync();
        }

        await using var second = new QueueContract.Consumer(two.Queue, prefetch: 2);
        await second.NextAsync();
        await second.NextAsync();

        Assert.Equal(new QueueDepth(6, 0), await asker.Queue.GetDepthAsync(default));
        Assert.Equal(new QueueDepth(6, 0), await one.Queue.GetDepthAsync(default));
        foreach (var process in new[] { asker, one, two })
        {
            var listed = await process.Queue.ListAsync(default).ToListAsync();
            Assert.Equal(published.Select(m => m.Id.ToString()).Order(), listed.Select(m => m.Id.ToString()).Order());
        }
    }

    [Fact]
    public async Task A_consumer_that_does_not_answer_makes_the_list_an_error_and_not_a_shorter_list()
    {
        var asker = NewProcess();
        await PublishAsync(asker.Queue, 1);
        var (connection, channel) = await ConnectAsync();
        await using (connection)
        {
            await channel.BasicConsumeAsync($"{Prefix}.work", autoAck: false, new AsyncEventingBasicConsumer(channel));

            await Assert.ThrowsAsync<QueueUnavailableException>(() => asker.Queue.ListAsync(default).ToListAsync().AsTask());
            await Assert.ThrowsAsync<QueueUnavailableException>(() => asker.Queue.GetDepthAsync(default));
        }
    }
}
