using System.Net;

namespace MailCloud.Web.Tests.Autoconfig;

/// <summary>The requests of Thunderbird, at each of the addresses where it looks.</summary>
[Collection(nameof(WebServer))]
public sealed class ClientConfigTests(WebServer server) : IAsyncLifetime
{
    private const string AtHost = "/mail/config-v1.1.xml";
    private const string WellKnown = "/.well-known/autoconfig/mail/config-v1.1.xml";

    public Task InitializeAsync() => server.HostAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("autoconfig.told.test", AtHost + "?emailaddress=carol%40told.test", "told.test")]
    [InlineData("told.test", WellKnown + "?emailaddress=carol%40told.test", "told.test")]
    [InlineData("autoconfig.provider.test", AtHost + "?emailaddress=carol%2Blists%40TOLD.test", "told.test")]
    [InlineData("autoconfig.alias.told.test", AtHost + "?emailaddress=carol%40alias.told.test", "alias.told.test")]
    [InlineData("autoconfig.told.test", AtHost, "told.test")]
    [InlineData("Told.test.:443", WellKnown, "told.test")]
    public async Task Of_a_hosted_domain_all_servers_are_told(string host, string path, string domain)
    {
        var answer = await server.GetAsync(host, path);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(
            $"""
            <?xml version="1.0" encoding="utf-8"?>
            <clientConfig version="1.1">
              <emailProvider id="{domain}">
                <domain>{domain}</domain>
                <displayName>{domain}</displayName>
                <displayShortName>{domain}</displayShortName>
                <incomingServer type="imap">
                  <hostname>mail.example.test</hostname>
                  <port>993</port>
                  <socketType>SSL</socketType>
                  <authentication>password-cleartext</authentication>
                  <username>%EMAILADDRESS%</username>
                </incomingServer>
                <incomingServer type="imap">
                  <hostname>mail.example.test</hostname>
                  <port>143</port>
                  <socketType>STARTTLS</socketType>
                  <authentication>password-cleartext</authentication>
                  <username>%EMAILADDRESS%</username>
                </incomingServer>
                <incomingServer type="pop3">
                  <hostname>mail.example.test</hostname>
                  <port>995</port>
                  <socketType>SSL</socketType>
                  <authentication>password-cleartext</authentication>
                  <username>%EMAILADDRESS%</username>
                </incomingServer>
                <incomingServer type="pop3">
                  <hostname>mail.example.test</hostname>
                  <port>110</port>
                  <socketType>STARTTLS</socketType>
                  <authentication>password-cleartext</authentication>
                  <username>%EMAILADDRESS%</username>
                </incomingServer>
                <outgoingServer type="smtp">
                  <hostname>mail.example.test</hostname>
                  <port>465</port>
                  <socketType>SSL</socketType>
                  <authentication>password-cleartext</authentication>
                  <username>%EMAILADDRESS%</username>
                </outgoingServer>
                <outgoingServer type="smtp">
                  <hostname>mail.example.test</hostname>
                  <port>587</port>
                  <socketType>STARTTLS</socketType>
                  <authentication>password-cleartext</authentication>
                  <username>%EMAILADDRESS%</username>
                </outgoingServer>
              </emailProvider>
            </clientConfig>
            """,
            answer.Body);
        Assert.Equal($"Cache-Control: no-store\nContent-Length: {answer.Body.Length}\nContent-Type: text/xml; charset=utf-8\nX-Content-Type-Options: nosniff", answer.Fields);
    }

    [Fact]
    public async Task Whether_an_address_exists_is_not_told()
    {
        var there = await server.GetAsync("autoconfig.told.test", AtHost + "?emailaddress=postmaster%40told.test");
        Assert.Equal(there, await server.GetAsync("autoconfig.told.test", AtHost + "?emailaddress=nobody%40told.test"));
    }

    [Theory]
    [InlineData("?emailaddress=carol%40elsewhere.test")]
    [InlineData("?emailaddress=carol")]
    [InlineData("?emailaddress=carol%40")]
    [InlineData("?emailaddress=%40told.test")]
    [InlineData("?emailaddress=carol%40%5B127.0.0.1%5D")]
    [InlineData("?emailaddress=carol%40told.test%22%3E%3Cscript%3E")]
    [InlineData("?emailaddress=carol%40told.test%0D%0ASet-Cookie:%20a=b")]
    [InlineData("?emailaddress=carol%00%40told.test")]
    [InlineData("?emailaddress=%EF%BF%BF%40told.test")]
    [InlineData("?emailaddress=%FF%FE%40elsewhere.test")]
    [InlineData("?emailaddress=a%40told.test&emailaddress=b%40told.test")]
    [InlineData("")]
    public async Task Of_what_is_not_hosted_nothing_is_told_whatever_it_is(string query)
    {
        var answer = await server.GetAsync("autoconfig.elsewhere.test", AtHost + query);
        Assert.Equal((HttpStatusCode.NotFound, "", "Cache-Control: no-store\nContent-Length: 0\nContent-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff"), (answer.Status, answer.Body, answer.Fields));
    }

    [Fact]
    public async Task It_is_read_and_no_more_and_not_on_the_admin_port()
    {
        using var head = MailClient.Get("told.test", WellKnown);
        head.Method = HttpMethod.Head;
        var (status, fields, body) = await server.SendAsync(head);
        Assert.Equal((HttpStatusCode.OK, ""), (status, body));
        Assert.Equal((await server.GetAsync("told.test", WellKnown)).Fields, fields);

        using var post = MailClient.Get("told.test", WellKnown);
        post.Method = HttpMethod.Post;
        var refused = await server.SendAsync(post);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.Status);
        Assert.Contains("Allow: GET, HEAD", refused.Fields, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Admin.GetAsync(AtHost + "?emailaddress=carol%40told.test")).StatusCode);
    }
}
