using System.Diagnostics;
using MailCloud.Messages;
using MailCloud.StorageContracts;

namespace MailCloud.Queue.Tests;

public sealed class QueueTraceTests(Broker broker) : RabbitMqTest(broker)
{
    private readonly QueuedMessage message = QueueContract.NewMessage() with { TraceParent = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01" };

    private ActivityContext Accepted => ActivityContext.Parse(message.TraceParent!, null);

    [Fact]
    public async Task Who_consumes_continues_the_span_of_who_published_also_after_a_failure()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == QueueTrace.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        var queue = NewProcess().Queue;

        await queue.PublishAsync(message, default);
        await using var entries = queue.ConsumeAsync(10, CancellationToken.None).GetAsyncEnumerator();
        var first = await NextAsync(entries);
        Assert.Equal((Accepted.TraceId, Accepted.SpanId), (spans[0].TraceId, spans[0].ParentSpanId));
        Assert.Equal((spans[0].TraceId, spans[0].SpanId), (first.Trace.TraceId, first.Trace.SpanId));
        Assert.Equal(("rabbitmq", message.Id.ToString()), (spans[0].GetTagItem("messaging.system"), spans[0].GetTagItem("messaging.message.id")));

        await first.FailAsync(TimeSpan.Zero, default);
        var second = await NextAsync(entries);
        Assert.Equal((Accepted.TraceId, spans[0].SpanId, spans[1].SpanId), (second.Trace.TraceId, spans[1].ParentSpanId, second.Trace.SpanId));
        await second.AckAsync(default);
    }

    [Fact]
    public async Task An_entry_whose_publisher_traces_nothing_is_of_its_messages_trace()
    {
        var queue = NewProcess().Queue;
        await using var entries = queue.ConsumeAsync(10, CancellationToken.None).GetAsyncEnumerator();
        await queue.PublishAsync(message, default);
        var entry = await NextAsync(entries);
        Assert.Equal((Accepted.TraceId, Accepted.SpanId), (entry.Trace.TraceId, entry.Trace.SpanId));
        await entry.AckAsync(default);

        await queue.PublishAsync(QueueContract.NewMessage(), default);
        entry = await NextAsync(entries);
        Assert.Equal(default, entry.Trace);
        await entry.AckAsync(default);
    }

    private static async Task<QueueDelivery> NextAsync(IAsyncEnumerator<QueueDelivery> entries)
    {
        Assert.True(await entries.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)));
        return entries.Current;
    }
}
