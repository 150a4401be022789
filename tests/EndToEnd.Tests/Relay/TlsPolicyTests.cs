namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>What the recipient's domain demands of TLS, by MTA-STS (RFC 8461) and by DANE (RFC 7672), of hosts that live up to it and of hosts that do not.</summary>
[Collection(RelayDefinition.Name)]
public sealed class TlsPolicyTests(RelayWorld world)
{
    [Theory]
    [InlineData("postfix")]
    [InlineData("exim")]
    public async Task The_host_that_the_policy_names_gets_mail_when_its_certificate_is_in_order(string destination)
    {
        await world.SubmitAsync(RelayWorld.Message($"bob@{destination}.sts.test", "named", "hello\r\n"));

        Assert.Single(await world.HostOf(destination).UntilReceivedAsync($"bob@{destination}.sts.test", 1));
    }

    [Theory]
    [InlineData("unnamed", "451 4.7.0 the MTA-STS policy of unnamed.sts.test names none of its mail exchangers")]
    [InlineData("other-name", "451 4.7.5 mx.sts.test[127.0.25.1]:25: its certificate is not for mx.sts.test (mta-sts)")]
    [InlineData("clear", "451 4.7.4 TLS is required (mta-sts) and is not offered by mx.seven.test[127.0.25.3]:25")]
    [InlineData("opensmtpd", "451 4.7.5 mx.opensmtpd.test[127.0.25.4]:25: the TLS handshake failed: ")]
    public async Task A_host_that_the_policy_is_not_about_or_that_does_not_live_up_to_it_gets_nothing(string destination, string reason)
    {
        await world.SubmitAsync(RelayWorld.Message($"bob@{destination}.sts.test", "not named", "hello\r\n"));

        var waiting = await world.UntilTriedAsync($"{destination}.sts.test");
        Assert.StartsWith(reason, waiting.GetProperty("lastError").GetString(), StringComparison.Ordinal);
        await AssertToldAsync($"{destination}.sts.test", reason);
        AssertNobodyHas($"bob@{destination}.sts.test");
    }

    [Fact]
    public async Task A_policy_that_is_being_tested_holds_nothing_up()
    {
        await world.SubmitAsync(RelayWorld.Message("bob@testing.sts.test", "testing", "hello\r\n"));

        Assert.Single(await world.Postfix.UntilReceivedAsync("bob@testing.sts.test", 1));
    }

    [Theory]
    [InlineData("postfix")]
    [InlineData("exim")]
    public async Task The_host_whose_key_the_signed_zone_has_gets_mail(string destination)
    {
        // Its certificate is for another name, which a record of usage 3 does not care for.
        await world.SubmitAsync(RelayWorld.Message($"bob@{destination}.dane.test", "the key", "hello\r\n"));

        Assert.Single(await world.HostOf(destination).UntilReceivedAsync($"bob@{destination}.dane.test", 1));
    }

    [Theory]
    [InlineData("wrong-postfix", "mx-wrong-postfix.dane.test[127.0.25.1]:25: no TLSA record matches its certificate (dane)", "4.7.5")]
    [InlineData("wrong-exim", "mx-wrong-exim.dane.test[127.0.25.2]:25: no TLSA record matches its certificate (dane)", "4.7.5")]
    [InlineData("opensmtpd", "mx-opensmtpd.dane.test[127.0.25.4]:25: the TLS handshake failed: ", "4.7.5")]
    [InlineData("seven", "TLS is required (dane) and is not offered by mx-seven.dane.test[127.0.25.3]:25", "4.7.4")]
    public async Task A_host_that_does_not_show_that_key_gets_nothing(string destination, string reason, string status)
    {
        await world.SubmitAsync(RelayWorld.Message($"bob@{destination}.dane.test", "another key", "hello\r\n"));

        var waiting = await world.UntilTriedAsync($"{destination}.dane.test");
        Assert.StartsWith($"451 {status} {reason}", waiting.GetProperty("lastError").GetString(), StringComparison.Ordinal);
        await AssertToldAsync($"{destination}.dane.test", $"451 {status} {reason}");
        AssertNobodyHas($"bob@{destination}.dane.test");
    }

    private void AssertNobodyHas(string recipient) => Assert.All([world.Postfix, world.Exim, world.SevenBit, world.OpenSmtpd], host => Assert.Empty(host.Received(recipient)));

    /// <summary>Alice hears that it waits, and why.</summary>
    private async Task AssertToldAsync(string domain, string reason)
    {
        var report = await world.ReportAsync($"bob@{domain}");
        Assert.Contains("Action: delayed\r\n", report, StringComparison.Ordinal);
        Assert.Contains($"Diagnostic-Code: smtp; {reason}", report, StringComparison.Ordinal);
    }
}
