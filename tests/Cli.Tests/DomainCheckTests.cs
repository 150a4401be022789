using System.Text.Json;
using MailCloud.Testing;
using MailCloud.Web.Tests;

namespace MailCloud.Cli.Tests;

/// <summary>The records of a domain, at a real name server that has them, lacks them or has others.</summary>
public sealed class DomainCheckTests(WebServer server) : IClassFixture<WebServer>
{
    private const string Host = "mx.mail.test";

    [Fact]
    public async Task Records_that_were_published_as_printed_are_live()
    {
        var domain = await DomainAsync("checked.test");
        var zone = (await RunAsync("domain", "dns", domain, "--host", Host)).Output;
        Assert.Contains("_imaps._tcp.checked.test. IN SRV 0 1 993 mx.mail.test.", zone.Split('\n'));
        Assert.Contains("_jmap._tcp.checked.test. IN SRV 0 1 443 mx.mail.test.", zone.Split('\n'));
        Assert.Contains("autoconfig.checked.test. IN CNAME mx.mail.test.", zone.Split('\n'));
        await using var dns = await DnsServers.StartAsync(new DnsZone(domain, zone));

        var (exit, output, error) = await RunAsync("domain", "check", domain, "--host", Host, "--resolver", dns.Authoritative.ToString());
        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(zone.Split('\n').Length - 1, Findings(output).Count);
        Assert.All(Findings(output).Values, state => Assert.Equal("live", state));
        Assert.Equal(2, Findings(output).Keys.Count(record => record.StartsWith("DKIM ", StringComparison.Ordinal)));

        // A name in place of the server's address.
        Assert.Equal(0, (await RunAsync("domain", "check", domain, "--host", $"{Host}.", "--resolver", $"localhost:{dns.Authoritative.Port}")).Exit);
    }

    [Fact]
    public async Task What_is_missing_and_what_is_wrong_is_named()
    {
        var domain = await DomainAsync("amiss.test");
        var keys = (await RunAsync("domain", "dns", domain)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await using var dns = await DnsServers.StartAsync(new DnsZone(domain, $"""
            @ MX 10 mx.other.test.
            @ TXT "v=spf1 +all"
            @ TXT "some-site-verification=1"
            {keys[0].Split(' ')[0]} TXT "v=DKIM1; p=AAAA"
            _dmarc TXT "v=DMARC1; p=none"
            _dmarc TXT "v=DMARC1; p=reject"
            _mta-sts TXT "v=STSv1; id=20260101"
            _smtp._tls TXT "v=TLSRPTv1"
            _submissions._tcp SRV 0 1 587 {Host}.
            _imaps._tcp SRV 5 5 993 MX.mail.test.
            mta-sts A 192.0.2.1
            autoconfig CNAME web.other.test.
            autodiscover CNAME Web.mail.test.
            _autodiscover._tcp SRV 0 0 443 {Host}.
            _jmap._tcp SRV 0 1 443 web.mail.test.
            """));

        var (exit, output, _) = await RunAsync("domain", "check", domain, "--host", Host, "--web", "web.mail.test", "--resolver", dns.Authoritative.ToString());
        Assert.Equal(1, exit);
        var findings = Findings(output);
        Assert.Equal(["wrong", "missing"], findings.Where(f => f.Key.StartsWith("DKIM ", StringComparison.Ordinal)).Select(f => f.Value));
        Assert.Equal(
            "MX wrong, SPF wrong, DMARC wrong, MTA-STS live, TLS-RPT wrong, SRV submissions wrong, SRV imaps live, SRV pop3s missing, "
            + "MTA-STS policy live, autoconfig wrong, autodiscover live, SRV autodiscover wrong, SRV jmap live",
            string.Join(", ", findings.Where(f => !f.Key.StartsWith("DKIM ", StringComparison.Ordinal)).Select(f => $"{f.Key} {f.Value}")));
        using var mx = JsonDocument.Parse(output.Split('\n')[0]);
        Assert.Equal(("10 mx.other.test.", "10 mx.mail.test."), (mx.RootElement.GetProperty("found").GetString(), mx.RootElement.GetProperty("publish").GetString()));
    }

    [Fact]
    public async Task A_name_server_that_knows_nothing_of_the_domain_is_no_proof()
    {
        var domain = await DomainAsync("elsewhere.test");
        await using var dns = await DnsServers.StartAsync(new DnsZone("another.test", ""));
        var (exit, output, _) = await RunAsync("domain", "check", domain, "--host", Host, "--resolver", dns.Authoritative.ToString());
        Assert.Equal(1, exit);
        Assert.All(Findings(output).Values, state => Assert.Equal("unknown", state));
    }

    [Theory]
    [InlineData("nobody.test", "127.0.0.1", "is not hosted")]
    [InlineData("example.test", "ns.example:dns", "which is no name server")]
    public async Task What_cannot_be_checked_is_one_line(string domain, string resolver, string says)
    {
        var (exit, output, error) = await RunAsync("domain", "check", domain, "--host", Host, "--resolver", resolver);
        Assert.Equal((1, "", 1), (exit, output, error.Count(c => c == '\n')));
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    private async Task<string> DomainAsync(string domain)
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", $$"""{"domain":"{{domain}}"}""");
        Assert.Equal(0, (await RunAsync("domain", "dkim", "add", domain)).Exit);
        return domain;
    }

    private Task<(int Exit, string Output, string Error)> RunAsync(params string[] command) => CommandProcess.RunAsync(server, null, command);

    /// <summary>The state of each record, in the order in which they are printed.</summary>
    private static OrderedDictionary<string, string> Findings(string output)
    {
        var findings = new OrderedDictionary<string, string>();
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var finding = JsonDocument.Parse(line);
            findings.Add(finding.RootElement.GetProperty("record").GetString()!, finding.RootElement.GetProperty("state").GetString()!);
        }

        return findings;
    }
}
