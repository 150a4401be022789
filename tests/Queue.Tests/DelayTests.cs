using MailCloud.StorageContracts;

namespace MailCloud.Queue.Tests;

public sealed class DelayTests(Broker broker) : RabbitMqTest(broker)
{
    [Fact]
    public async Task A_failed_entry_outlasts_a_work_queue_that_is_full_when_its_delay_ends()
    {
        // Until the broker offers again what the work queue refused: 3 minutes by default.
        await Broker.ControlAsync("eval", "application:set_env(rabbit, dead_letter_worker_publisher_confirm_timeout, 500).");
        var process = NewProcess();
        var failing = (await PublishAsync(process.Queue, 1))[0];
        await Broker.ControlAsync("set_policy", Prefix, $"^{Prefix}\\.work$", """{"max-length": 5}""", "--apply-to", "queues");
        int others;
        await using (var consumer = new QueueContract.Consumer(process.Queue, prefetch: 1))
        {
            var delivery = await consumer.NextAsync();
            others = await PublishUntilFullAsync(process.Queue);
            await delivery.FailAsync(TimeSpan.FromSeconds(1), default);
        }

        // Full for longer than the delay: the entry stays with its delay queue.
        await RefusedForAsync(process.Queue, TimeSpan.FromSeconds(2));

        await using var last = new QueueContract.Consumer(process.Queue, prefetch: 1);
        for (var i = 0; i < others; i++)
        {
            var other = await last.NextAsync();
            Assert.Equal(0, other.Failures);
            await other.AckAsync(default);
        }

        var again = await last.NextAsync();
        Assert.Equal((failing.Id, 1), (again.Message.Id, again.Failures));
    }

    private static async Task<int> PublishUntilFullAsync(IMailQueue queue)
    {
        for (var count = 0; ; count++)
        {
            try
            {
                await PublishAsync(queue, 1);
            }
            catch (QueueFullException)
            {
                return count;
            }
        }
    }

    private static async Task RefusedForAsync(IMailQueue queue, TimeSpan time)
    {
        using var over = new CancellationTokenSource(time);
        while (!over.IsCancellationRequested)
        {
            await Assert.ThrowsAsync<QueueFullException>(() => PublishAsync(queue, 1));
        }
    }
}
