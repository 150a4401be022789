using System.Diagnostics;
using MailCloud.MailboxAccess.Imap;
using MailCloud.Watching;

namespace MailCloud.MailboxAccess.Tests.Imap;

public sealed class NoticeTracesTests : IDisposable
{
    private readonly NoticeTraces traces = new();
    private readonly ActivityListener listener = new()
    {
        ShouldListenTo = source => source.Name == ImapTelemetry.MeterName,
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
    };

    public NoticeTracesTests() => ActivitySource.AddActivityListener(listener);

    public void Dispose() => listener.Dispose();

    [Fact]
    public void Telling_is_part_of_the_first_messages_trace_and_linked_to_those_of_the_others()
    {
        traces.Add(NewContext());
        var (early, late) = (traces.Follow(), traces.Follow());
        ActivityContext[] messages = [NewContext(), NewContext(), NewContext()];
        traces.Add(messages[0]);
        using (var first = early.StartTelling(ImapTelemetry.Activities, "imap.notify")!)
        {
            Assert.Equal((messages[0].TraceId, messages[0].SpanId), (first.TraceId, first.ParentSpanId));
            Assert.Empty(first.Links);
        }

        traces.Add(messages[1]);
        traces.Add(messages[2]);
        using var all = late.StartTelling(ImapTelemetry.Activities, "imap.notify")!;
        Assert.Equal(messages[0].TraceId, all.TraceId);
        Assert.Equal(messages[1..], all.Links.Select(link => link.Context));
        using var rest = early.StartTelling(ImapTelemetry.Activities, "imap.notify")!;
        Assert.Equal((messages[1].TraceId, messages[2]), (rest.TraceId, Assert.Single(rest.Links).Context));
        Assert.Null(early.StartTelling(ImapTelemetry.Activities, "imap.notify"));
    }

    [Fact]
    public void A_session_far_behind_is_linked_to_the_last_messages_only()
    {
        var behind = traces.Follow();
        var messages = Enumerable.Range(0, 100).Select(_ => NewContext()).ToList();
        messages.ForEach(traces.Add);
        using var telling = behind.StartTelling(ImapTelemetry.Activities, "imap.notify")!;
        Assert.Equal(messages[^16].TraceId, telling.TraceId);
        Assert.Equal(messages[^15..], telling.Links.Select(link => link.Context));
    }

    private static ActivityContext NewContext() => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
}
