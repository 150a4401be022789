using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using MailCloud.Testing;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>What the README promises to who watches.</summary>
[Collection("server")]
public sealed partial class TelemetryTests(ServerFixture server)
{
    [Fact]
    public async Task Every_instrument_of_the_table_is_emitted_with_its_tags()
    {
        var emitted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == SmtpTelemetry.Name)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Record(instrument, tags));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Record(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Record(instrument, tags));
        listener.Start();
        await SendAsync("metrics");
        await BeCappedAsync();
        await BeSuppressedAsync();

        Assert.Equal(Table(), emitted);

        void Record(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (emitted)
            {
                emitted[instrument.Name] = string.Join(", ", tags.ToArray().Select(t => t.Key));
            }
        }
    }

    [Fact]
    public async Task A_message_is_a_span_whose_id_goes_with_the_queue_entry()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == SmtpTelemetry.Name,
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (spans)
                {
                    spans.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await SendAsync("span");

        var (entry, _) = (await server.StoredAsync()).Single(s => System.Text.Encoding.ASCII.GetString(s.Body).StartsWith("Subject: span\r\n", StringComparison.Ordinal));
        Assert.Equal("smtp.accept", spans.Single(s => s.Id == entry.TraceParent).OperationName);
    }

    private static SortedDictionary<string, string> Table()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "MailCloud.sln")))
        {
            folder = folder.Parent!;
        }

        var page = File.ReadAllText(Path.Combine(folder.FullName, "services/SmtpIngress/README.md"));
        return new(InstrumentRow().Matches(page).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value), StringComparer.Ordinal);
    }

    private Task BeCappedAsync() => server.RunAsync([
        "# listener: submission", "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", $"C AUTH PLAIN {Convert.ToBase64String("\0spent@example.test\0mailcloud"u8)}", "S 235 *",
        "C MAIL FROM:<spent@example.test>", "S 250 *", "C RCPT TO:<far@remote.example>", "S 450 *", "C QUIT", "S 221 *",
    ], Chunking.Whole);

    private Task BeSuppressedAsync() => server.RunAsync([
        "# listener: submission", "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", $"C AUTH PLAIN {Convert.ToBase64String("\0alice@example.test\0mailcloud"u8)}", "S 235 *",
        "C MAIL FROM:<alice@example.test>", "S 250 *", "C RCPT TO:<gone@remote.example>", "S 550 *", "C QUIT", "S 221 *",
    ], Chunking.Whole);

    private Task SendAsync(string subject) => server.RunAsync([
        "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", "C MAIL FROM:<me@c.example>", "S 250 *", "C RCPT TO:<nobody@example.test>", "S 550 *",
        "C RCPT TO:<bob@example.test>", "S 250 *", "C DATA", "S 354 *", $"C Subject: {subject}", "C ", "C .", "S 250 *", "C QUIT", "S 221 *",
    ], Chunking.Whole);

    [GeneratedRegex(@"^\| `(mailcloud\.smtp\.[a-z.]+)` \| [^|]+ \| ([^|]*?) ?\|\r?$", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();
}
