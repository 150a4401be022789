using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Tests.Routing;

public sealed class RouteTableTests
{
    private static readonly RouteTable Table = new(
    [
        new() { Tenant = "one", Host = "[tenant]" },
        new() { Sender = "sender.test", Destination = "both.test", Host = "[both]" },
        new() { Sender = ".sender.test", Host = "[sender]" },
        new() { Destination = "exact.test", Host = "[exact]" },
        new() { Destination = ".exact.test", Host = "[below]" },
        new() { Tenant = "two", Destination = "*", Host = "[two]" },
    ]);

    [Theory]
    [InlineData("one", "a.sender.test", "exact.test", "tenant")]
    [InlineData("other", "sender.test", "both.test", "both")]
    [InlineData("other", "SENDER.test", "BOTH.test", "both")]
    [InlineData("other", null, "both.test", null)]
    [InlineData("other", "a.sender.test", "both.test", "sender")]
    [InlineData("other", "sender.test", "other.test", null)]
    [InlineData("other", "notsender.test", "other.test", null)]
    [InlineData("other", null, "exact.test", "exact")]
    [InlineData("other", null, "a.b.exact.test", "below")]
    [InlineData("other", null, ".exact.test", null)]
    [InlineData("two", null, "other.test", "two")]
    public void The_first_that_fits_holds(string tenant, string? sender, string destination, string? host) =>
        Assert.Equal(host, Table.Find(new TenantId(tenant), sender, destination)?.HostName);
}
