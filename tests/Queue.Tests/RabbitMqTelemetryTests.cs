using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using MailCloud.Queue.RabbitMq;
using MailCloud.StorageContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Queue.Tests;

public sealed class RabbitMqTelemetryTests(Broker broker) : RabbitMqTest(broker)
{
    [Fact]
    public async Task Connections_confirms_and_failures_are_counted()
    {
        var process = NewProcess();
        var meter = process.Services.GetRequiredService<IMeterFactory>().Create(RabbitMqTelemetry.MeterName);
        var seen = new ConcurrentBag<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (ReferenceEquals(instrument.Meter, meter))
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.Add($"{instrument.Name} {tags[0].Value} {value}"));
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => seen.Add(instrument.Name));
        listener.Start();

        await PublishAsync(process.Queue, 2);
        await process.Queue.GetDepthAsync(default);
        await Broker.ControlAsync("delete_queue", $"{Prefix}.work");
        await Assert.ThrowsAsync<QueueUnavailableException>(() => process.Queue.PublishAsync(QueueContract.NewMessage(), default));

        Assert.Equal(
            [
                "mailcloud.queue.confirm.duration", "mailcloud.queue.confirm.duration", "mailcloud.queue.connections consuming 1", "mailcloud.queue.connections publishing 1",
                "mailcloud.queue.published confirmed 1", "mailcloud.queue.published confirmed 1", "mailcloud.queue.published failed 1",
            ],
            seen.Order(StringComparer.Ordinal));
    }
}
