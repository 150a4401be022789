using System.Net;
using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Tests.Routing;

/// <summary>RFC 5321 §5.1 on real name servers.</summary>
[Collection("routing")]
public sealed class MailExchangersTests(RoutingFixture fixture) : IDisposable
{
    private readonly TestRouter router = fixture.Router();

    public void Dispose() => router.Dispose();

    [Theory]
    [InlineData("order.plain.test", "mx-a.plain.test mx-b.plain.test mx-c.plain.test")]
    [InlineData("ORDER.plain.TEST", "mx-a.plain.test mx-b.plain.test mx-c.plain.test")]
    [InlineData("alias.plain.test", "mx-a.plain.test mx-b.plain.test mx-c.plain.test")]
    [InlineData("implicit.plain.test", "implicit.plain.test")]
    [InlineData("null-and-more.plain.test", "mx-a.plain.test")]
    [InlineData("dead-first.plain.test", "mx-b.plain.test")]
    [InlineData("late.plain.test", "mx-b.plain.test")]
    [InlineData("bogus-first.plain.test", "mx-b.plain.test")]
    [InlineData("aliased.plain.test", "mx-alias.plain.test")]
    [InlineData("idn.plain.test", "xn--bcher-kva.plain.test")]
    [InlineData("ours.plain.test", "mx-a.plain.test")]
    [InlineData("our-address.plain.test", "mx-a.plain.test")]
    public async Task Hosts_are_tried_by_preference(string domain, string hosts)
    {
        var route = await router.RouteAsync(domain);
        Assert.Equal(hosts, string.Join(' ', route.Hosts.Select(h => h.Name)));
        Assert.All(route.Hosts, h => Assert.Equal((25, false), (h.Port, h.ImplicitTls)));
    }

    [Fact]
    public async Task An_alias_is_dialled_at_the_addresses_of_its_end() =>
        Assert.Equal([IPAddress.Parse("127.0.0.11")], (await router.RouteAsync("aliased.plain.test")).Hosts[0].Addresses);

    [Fact]
    public async Task Hosts_of_equal_preference_are_shuffled()
    {
        var first = new HashSet<string>();
        using var seeded = fixture.Router(random: new Random(1));
        for (var n = 0; n < 50; n++)
        {
            var route = await seeded.RouteAsync("equal.plain.test");
            Assert.Equal(4, route.Hosts.Count);
            first.Add(route.Hosts[0].Name);
        }

        Assert.Equal(4, first.Count);
    }

    [Theory]
    [InlineData("null.plain.test", "5.1.10", "556 5.1.10 ")]
    [InlineData("nobody.plain.test", "5.1.2", "550 5.1.2 ")]
    [InlineData("dead-alias.plain.test", "5.1.2", "550 5.1.2 ")]
    [InlineData("odd.plain.test", "5.4.4", "550 5.4.4 ")]
    [InlineData("all-dead.plain.test", "5.4.4", "550 5.4.4 ")]
    [InlineData("empty.plain.test", "5.4.4", "550 5.4.4 ")]
    [InlineData("ours-best.plain.test", "5.4.6", "554 5.4.6 ")]
    [InlineData("mx-own.plain.test", "5.4.6", "554 5.4.6 ")]
    [InlineData("mx-our-address.plain.test", "5.4.6", "554 5.4.6 ")]
    public async Task What_the_dns_has_said_is_permanent(string domain, string status, string reply)
    {
        var outcome = await router.NowhereAsync<RelayOutcome.Failed>(domain);
        Assert.Equal(status, outcome.Status);
        Assert.StartsWith(reply, outcome.Reply, StringComparison.Ordinal);
        Assert.Contains(7200, router.Logged);
    }

    [Theory]
    [InlineData("bogus.test", "4.4.3")]
    [InlineData("bogus-host.plain.test", "4.4.3")]
    [InlineData("behind-bogus.plain.test", "4.4.3")]
    [InlineData("behind-dead.plain.test", "4.4.4")]
    [InlineData("private.plain.test", "4.4.4")]
    public async Task What_may_be_mended_is_tried_again(string domain, string status)
    {
        var outcome = await router.NowhereAsync<RelayOutcome.Deferred>(domain);
        Assert.Equal(status, outcome.Status);
        Assert.StartsWith("4", outcome.Reply, StringComparison.Ordinal);
        Assert.Contains($" {status} ", outcome.Reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_addresses_are_tried_and_the_second_host_has_one()
    {
        var route = await router.RouteAsync("many.plain.test");
        Assert.Equal([4, 1], route.Hosts.Select(h => h.Addresses.Count));
        Assert.Equal(5, (await router.RouteAsync("large.plain.test")).Hosts.Count);
    }

    [Fact]
    public async Task Both_families_take_turns()
    {
        var first = new HashSet<int>();
        for (var n = 0; n < 50; n++)
        {
            var addresses = (await router.RouteAsync("both.plain.test")).Hosts[0].Addresses;
            Assert.Equal(4, addresses.Distinct().Count());
            Assert.NotEqual(addresses[0].AddressFamily, addresses[1].AddressFamily);
            Assert.NotEqual(addresses[2].AddressFamily, addresses[3].AddressFamily);
            first.Add((int)addresses[0].AddressFamily);
        }

        Assert.Equal(2, first.Count);
    }

    [Fact]
    public async Task Without_ipv6_its_addresses_are_not_dialled()
    {
        using var old = fixture.Router(fixture.Options() with { Ipv6 = false });
        Assert.All((await old.RouteAsync("both.plain.test")).Hosts[0].Addresses, a => Assert.Equal(System.Net.Sockets.AddressFamily.InterNetwork, a.AddressFamily));
    }

    [Fact]
    public async Task Loopback_alone_is_no_host_unless_it_is_listed()
    {
        using var strict = fixture.Router(fixture.Options() with { DialPrivate = "" });
        Assert.Equal("5.4.4", (await strict.NowhereAsync<RelayOutcome.Failed>("one.plain.test")).Status);
        using var listed = fixture.Router(fixture.Options() with { DialPrivate = "10.0.0.0/8" });
        Assert.Equal([IPAddress.Parse("10.1.2.3")], (await listed.RouteAsync("private.plain.test")).Hosts[0].Addresses);
    }
}
