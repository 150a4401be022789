using MimeKit;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>Mail that alice submits, and what Debian's servers have got of it; what they refuse, and what alice is told.</summary>
[Collection(RelayDefinition.Name)]
public sealed class RelayTests(RelayWorld world)
{
    /// <summary>How Postfix, Exim and OpenSMTPD name a version of TLS.</summary>
    private const string Tls = @"TLSv?1\.[23]";

    [Theory]
    [InlineData("postfix")]
    [InlineData("exim")]
    [InlineData("opensmtpd")]
    [InlineData("half")]
    [InlineData("implicit")]
    public async Task Mail_reaches_the_host_of_its_recipient(string destination)
    {
        var message = RelayWorld.Message($"bob@{destination}.test", $"to {destination}", "Grüße aus 北京\r\n.\r\n..two dots\r\n");
        await world.SubmitAsync(message);

        var received = Parse(await world.HostOf(destination).UntilReceivedAsync($"bob@{destination}.test", 1));
        Assert.Equal(message.Subject, received.Subject);
        Assert.Equal(message.TextBody, received.TextBody);
        Assert.Equal("alice@example.test", received.Headers["Return-Path"]!.Trim('<', '>'));
    }

    [Theory]
    [InlineData("postfix")]
    [InlineData("exim")]
    public async Task A_host_that_offers_it_gets_mail_under_tls(string destination)
    {
        await world.SubmitAsync(RelayWorld.Message($"tls@{destination}.test", "private", "hello\r\n"));

        var received = Parse(await world.HostOf(destination).UntilReceivedAsync($"tls@{destination}.test", 1));
        Assert.Matches(Tls, OwnTrace(received));
    }

    /// <summary>Some protection where there can be some, and mail where there cannot (RFC 7435 §3).</summary>
    [Fact]
    public async Task A_host_whose_tls_is_broken_gets_mail_in_clear()
    {
        await world.SubmitAsync(RelayWorld.Message("clear@opensmtpd.test", "in clear", "hello\r\n"));

        Assert.DoesNotMatch(Tls, OwnTrace(Parse(await world.OpenSmtpd.UntilReceivedAsync("clear@opensmtpd.test", 1))));
    }

    [Fact]
    public async Task A_host_without_8bitmime_gets_what_decodes_to_the_same()
    {
        var builder = new BodyBuilder { TextBody = "中文和 ümlauts\r\n", HtmlBody = "<p>中文</p>\r\n" };
        builder.Attachments.Add("photo.bin", Enumerable.Range(0, 5000).Select(i => (byte)(i * 7)).ToArray());
        var message = RelayWorld.Message("bob@seven.test", "八位", "");
        message.Body = builder.ToMessageBody();
        message.Prepare(EncodingConstraint.EightBit);
        await world.SubmitAsync(message);

        var file = Assert.Single(await world.SevenBit.UntilReceivedAsync("bob@seven.test", 1));
        Assert.DoesNotContain(await File.ReadAllBytesAsync(file), octet => octet > 127);
        var received = Parse([file]);
        Assert.Equal((message.Subject, message.TextBody, message.HtmlBody), (received.Subject, received.TextBody, received.HtmlBody));
        Assert.Equal(Content(message), Content(received));
    }

    [Fact]
    public async Task Of_three_recipients_one_is_refused_and_alice_is_told_of_him()
    {
        var message = RelayWorld.Message("one@exim.test", "three", "hello\r\n");
        message.To.Add(MailboxAddress.Parse("nobody@exim.test"));
        message.To.Add(MailboxAddress.Parse("three@exim.test"));
        await world.SubmitAsync(message);

        await world.Exim.UntilReceivedAsync("one@exim.test", 1);
        await world.Exim.UntilReceivedAsync("three@exim.test", 1);
        var report = await world.ReportAsync("nobody@exim.test");
        Assert.Contains("Action: failed\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Status: 5.", report, StringComparison.Ordinal);
        Assert.Contains("Remote-MTA: dns; mx.exim.test\r\n", report, StringComparison.Ordinal);
        Assert.Contains("550 there is no such user", report, StringComparison.Ordinal);
        Assert.Empty(world.Exim.Received("nobody@exim.test"));
    }

    [Theory]
    [InlineData("bob@null.test", "5.1.10")]
    [InlineData("bob@nowhere.null.test", "5.1.2")]
    public async Task A_domain_that_takes_no_mail_is_a_failure_at_once(string recipient, string status)
    {
        await world.SubmitAsync(RelayWorld.Message(recipient, "nowhere", "hello\r\n"));

        var report = await world.ReportAsync(recipient);
        Assert.Contains("Action: failed\r\n", report, StringComparison.Ordinal);
        Assert.Contains($"Status: {status}\r\n", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_put_off_gets_it_when_it_is_tried_again()
    {
        await world.SubmitAsync(RelayWorld.Message("grey@exim.test", "later", "hello\r\n"));
        var waiting = await world.UntilTriedAsync("exim.test");
        Assert.Contains("451 come back later", waiting.GetProperty("lastError").GetString(), StringComparison.Ordinal);
        var report = await world.ReportAsync("grey@exim.test");
        Assert.Contains("Action: delayed\r\n", report, StringComparison.Ordinal);
        Assert.Contains("451 come back later", report, StringComparison.Ordinal);

        world.Exim.Open("grey");
        await world.RetryAsync(waiting);
        Assert.Single(await world.Exim.UntilReceivedAsync("grey@exim.test", 1));
        await world.UntilNothingWaitsAsync("exim.test");
    }

    [Fact]
    public async Task A_host_inside_is_not_dialled()
    {
        await world.SubmitAsync(RelayWorld.Message("bob@inside.test", "inside", "hello\r\n"));
        var waiting = await world.UntilTriedAsync("inside.test");
        Assert.StartsWith("450 4.4.4 the hosts of inside.test have only private", waiting.GetProperty("lastError").GetString(), StringComparison.Ordinal);
    }

    /// <summary>The peer's own Received field, the topmost. Ours below it tells of alice's session, which had TLS in any case.</summary>
    private static string OwnTrace(MimeMessage received) => received.Headers.First(h => h.Id == HeaderId.Received).Value;

    private static byte[] Content(MimeMessage message)
    {
        using var content = new MemoryStream();
        message.Attachments.OfType<MimePart>().Single().Content!.DecodeTo(content);
        return content.ToArray();
    }

    private static MimeMessage Parse(IReadOnlyList<string> files) => MimeMessage.Load(Assert.Single(files));
}
