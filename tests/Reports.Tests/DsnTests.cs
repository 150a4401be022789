using System.Text;
using MailCloud.Reports;
using MailCloud.Messages;
using MimeKit;

namespace MailCloud.Reports.Tests;

/// <summary>Reports read back with MimeKit, an independent parser.</summary>
public sealed class DsnTests
{
    private static readonly DeliveryId Id = new(Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"));

    [Theory]
    [InlineData(DsnNotify.Unspecified, true, true, false)]
    [InlineData(DsnNotify.Never, false, false, false)]
    [InlineData(DsnNotify.Success, false, false, true)]
    [InlineData(DsnNotify.Failure, true, false, false)]
    [InlineData(DsnNotify.Failure | DsnNotify.Delay | DsnNotify.Success, true, true, true)]
    public void Only_wanted_reports_are_sent(DsnNotify notify, bool failed, bool delayed, bool delivered)
    {
        var (message, recipient) = Original(notify: notify);

        Assert.Equal(failed, DsnReport.Failed(message, recipient, "5.1.1", "550 no").IsWanted);
        Assert.Equal(delayed, DsnReport.Delayed(message, recipient, "4.2.2", "450 full", DateTimeOffset.UtcNow).IsWanted);
        Assert.Equal(delivered, DsnReport.Delivered(message, recipient).IsWanted);
    }

    [Fact]
    public void Nobody_reports_to_the_null_sender()
    {
        var (message, recipient) = Original(notify: DsnNotify.Failure);
        message = message with { Envelope = message.Envelope with { Sender = null } };

        Assert.False(DsnReport.Failed(message, recipient, "5.1.1", "550 no").IsWanted);
    }

    [Fact]
    public void A_report_made_again_is_the_same_message_and_another_is_not()
    {
        var (message, recipient) = Original();
        var report = DsnReport.Failed(message, recipient, "5.1.1", "550 5.1.1 no such mailbox");
        var again = DsnReport.Failed(message, recipient, "5.1.1", "550 5.1.1 no such mailbox");

        Assert.Equal(report.Id, again.Id);
        Assert.Equal(Text(report), Text(again));
        Assert.Equal(message.Id.AcceptedAt, report.Id.AcceptedAt);
        Assert.NotEqual(report.Id, DsnReport.Delivered(message, recipient).Id);
        Assert.NotEqual(report.Id, DsnReport.Failed(message, recipient with { Address = new("x", "example.test") }, "5.1.1", "550 no").Id);
    }

    [Fact]
    public async Task A_failure_has_the_parts_and_fields_of_a_delivery_status()
    {
        var (message, recipient) = Original(original: "rfc822;old@example.org");
        var parsed = await ParseAsync(DsnReport.Failed(message, recipient, "5.1.1", "550 5.1.1 there is no such mailbox"));

        var report = Assert.IsType<MultipartReport>(parsed.Body);
        Assert.Equal("delivery-status", report.ReportType);
        Assert.Equal(["text/plain", "message/delivery-status", "text/rfc822-headers"], report.Select(p => p.ContentType.MimeType));
        Assert.Equal("auto-replied", parsed.Headers["Auto-Submitted"]);
        Assert.Equal("<orig@example.org>", parsed.Headers["In-Reply-To"]);
        var groups = Assert.IsType<MessageDeliveryStatus>(report[1]).StatusGroups;
        Assert.Equal(("env-1", "dns; mail.example.test"), (groups[0]["Original-Envelope-Id"], groups[0]["Reporting-MTA"]));
        Assert.Equal("rfc822;old@example.org", groups[1]["Original-Recipient"]);
        Assert.Equal("rfc822; nobody@example.test", groups[1]["Final-Recipient"]);
        Assert.Equal(("failed", "5.1.1", "smtp; 550 5.1.1 there is no such mailbox"), (groups[1]["Action"], groups[1]["Status"], groups[1]["Diagnostic-Code"]));
    }

    [Fact]
    public async Task What_the_sender_asked_of_time_is_repeated()
    {
        var (message, recipient) = Original();
        message = message with { Envelope = message.Envelope with { HoldRequest = "for;3600", DeliverBy = new(new(2026, 11, 27, 12, 34, 56, TimeSpan.Zero), true, false) } };
        var parsed = await ParseAsync(DsnReport.Failed(message, recipient, "5.4.7", "550 5.4.7 delivery time expired"));

        var perMessage = Assert.IsType<MessageDeliveryStatus>(Assert.IsType<MultipartReport>(parsed.Body)[1]).StatusGroups[0];
        Assert.Equal("Fri, 27 Nov 2026 12:34:56 +0000", perMessage["Deliver-By-Date"]);
        Assert.Equal("for;3600", perMessage["Future-Release-Request"]);
        Assert.NotNull(perMessage["Arrival-Date"]);
    }

    [Fact]
    public async Task A_delay_says_until_when_it_is_tried()
    {
        var (message, recipient) = Original();
        var until = new DateTimeOffset(2026, 11, 29, 1, 2, 3, TimeSpan.Zero);
        var parsed = await ParseAsync(DsnReport.Delayed(message, recipient, "4.2.2", "450 4.2.2 the mailbox is full", until));

        var groups = Assert.IsType<MessageDeliveryStatus>(Assert.IsType<MultipartReport>(parsed.Body)[1]).StatusGroups;
        Assert.Equal(("delayed", "Sun, 29 Nov 2026 01:02:03 +0000"), (groups[1]["Action"], groups[1]["Will-Retry-Until"]));
    }

    [Fact]
    public async Task Addresses_beyond_ascii_make_a_global_report()
    {
        var (message, recipient) = Original();
        recipient = recipient with { Address = new("用户", "example.test") };
        var text = Text(DsnReport.Failed(message, recipient, "5.1.1", "550 5.1.1 no"));

        Assert.Contains("report-type=global-delivery-status", text, StringComparison.Ordinal);
        Assert.Contains("Content-Type: message/global-delivery-status", text, StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: utf-8; 用户@example.test", text, StringComparison.Ordinal);
        Assert.Contains("Content-Type: message/global-headers", text, StringComparison.Ordinal);
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        Assert.Equal(3, Assert.IsAssignableFrom<Multipart>((await MimeMessage.LoadAsync(stream)).Body).Count);
    }

    private static string Text(DsnReport report)
    {
        var text = new DsnText(report, "mail.example.test");
        return text.Opening("<orig@example.org>", returnsWhole: false) + "Subject: hello\r\nMessage-ID: <orig@example.org>\r\n" + text.Closing;
    }

    private static async Task<MimeMessage> ParseAsync(DsnReport report)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(Text(report)));
        return await MimeMessage.LoadAsync(stream);
    }

    private static (QueuedMessage Message, EnvelopeRecipient Recipient) Original(DsnNotify notify = DsnNotify.Unspecified, string? original = null)
    {
        var recipient = new EnvelopeRecipient { Address = new("nobody", "example.test"), Notify = notify, OriginalRecipient = original };
        return (
            new()
            {
                Id = Id,
                Tenant = new("demo"),
                Body = new(BodyRef.NameFor(new("demo"), Id), 100),
                Trace = "",
                Envelope = new() { Sender = new("sender", "example.org"), Recipients = [recipient], EnvelopeId = "env-1" },
            },
            recipient);
    }
}
