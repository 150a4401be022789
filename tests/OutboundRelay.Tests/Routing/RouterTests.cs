using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.OutboundRelay.Tests.Routing;

[Collection("routing")]
public sealed class RouterTests(RoutingFixture fixture) : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mailcloud-router-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_domain_that_is_hosted_here_is_local()
    {
        var time = new FakeTimeProvider();
        using var router = fixture.Router(time: time);
        Assert.IsType<RouteResult.Local>(await router.FindAsync("hosted.test"));
        Assert.IsType<RouteResult.Local>(await router.FindAsync("HOSTED.test"));

        // What is hosted from now on is known after some seconds.
        Assert.IsType<RouteResult.Found>(await router.FindAsync("soon.plain.test"));
        await fixture.Grains.GetGrain<IDomainGrain>("soon.plain.test").HostAsync(new("demo"));
        Assert.IsType<RouteResult.Found>(await router.FindAsync("soon.plain.test"));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.IsType<RouteResult.Local>(await router.FindAsync("soon.plain.test"));
    }

    [Fact]
    public async Task Without_the_directory_mail_waits()
    {
        var silo = await RoutingFixture.StartSiloAsync(folder.FullName);
        using var router = fixture.Router(away: silo.Services.GetRequiredService<IGrainFactory>());
        await silo.StopAsync();
        silo.Dispose();
        Assert.Equal("4.3.0", (await router.NowhereAsync<RelayOutcome.Deferred>("order.plain.test")).Status);
        Assert.Contains(7201, router.Logged);
    }

    [Theory]
    [InlineData("[127.0.0.77]", "127.0.0.77")]
    [InlineData("[IPv6:fd53:7a11:9::77]", "fd53:7a11:9::77")]
    [InlineData("[ipv6:FD53:7A11:9::77]", "fd53:7a11:9::77")]
    public async Task An_address_literal_is_its_own_host(string literal, string address)
    {
        using var router = fixture.Router();
        var route = await router.RouteAsync(literal);
        var host = Assert.Single(route.Hosts);
        Assert.Equal((literal.ToLowerInvariant(), address, TlsLevel.Opportunistic), (host.Name, Assert.Single(host.Addresses).ToString(), host.Tls.Level));
        Assert.Equal(literal.ToLowerInvariant(), route.Provider);
    }

    [Theory]
    [InlineData("[127.1]", "5.1.3")]
    [InlineData("[0x7f.0.0.77]", "5.1.3")]
    [InlineData("[127.0.0.077]", "5.1.3")]
    [InlineData("[fd53:7a11:9::77]", "5.1.3")]
    [InlineData("[IPv6:127.0.0.1]", "5.1.3")]
    [InlineData("[x-tag:1]", "5.1.3")]
    [InlineData("[127.0.0.99]", "5.4.6")]
    public async Task A_literal_that_leads_nowhere_is_refused(string literal, string status)
    {
        using var router = fixture.Router();
        Assert.Equal(status, (await router.NowhereAsync<RelayOutcome.Failed>(literal)).Status);
    }

    public static TheoryData<string> NoNames => new() { new string('用', 63) + ".test", "a.\u00fc\u202e.test", string.Join('.', new string('a', 63), new string('b', 63), new string('c', 63), new string('d', 57), "test") };

    [Theory]
    [MemberData(nameof(NoNames))]
    public async Task A_domain_that_is_no_name_of_the_dns_fails_at_once(string domain)
    {
        using var router = fixture.Router();
        Assert.Equal("5.1.2", (await router.NowhereAsync<RelayOutcome.Failed>(domain)).Status);
    }

    [Fact]
    public async Task Literals_inside_are_not_dialled()
    {
        using var router = fixture.Router(fixture.Options() with { DialPrivate = "" });
        Assert.Equal("5.4.4", (await router.NowhereAsync<RelayOutcome.Failed>("[127.0.0.77]")).Status);
        Assert.Equal("4.4.4", (await router.NowhereAsync<RelayOutcome.Deferred>("[10.0.0.1]")).Status);
    }

    [Fact]
    public async Task A_smarthost_in_brackets_is_used_as_it_is_wherever_it_stands()
    {
        using var router = fixture.Router(fixture.Options() with { DialPrivate = "", Routes = [new() { Host = "[mx-b.plain.test]", Port = 2500 }] });
        var route = await router.RouteAsync("nobody.plain.test");
        var host = Assert.Single(route.Hosts);
        Assert.Equal(("mx-b.plain.test", 2500, "127.0.0.12", TlsLevel.Opportunistic, "mx-b.plain.test"), (host.Name, host.Port, host.Addresses[0].ToString(), host.Tls.Level, route.Provider));
        Assert.Null(route.Login);
    }

    [Fact]
    public async Task A_smarthost_by_address_and_one_by_its_mail_exchangers()
    {
        using var router = fixture.Router(fixture.Options() with
        {
            Routes = [new() { Destination = "one.test", Host = "[127.0.0.88]" }, new() { Destination = "two.test", Host = "order.plain.test" }, new() { Destination = "three.test", Host = "[nobody.plain.test]" }],
        });
        Assert.Equal("127.0.0.88", Assert.Single((await router.RouteAsync("one.test")).Hosts).Addresses[0].ToString());
        var second = await router.RouteAsync("two.test");
        Assert.Equal(["mx-a.plain.test", "mx-b.plain.test", "mx-c.plain.test"], second.Hosts.Select(h => h.Name));
        Assert.Equal("order.plain.test", second.Provider);
        Assert.Equal("4.4.4", (await router.NowhereAsync<RelayOutcome.Deferred>("three.test")).Status);
    }

    [Theory]
    [InlineData("nobody.plain.test")]
    [InlineData("null.plain.test")]
    [InlineData("all-dead.plain.test")]
    public async Task What_is_wrong_with_a_smarthosts_name_is_no_fault_of_the_recipients(string smarthost)
    {
        using var router = fixture.Router(fixture.Options() with { Routes = [new() { Host = smarthost }] });
        Assert.Equal("4.4.4", (await router.NowhereAsync<RelayOutcome.Deferred>("order.plain.test")).Status);
    }

    [Fact]
    public async Task What_goes_nowhere_is_counted_by_status()
    {
        using var router = fixture.Router();
        using var measured = new MeasuredValues(router.Meters, "mailcloud.relay.unroutable");
        await router.NowhereAsync<RelayOutcome.Failed>("null.plain.test");
        await router.NowhereAsync<RelayOutcome.Failed>("null.plain.test");
        await router.RouteAsync("order.plain.test");
        Assert.Equal(new("mailcloud.relay.unroutable 5.1.10", 2), Assert.Single(measured.Read()));
    }

    [Fact]
    public async Task The_password_is_read_each_time_and_asks_for_verified_tls()
    {
        var file = Path.Combine(folder.FullName, "password");
        using var router = fixture.Router(fixture.Options() with { Routes = [new() { Host = "[mx-a.plain.test]", ImplicitTls = true, User = "relay", PasswordFile = file }] });
        Assert.Equal("4.3.5", (await router.NowhereAsync<RelayOutcome.Deferred>("any.test")).Status);
        Assert.Contains(7202, router.Logged);
        foreach (var password in new[] { "first", "second " })
        {
            await File.WriteAllTextAsync(file, password + "\n");
            var route = await router.RouteAsync("any.test");
            Assert.Equal(new("relay", password), route.Login);
            Assert.DoesNotContain(password, route.ToString(), StringComparison.Ordinal);
            var host = Assert.Single(route.Hosts);
            Assert.Equal((465, true, TlsLevel.Verified, "route"), (host.Port, host.ImplicitTls, host.Tls.Level, host.Tls.Source));
            Assert.Equal(["mx-a.plain.test"], host.Tls.Names);
        }
    }

    [Theory]
    [InlineData("encrypted", "none.secure.test", "Encrypted", "route")]
    [InlineData("verified", "none.secure.test", "Verified", "route")]
    [InlineData("verified", "dane.secure.test", "Dane", "dane")]
    [InlineData("encrypted", "unusable.secure.test", "Encrypted", "dane")]
    [InlineData("opportunistic", "dane.secure.test", "Opportunistic", "opportunistic")]
    [InlineData("opportunistic", "broken.secure.test", "Opportunistic", "opportunistic")]
    public async Task A_route_asks_for_at_least_its_tls(string tls, string domain, string level, string source)
    {
        using var router = fixture.Router(fixture.Options() with { Routes = [new() { Destination = ".secure.test", Tls = tls }] });
        var found = Assert.Single((await router.RouteAsync(domain)).Hosts).Tls;
        Assert.Equal((level, source), (found.Level.ToString(), found.Source));
    }

    [Fact]
    public async Task Limits_are_those_of_the_provider_or_of_a_destination_that_counts_on_its_own()
    {
        using var router = fixture.Router(fixture.Options() with
        {
            Limits = new()
            {
                Overrides =
                [
                    new() { For = "plain.test", Connections = 3 },
                    new() { For = "alias.plain.test", MessagesPerMinute = 60 },
                ],
            },
        });
        var provider = await router.RouteAsync("order.plain.test");
        Assert.Equal(("plain.test", new ProviderLimits(3, 100, null)), (provider.Provider, provider.Limits));
        var destination = await router.RouteAsync("alias.plain.test");
        Assert.Equal(("alias.plain.test", new ProviderLimits(20, 100, 60)), (destination.Provider, destination.Limits));
        var other = await router.RouteAsync("dane.secure.test");
        Assert.Equal(("secure.test", new ProviderLimits(20, 100, null)), (other.Provider, other.Limits));
    }

    [Fact]
    public async Task It_is_made_from_configuration()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Relay:Port"] = "2525",
            ["Relay:DialPrivate"] = "127.0.0.0/8",
            ["Relay:Dns:Servers"] = fixture.Dns.Resolver.ToString(),
            ["Relay:Dns:Validating"] = "true",
            ["Relay:Routes:0:Destination"] = "none.secure.test",
            ["Relay:Routes:0:Tls"] = "encrypted",
            ["Relay:Limits:Connections"] = "7",
            ["Relay:Limits:Overrides:0:For"] = "plain.test",
            ["Relay:Limits:Overrides:0:Connections"] = "2",
        });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(fixture.Grains);
        builder.AddOutboundRelay();
        using var host = builder.Build();
        var router = host.Services.GetRequiredService<Router>();
        var found = Assert.IsType<RouteResult.Found>(await router.FindAsync(new("bob", "port.secure.test"), null, new("demo"), default));
        Assert.Equal((TlsLevel.Dane, 2525, 7), (found.Route.Hosts[0].Tls.Level, found.Route.Hosts[0].Port, found.Route.Limits.Connections));
        found = Assert.IsType<RouteResult.Found>(await router.FindAsync(new("bob", "none.secure.test"), null, new("demo"), default));
        Assert.Equal(TlsLevel.Encrypted, found.Route.Hosts[0].Tls.Level);
        found = Assert.IsType<RouteResult.Found>(await router.FindAsync(new("bob", "order.plain.test"), null, new("demo"), default));
        Assert.Equal(2, found.Route.Limits.Connections);
    }
}
