using System.Globalization;
using System.Text;
using MailCloud.Messages;
using MailCloud.SmtpIngress.Policy;
using MailCloud.Submission;
using MailCloud.Testing;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>What a sender wishes of delivery stands in the queue entry; what transcripts cannot say, because it depends on the time.</summary>
[Collection("server")]
public sealed class DeliveryWishTests(ServerFixture server)
{
    [Fact]
    public async Task Mail_is_held_from_when_it_was_asked_for()
    {
        var before = DateTimeOffset.UtcNow;
        var envelope = await SubmitAsync("hold-for", "HOLDFOR=3600 BY=7200;RT");

        Assert.InRange(envelope.HoldUntil!.Value, before.AddSeconds(3600), DateTimeOffset.UtcNow.AddSeconds(3600));
        Assert.Equal("for;3600", envelope.HoldRequest);
        Assert.InRange(envelope.DeliverBy!.Deadline, before.AddSeconds(7200), DateTimeOffset.UtcNow.AddSeconds(7200));
        Assert.Equal((true, true), (envelope.DeliverBy.Return, envelope.DeliverBy.Trace));
    }

    [Theory]
    [InlineData("Z", 0)]
    [InlineData("+05:30", 330)]
    [InlineData("-08:00", -480)]
    public async Task Mail_is_held_until_a_time_of_any_zone(string zone, int minutes)
    {
        var until = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddDays(3).ToUnixTimeSeconds());
        var text = until.ToOffset(TimeSpan.FromMinutes(minutes)).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        var envelope = await SubmitAsync($"hold-until {zone}", $"HOLDUNTIL={text}{zone}");

