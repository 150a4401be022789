using System.Text;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>Mail with SMTPUTF8 (RFC 6531): addresses and header fields in Chinese, to hosts with it and without.</summary>
[Collection(RelayDefinition.Name)]
public sealed class InternationalMailTests(RelayWorld world)
{
    private const string Subject = "关于北京的会议";

    [Theory]
    [InlineData("postfix")]
    [InlineData("exim")]
    public async Task A_host_with_smtputf8_gets_address_and_header_as_they_are(string destination)
    {
        var message = Message($"张三@{destination}.test");
        await world.SubmitAsync(message, utf8: true);

        var file = Assert.Single(await world.HostOf(destination).UntilReceivedAsync($"张三@{destination}.test", 1));
        Assert.Contains($"\nSubject: {Subject}\n", (await File.ReadAllTextAsync(file)).ReplaceLineEndings("\n"), StringComparison.Ordinal);
        AssertSame(message, MimeMessage.Load(file));
    }

    [Theory]
    [InlineData("opensmtpd")]
    [InlineData("seven")]
    public async Task An_address_that_a_host_cannot_take_is_a_failure_that_says_why(string destination)
    {
        await world.SubmitAsync(Message($"张三@{destination}.test"), utf8: true);

        var report = await world.ReportAsync($"张三@{destination}.test");
        Assert.Contains("Action: failed\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Status: 5.6.7\r\n", report, StringComparison.Ordinal);
        Assert.Contains($"mx.{destination}.test does not support SMTPUTF8", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("opensmtpd")]
    [InlineData("seven")]
    public async Task A_header_that_a_host_cannot_take_reaches_it_in_ascii(string destination)
    {
        var message = Message($"zhang@{destination}.test");
        await world.SubmitAsync(message, utf8: true);

        var file = Assert.Single(await world.HostOf(destination).UntilReceivedAsync($"zhang@{destination}.test", 1));
        Assert.DoesNotContain(await File.ReadAllBytesAsync(file), octet => octet > 127);
        AssertSame(message, MimeMessage.Load(file));
    }

    private static MimeMessage Message(string to)
    {
        var message = RelayWorld.Message("nobody@example.test", Subject, "你好，张三。\r\n");
        message.To.Clear();
        message.To.Add(new MailboxAddress(Encoding.UTF8, "张三", to));
        return message;
    }

    private static void AssertSame(MimeMessage sent, MimeMessage received)
    {
        Assert.Equal((sent.Subject, sent.TextBody!.ReplaceLineEndings()), (received.Subject, received.TextBody?.ReplaceLineEndings()));
        Assert.Equal(sent.To.ToString(), received.To.ToString());
    }
}
