using MailCloud.OutboundRelay.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MailCloud.OutboundRelay.Tests.Routing;

public sealed class RelayRoutingOptionsTests
{
    [Fact]
    public void The_defaults_are_right() => Assert.Empty(new RelayRoutingOptions().Errors());

    [Fact]
    public void What_the_relay_calls_itself_is_a_name_of_this_installation()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection([new("Relay:HostName", "out.example"), new("Relay:HostNames", "mx1.example, mx2.example")]);
        builder.AddOutboundRelay();
        using var host = builder.Build();

        Assert.Equal(["mx1.example", "mx2.example", "out.example"], host.Services.GetRequiredService<RelayRoutingOptions>().HostNameList);
    }

    [Fact]
    public void Each_mistake_is_named()
    {
        var options = new RelayRoutingOptions
        {
            Port = 0,
            MxAddressLimit = 0,
            OwnAddresses = "me",
            DialPrivate = "10",
            Dns = new() { Servers = "127.0.0.1", Timeout = TimeSpan.Zero, Retries = -1, CacheSize = 1 },
            MtaSts = new() { Port = 0, Timeout = TimeSpan.Zero, CachedDomains = 0 },
            Limits = new() { Connections = 0, Overrides = [new()] },
            Routes =
            [
                new() { Host = "127.0.0.1" },
                new() { Host = "[]" },
                new() { Tls = "some" },
                new(),
                new() { Tls = "verified", Port = 25 },
                new() { Host = "a.test", Port = -1 },
                new() { Host = "a.test", User = "me" },
                new() { Host = "a.test", User = "me", PasswordFile = "x", Tls = "opportunistic" },
            ],
        };
        Assert.Equal(
            [
                "Relay:Port", "Relay:MxAddressLimit", "Relay:OwnAddresses", "Relay:DialPrivate", "Relay:Dns:Servers", "Relay:Dns:Timeout", "Relay:Dns:Retries", "Relay:Dns:CacheSize",
                "Relay:MtaSts:Port", "Relay:MtaSts:Timeout", "Relay:MtaSts:CachedDomains", "Relay:Limits:Overrides", "Relay:Limits",
                "Relay:Routes:0:Host", "Relay:Routes:1:Host", "Relay:Routes:2:Tls", "Relay:Routes:3", "Relay:Routes:4", "Relay:Routes:5:Port", "Relay:Routes:6", "Relay:Routes:7:Tls",
            ],
            options.Errors().Select(e => e.Split(' ')[0]));
    }
}
