using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Tests.Routing;

/// <summary>RFC 7672 on a zone that knot signs and unbound validates.</summary>
[Collection("routing")]
public sealed class DaneTests(RoutingFixture fixture) : IDisposable
{
    private readonly TestRouter router = fixture.Router();

    public void Dispose() => router.Dispose();

    [Theory]
    [InlineData("dane.secure.test", "mx.secure.test dane.secure.test", "3 1 1")]
    [InlineData("anchor.secure.test", "mx-anchor.secure.test anchor.secure.test", "2 0 1")]
    [InlineData("mixed.secure.test", "mx-mixed.secure.test mixed.secure.test", "3 0 0,3 1 2")]
    [InlineData("implicit.secure.test", "implicit.secure.test", "3 1 1")]
    [InlineData("alias.secure.test", "mx.secure.test alias.secure.test", "3 1 1")]
    [InlineData("alias-own.secure.test", "mx-alias-own.secure.test alias-own.secure.test", "3 1 1")]
    [InlineData("alias-out.secure.test", "mx-alias-out.secure.test alias-out.secure.test", "3 1 1")]
    public async Task Usable_records_must_match(string domain, string names, string records)
    {
        var tls = Assert.Single((await router.RouteAsync(domain)).Hosts).Tls;
        Assert.Equal((TlsLevel.Dane, "dane"), (tls.Level, tls.Source));
        Assert.Equal(names, string.Join(' ', tls.Names));
        Assert.Equal(records, string.Join(',', tls.Tlsa.Select(t => $"{t.Usage} {t.Selector} {t.MatchingType}").Order()));
        Assert.All(tls.Tlsa.Where(t => t.MatchingType == 1), t => Assert.StartsWith("0123456789ABCDEF", Convert.ToHexString(t.Data.Span), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Records_that_are_not_usable_still_ask_for_tls()
    {
        var tls = Assert.Single((await router.RouteAsync("unusable.secure.test")).Hosts).Tls;
        Assert.Equal((TlsLevel.Encrypted, "dane"), (tls.Level, tls.Source));
        Assert.Empty(tls.Tlsa);
    }

    [Theory]
    [InlineData("none.secure.test")]
    [InlineData("port.secure.test")]
    [InlineData("one.plain.test")]
    [InlineData("to-secure.plain.test")]
    [InlineData("insecure-host.secure.test")]
    public async Task Without_secure_records_tls_is_opportunistic(string domain) =>
        Assert.Same(HostTls.Opportunistic, Assert.Single((await router.RouteAsync(domain)).Hosts).Tls);

    [Fact]
    public async Task The_port_is_part_of_the_name()
    {
        using var other = fixture.Router(fixture.Options() with { Port = 2525 });
        Assert.Equal(TlsLevel.Dane, Assert.Single((await other.RouteAsync("port.secure.test")).Hosts).Tls.Level);
        Assert.Equal(TlsLevel.Opportunistic, Assert.Single((await other.RouteAsync("dane.secure.test")).Hosts).Tls.Level);
    }

    [Fact]
    public async Task A_host_whose_records_are_bogus_is_not_used()
    {
        Assert.Equal("4.7.5", (await router.NowhereAsync<RelayOutcome.Deferred>("broken.secure.test")).Status);
        Assert.Contains(7220, router.Logged);
        Assert.Equal("mx.secure.test", Assert.Single((await router.RouteAsync("broken-first.secure.test")).Hosts).Name);
    }

    [Fact]
    public async Task A_resolver_that_is_not_said_to_validate_gives_no_dane()
    {
        using var other = fixture.Router(fixture.Options() with { Dns = fixture.Options().Dns with { Validating = false } });
        Assert.Same(HostTls.Opportunistic, Assert.Single((await other.RouteAsync("dane.secure.test")).Hosts).Tls);
    }
}
