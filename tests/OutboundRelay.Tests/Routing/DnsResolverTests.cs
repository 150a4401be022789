using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using MailCloud.OutboundRelay.Routing;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.OutboundRelay.Tests.Routing;

[Collection("routing")]
public sealed class DnsResolverTests(RoutingFixture fixture)
{
    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData("one.plain.test", QueryType.MX, "Found", "one.plain.test")]
    [InlineData("alias.plain.test", QueryType.MX, "Found", "order.plain.test")]
    [InlineData("implicit.plain.test", QueryType.MX, "NoData", "implicit.plain.test")]
    [InlineData("nobody.plain.test", QueryType.MX, "NoSuchName", "nobody.plain.test")]
    [InlineData("bogus.test", QueryType.MX, "Failed", "bogus.test")]
    public async Task Answers_are_told_apart(string name, QueryType type, string status, string owner)
    {
        using var dns = Resolver();
        var answer = await dns.QueryAsync(name, type, default);
        Assert.Equal((status, owner, false), (answer.Status.ToString(), answer.Owner, answer.IsSecure));
        Assert.Equal(status == "Found", answer.Records.Count > 0);
    }

    [Fact]
    public async Task A_server_that_refuses_has_said_nothing()
    {
        using var dns = Resolver(fixture.Dns.Authoritative);
        Assert.Equal(DnsStatus.Failed, (await dns.QueryAsync("elsewhere.test", QueryType.MX, default)).Status);
    }

    [Fact]
    public async Task A_server_that_is_silent_has_said_nothing()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var dns = new DnsResolver(new() { Servers = silent.Client.LocalEndPoint!.ToString()!, Timeout = TimeSpan.FromMilliseconds(100), Retries = 1 }, time);
        var answer = await dns.QueryAsync("one.plain.test", QueryType.MX, default);
        Assert.Equal((DnsStatus.Failed, "no answer"), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task Another_server_is_asked_when_one_is_silent()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var dns = new DnsResolver(new() { Servers = $"{silent.Client.LocalEndPoint},{fixture.Dns.Resolver}", Timeout = TimeSpan.FromSeconds(3), Retries = 0 }, time);
        Assert.Equal(DnsStatus.Found, (await dns.QueryAsync("one.plain.test", QueryType.MX, default)).Status);
    }

    [Fact]
    public async Task Who_cancels_hears_that_it_is_cancelled()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var dns = new DnsResolver(new() { Servers = silent.Client.LocalEndPoint!.ToString()! }, time);
        using var cancel = new CancellationTokenSource();
        var asked = dns.QueryAsync("one.plain.test", QueryType.MX, cancel.Token);
        await silent.ReceiveAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await asked);
    }

    [Fact]
    public async Task What_is_too_large_comes_by_tcp()
    {
        using var dns = Resolver();
        Assert.Equal(60, (await dns.QueryAsync("large.plain.test", QueryType.MX, default)).Records.Count);
    }

    [Fact]
    public async Task Only_a_resolver_that_validates_makes_an_answer_secure()
    {
        using var trusted = Resolver();
        Assert.True((await trusted.QueryAsync("dane.secure.test", QueryType.MX, default)).IsSecure);
        Assert.True((await trusted.QueryAsync("mx.secure.test", QueryType.MX, default)).IsSecure);
        Assert.True((await trusted.QueryAsync("nobody.secure.test", QueryType.MX, default)).IsSecure);
        Assert.False((await trusted.QueryAsync("one.plain.test", QueryType.MX, default)).IsSecure);
        using var other = new DnsResolver(new() { Servers = fixture.Dns.Resolver.ToString() }, time);
        Assert.False((await other.QueryAsync("dane.secure.test", QueryType.MX, default)).IsSecure);
    }

    [Fact]
    public async Task Records_are_remembered_for_their_ttl()
    {
        using var dns = Resolver(fixture.Dns.Authoritative);
        await fixture.Dns.ReplaceAsync("changes.test", "a 30 A 127.0.0.1");
        Assert.Equal("127.0.0.1", await AddressAsync(dns));
        await fixture.Dns.ReplaceAsync("changes.test", "a 30 A 127.0.0.2");
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal("127.0.0.1", await AddressAsync(dns));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("127.0.0.2", await AddressAsync(dns));
    }

    [Fact]
    public async Task Records_without_a_ttl_are_not_remembered()
    {
        using var dns = Resolver(fixture.Dns.Authoritative);
        await fixture.Dns.ReplaceAsync("changes.test", "a 0 A 127.0.0.1");
        Assert.Equal("127.0.0.1", await AddressAsync(dns));
        await fixture.Dns.ReplaceAsync("changes.test", "a 0 A 127.0.0.2");
        Assert.Equal("127.0.0.2", await AddressAsync(dns));
    }

    [Fact]
    public async Task What_does_not_exist_is_remembered_for_the_zones_minimum()
    {
        using var dns = Resolver(fixture.Dns.Authoritative);
        await fixture.Dns.ReplaceAsync("changes.test", "");
        Assert.Equal("", await AddressAsync(dns));
        await fixture.Dns.ReplaceAsync("changes.test", "a A 127.0.0.1");
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("", await AddressAsync(dns));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("127.0.0.1", await AddressAsync(dns));
    }

    private static async Task<string> AddressAsync(DnsResolver dns) =>
        string.Concat((await dns.QueryAsync("a.changes.test", QueryType.A, default)).Records.OfType<ARecord>().Select(r => r.Address));

    private DnsResolver Resolver(IPEndPoint? server = null) => new(new() { Servers = (server ?? fixture.Dns.Resolver).ToString(), Validating = true }, time);
}
