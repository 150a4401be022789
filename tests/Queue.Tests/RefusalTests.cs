using MailCloud.Queue.RabbitMq;
using MailCloud.StorageContracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MailCloud.Queue.Tests;

public sealed class RefusalTests(Broker broker) : RabbitMqTest(broker)
{
    [Fact]
    public async Task While_the_brokers_disk_alarm_is_on_entries_are_refused_and_work_in_hand_is_still_acked()
    {
        var process = NewProcess(("PublishTimeout", "00:00:02"));
        await PublishAsync(process.Queue, 2);
        await using var consumer = new QueueContract.Consumer(process.Queue, prefetch: 1);
        var first = await consumer.NextAsync();
        await Broker.ControlAsync("set_disk_free_limit", "1000000GB");
        try
        {
            // The broker says so when it gets the next entry; that one is in doubt, for it is taken when the alarm ends.
            await Assert.ThrowsAnyAsync<Exception>(() => process.Queue.PublishAsync(QueueContract.NewMessage(), default));
            await Assert.ThrowsAsync<QueueFullException>(() => process.Queue.PublishAsync(QueueContract.NewMessage(), default));
            Assert.Equal(HealthStatus.Degraded, await HealthAsync(process));
            await first.AckAsync(default);
            await (await consumer.NextAsync()).AckAsync(default);
        }
        finally
        {
            await Broker.ControlAsync("set_disk_free_limit", "50MB");
        }

        await PublishUntilTakenAsync(process.Queue);
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(process));
        Assert.Contains(6200, process.Logged);
        Assert.Contains(6203, process.Logged);
        Assert.Contains(6204, process.Logged);
    }

    [Fact]
    public async Task A_full_queue_refuses_new_entries_keeps_the_old_and_takes_more_when_there_is_room()
    {
        var process = NewProcess();
        var published = await PublishAsync(process.Queue, 1);
        await Broker.ControlAsync("set_policy", Prefix, $"^{Prefix}\\.work$", """{"max-length": 10}""", "--apply-to", "queues");
        await Assert.ThrowsAsync<QueueFullException>(async () =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                published.AddRange(await PublishAsync(process.Queue, 1));
            }
        });

        Assert.Equal(published.Count, (await process.Queue.GetDepthAsync(default)).Waiting);
        await using var consumer = new QueueContract.Consumer(process.Queue, prefetch: published.Count);
        foreach (var expected in published)
        {
            var delivery = await consumer.NextAsync();
            Assert.Equal(expected.Id, delivery.Message.Id);
            await delivery.AckAsync(default);
        }

        await PublishUntilTakenAsync(process.Queue);
    }

    [Fact]
    public async Task An_entry_that_no_queue_takes_is_an_error_and_the_queue_is_declared_again()
    {
        var process = NewProcess();
        await PublishAsync(process.Queue, 1);
        await Broker.ControlAsync("delete_queue", $"{Prefix}.work");

        var refused = await Assert.ThrowsAsync<QueueUnavailableException>(() => process.Queue.PublishAsync(QueueContract.NewMessage(), default));

        Assert.Contains("does not exist", refused.Message, StringComparison.Ordinal);
        var taken = await PublishUntilTakenAsync(process.Queue);
        Assert.Contains(6205, process.Logged);
        Assert.Contains(6206, process.Logged);
        await using var consumer = new QueueContract.Consumer(process.Queue, prefetch: 1);
        Assert.Equal(taken.Id, (await consumer.NextAsync()).Message.Id);
    }

    [Fact]
    public async Task A_queue_of_the_same_name_that_is_another_gives_an_error_that_names_it()
    {
        var (connection, channel) = await ConnectAsync();
        await using (connection)
        {
            await channel.QueueDeclareAsync($"{Prefix}.work", durable: true, exclusive: false, autoDelete: false);
        }

        var process = NewProcess(("PublishTimeout", "00:00:02"));
        var refused = await Assert.ThrowsAsync<QueueUnavailableException>(() => process.Queue.PublishAsync(QueueContract.NewMessage(), default));

        Assert.Contains($"{Prefix}.work", Assert.IsType<TopologyMismatchException>(refused.InnerException).Message, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Unhealthy, await HealthAsync(process));
    }

    [Fact]
    public async Task Without_a_broker_a_publish_is_given_up_and_nothing_was_queued()
    {
        var process = NewProcess(("Hosts:0", "127.0.0.1:1"), ("PublishTimeout", "00:00:01"));

        var refused = await Assert.ThrowsAsync<QueueUnavailableException>(() => process.Queue.PublishAsync(QueueContract.NewMessage(), default));

        Assert.StartsWith("not queued", refused.Message, StringComparison.Ordinal);
        Assert.Contains(6201, process.Logged);
        Assert.Equal(HealthStatus.Unhealthy, await HealthAsync(process));
    }

    private static async Task<HealthStatus> HealthAsync(RabbitMqProcess process) =>
        (await process.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["queue"].Status;
}
