using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Tests.Routing;

public sealed class ProvidersTests
{
    [Theory]
    [InlineData("aspmx.l.google.com", "google.com")]
    [InlineData("alt1.aspmx.l.google.com", "google.com")]
    [InlineData("example-org.mail.protection.outlook.com", "outlook.com")]
    [InlineData("mx.example.co.uk", "example.co.uk")]
    [InlineData("mx1.mail.example.com.au", "example.com.au")]
    [InlineData("mx.ibm.de", "ibm.de")]
    [InlineData("example.co", "example.co")]
    [InlineData("co.uk", "co.uk")]
    [InlineData("localhost", "localhost")]
    [InlineData("[192.0.2.1]", "[192.0.2.1]")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    public void Hosts_of_a_provider_share_its_name(string host, string provider) => Assert.Equal(provider, Providers.Of(host));
}
