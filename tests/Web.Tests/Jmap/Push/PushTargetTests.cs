using System.Net;
using MailCloud.Web.Jmap.Push;
using MailCloud.Web.Jmap.Push.Subscriptions;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>Where clients may have this server send requests to.</summary>
public sealed class PushTargetTests
{
    [Theory]
    [InlineData("https://push.example.org/x?y=z", true)]
    [InlineData("https://push.example.org:8443/", true)]
    [InlineData("https://1.1.1.1/", true)]
    [InlineData("https://[2606:4700:4700::1111]/", true)]
    [InlineData("http://push.example.org/", false)]
    [InlineData("ftp://push.example.org/", false)]
    [InlineData("https://user@push.example.org/", false)]
    [InlineData("https://push.example.org/#x", false)]
    [InlineData("https://127.0.0.1/", false)]
    [InlineData("https://2130706433/", false)]
    [InlineData("https://0x7f.1/", false)]
    [InlineData("https://[::1]/", false)]
    [InlineData("https://[::ffff:127.0.0.1]/", false)]
    [InlineData("https://169.254.169.254/latest/meta-data", false)]
    [InlineData("/x", false)]
    [InlineData("", false)]
    public void A_url_is_https_and_of_the_internet(string url, bool isAllowed) => Assert.Equal(isAllowed, PushTarget.IsAllowed(url, allowPrivate: false));

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700:4700::1111", true)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.0.1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("2002:a00:1::", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fe80::1%1", false)]
    [InlineData("ff02::1", false)]
    public void An_address_is_of_the_internet(string address, bool isPublic) => Assert.Equal(isPublic, PushTarget.IsPublic(IPAddress.Parse(address)));

    /// <summary>Names that lead to this host are found out when it is connected to.</summary>
    [Fact]
    public async Task A_name_that_leads_to_a_private_address_is_not_connected_to()
    {
        Assert.True(PushTarget.IsAllowed("https://localhost/", allowPrivate: false));
        using var http = new HttpClient(PushTarget.CreateHandler(new PushOptions()));
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("http://localhost:1/"));
        Assert.Contains("no public address", error.ToString(), StringComparison.Ordinal);
    }
}
