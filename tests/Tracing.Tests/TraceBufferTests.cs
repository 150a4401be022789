using System.Diagnostics.Metrics;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Tracing.Tests;

/// <summary>Whoever records never waits, and what one message may record is bounded.</summary>
public sealed class TraceBufferTests : IDisposable
{
    private static readonly DeliveryId Id = DeliveryId.New(DateTimeOffset.UtcNow);

    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TraceBuffer buffer;
    private readonly MessageTracer tracer;

    public TraceBufferTests()
    {
        buffer = new(new(Meters));
        tracer = new(buffer, new(), TimeProvider.System);
    }

    private IMeterFactory Meters => services.GetRequiredService<IMeterFactory>();

    public void Dispose() => services.Dispose();

    [Fact]
    public void What_a_full_buffer_has_no_room_for_is_dropped_and_counted_and_it_goes_on_once_it_is_emptied()
    {
        var counted = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name == "mailcloud.tracing.dropped" && instrument.Meter.Scope == Meters)
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => counted += value);
        listener.Start();

        // It returns each time: nobody takes anything out.
        for (var i = 0; i < TraceBuffer.Capacity + 7; i++)
        {
            tracer.Add([Event($"{i}@example.test")]);
        }

        Assert.Equal((7, 7), (counted, buffer.TakeDropped()));
        Assert.Equal(0, buffer.TakeDropped());
        Assert.Equal($"{TraceBuffer.Capacity - 1}@example.test", buffer.Take()[^1].Recipients.Single());
        tracer.Add([Event("a@example.test")]);
        Assert.Single(buffer.Take());
    }

    [Fact]
    public void A_thousand_recipients_with_one_outcome_are_one_event()
    {
        tracer.Add([.. Enumerable.Range(0, 1_000).Select(i => Event($"{i}@example.test") with { Reply = "250 2.0.0 OK" })]);

        var all = Assert.Single(buffer.Take());
        Assert.Equal((1_000, 200, "250 2.0.0 OK"), (all.Count, all.Recipients.Count, all.Reply));
    }

    [Fact]
    public void A_thousand_recipients_with_an_outcome_each_are_a_hundred_events_and_one_of_each_kind()
    {
        tracer.Add([.. Enumerable.Range(0, 1_000).Select(i => Event($"{i}@example.test") with { Kind = i % 2 == 0 ? TraceKind.Failed : TraceKind.Relayed, Reply = $"{i} {new string('x', 5_000)}" })]);

        var events = buffer.Take();
        Assert.Equal(102, events.Count);
        Assert.Equal(1_000, events.Sum(e => e.Count));
        Assert.InRange(events.Sum(e => e.Recipients.Count), 100, 200);
        Assert.All(events, e => Assert.True(e.Reply is null || e.Reply.Length <= 1_000));
        Assert.Equal([TraceKind.Relayed, TraceKind.Failed], events[^2..].Select(e => e.Kind).Order());
        Assert.All(events[^2..], e => Assert.Equal((450, null), (e.Count, e.Reply)));
    }

    [Fact]
    public void Recipients_with_outcomes_of_their_own_stay_apart()
    {
        tracer.Add([Event("a@example.test") with { Filing = new("demo/a", "INBOX", 1, 7) }, Event("b@example.test") with { Filing = new("demo/b", "INBOX", 1, 7) }]);

        Assert.Equal([("a@example.test", "demo/a", 1), ("b@example.test", "demo/b", 1)], buffer.Take().Select(e => (e.Recipients.Single(), e.Filing!.Account, e.Count)));
    }

    [Fact]
    public void A_message_with_an_id_is_named_and_one_without_is_not()
    {
        tracer.Began("m@example.test", Event("a@example.test"));
        tracer.Began("", Event("b@example.test"));

        Assert.Equal([TraceKind.Named, TraceKind.Filed, TraceKind.Filed], buffer.Take().Select(e => e.Kind));
    }

    [Fact]
    public void Nothing_is_recorded_where_nothing_is_kept()
    {
        var none = new MessageTracer(buffer, new() { Retention = TimeSpan.Zero }, TimeProvider.System);
        none.Began("m@example.test", Event("a@example.test"));

        Assert.Empty(buffer.Take());
    }

    private static TraceEvent Event(string recipient) => new() { Delivery = Id, At = DateTimeOffset.UnixEpoch, Kind = TraceKind.Filed, Recipients = [recipient] };
}