        Assert.Equal(until, envelope.HoldUntil);
        Assert.Equal($"until;{until.UtcDateTime:yyyy-MM-ddTHH:mm:ss}Z", envelope.HoldRequest);
    }

    [Fact]
    public async Task A_priority_is_kept_and_shown_in_the_trace()
    {
        Assert.Equal(-3, (await SubmitAsync("low", "MT-PRIORITY=-3")).Priority);
        Assert.Equal(4, (await SubmitAsync("too high", "MT-PRIORITY=7")).Priority);
        Assert.Contains(";\r\n", (await StoredAsync("too high")).Trace, StringComparison.Ordinal);
        Assert.Matches(@"\r\n\tfor <bob@example\.test>\r\n\tPRIORITY 4;\r\n\t[A-Z]", (await StoredAsync("too high")).Trace);
        Assert.DoesNotContain("PRIORITY", (await SubmitEntryAsync("ordinary", "")).Trace, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tls-submission", "submission", "TLS-Required: No", TlsDemand.NotRequired)]
    [InlineData("tls-mx", "mx", "tls-required:\r\n no", TlsDemand.NotRequired)]
    [InlineData("tls-nothing", "mx", "X-TLS: No", TlsDemand.Unspecified)]
    public async Task The_field_of_a_header_is_kept_with_the_envelope(string subject, string listener, string field, TlsDemand expected)
    {
        var login = listener == "mx" ? [] : new[] { $"C AUTH PLAIN {Login("alice")}", "S 235 *" };
        await server.RunAsync([
            $"# listener: {listener}", "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", .. login,
            "C MAIL FROM:<alice@example.test>", "S 250 *", "C RCPT TO:<bob@example.test>", "S 250 *",
            "C DATA", "S 354 *", $"C Subject: {subject}", .. field.Split("\r\n").Select(line => "C " + line), "C ", "C .", "S 250 *", "C QUIT", "S 221 *",
        ], Chunking.ByOctet);

        Assert.Equal(expected, (await StoredAsync(subject)).Envelope.Tls);
    }

    [Fact]
    public async Task Whoever_requires_tls_has_it_whatever_the_header_says()
    {
        await server.RunAsync([
            "# listener: secured-submissions", "TLS", "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", $"C AUTH PLAIN {Login("alice")}", "S 235 *",
            "C MAIL FROM:<alice@example.test> REQUIRETLS", "S 250 *", "C RCPT TO:<bob@example.test>", "S 250 *",
            "C DATA", "S 354 *", "C Subject: requiretls-wins", "C TLS-Required: No", "C ", "C .", "S 250 *", "C QUIT", "S 221 *",
        ], Chunking.ByLine);

        Assert.Equal(TlsDemand.Required, (await StoredAsync("requiretls-wins")).Envelope.Tls);
    }

    [Fact]
    public async Task Recipients_outside_are_counted_by_one_call_or_few_and_what_is_not_needed_goes_back()
    {
        var one = await CallsOfAsync(["far@remote.example", "bob@example.test"], sent: true);
        var many = await CallsOfAsync([.. Enumerable.Range(0, 12).Select(i => $"far{i}@remote.example")], sent: true);
        var others = await CallsOfAsync(["carol@other.test", "outside@example.test"], sent: true);
        var theirs = await CallsOfAsync(["crew@other.test"], sent: true);
        var none = await CallsOfAsync(["bob@example.test", "team@example.test"], sent: true);
        var unsent = await CallsOfAsync(["far@remote.example", "far2@remote.example"], sent: false);

        Assert.Equal([1], one);
        Assert.Equal([1, 9, 90, -88], many);
        Assert.Equal([1, 9, -8], others);

        // However many another tenant's alias leads to: its length is nobody's business.
        Assert.Equal([1], theirs);
        Assert.Empty(none);
        Assert.Equal([1, 9, -10], unsent);
    }

    [Fact]
    public void Options_that_break_a_promise_are_refused()
    {
        Assert.Empty(new SmtpOptions().Errors());
        Assert.Empty(new SendingOptions().Errors());
        Assert.Single((new SmtpOptions() with { MaxHold = TimeSpan.FromDays(9) }).Errors());
        Assert.Single((new SmtpOptions() with { MaxPriority = 10 }).Errors());
        Assert.Single((new SmtpOptions() with { MinDeliverBy = TimeSpan.FromDays(6) }).Errors());
        Assert.Single((new SendingOptions() with { TenantPerDay = -1 }).Errors());
    }

    /// <summary>What the sending grain of an account was asked for during one transaction.</summary>
    private async Task<IEnumerable<int>> CallsOfAsync(string[] recipients, bool sent)
    {
        var seen = TableSendingGrain.Calls.Count;
        await server.RunAsync([
            "# listener: submission", "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", $"C AUTH PLAIN {Login("counted")}", "S 235 *",
            "C MAIL FROM:<counted@example.test>", "S 250 *", .. recipients.SelectMany(r => new[] { $"C RCPT TO:<{r}>", "S 250 *" }),
            .. sent ? ["C DATA", "S 354 *", "C Subject: counted", "C ", "C .", "S 250 *"] : new[] { "C RSET", "S 250 *" }, "C QUIT", "S 221 *",
        ], Chunking.ByLine);

        // What goes back is not waited for; a call behind it is.
        await server.SendingOf("demo/counted").TakeAsync(new(1_000, new(0, 0), null));
        return [.. TableSendingGrain.Calls.Skip(seen).Where(c => c.Key == "demo/counted" && c.Recipients != 1_000).Select(c => c.Recipients)];
    }

    private async Task<Envelope> SubmitAsync(string subject, string parameters) => (await SubmitEntryAsync(subject, parameters)).Envelope;

    private async Task<QueuedMessage> SubmitEntryAsync(string subject, string parameters)
    {
        await server.RunAsync([
            "# listener: submission", "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", $"C AUTH PLAIN {Login("alice")}", "S 235 *",
            $"C MAIL FROM:<alice@example.test> {parameters}", "S 250 *", "C RCPT TO:<bob@example.test>", "S 250 *",
            "C DATA", "S 354 *", $"C Subject: {subject}", "C ", "C .", "S 250 *", "C QUIT", "S 221 *",
        ], Chunking.ByLine);
        return await StoredAsync(subject);
    }

    private async Task<QueuedMessage> StoredAsync(string subject) =>
        (await server.StoredAsync()).Single(s => Encoding.ASCII.GetString(s.Body).StartsWith($"Subject: {subject}\r\n", StringComparison.Ordinal)).Entry;

    private static string Login(string account) => Convert.ToBase64String(Encoding.ASCII.GetBytes($"\0{account}@example.test\0mailcloud"));
}
