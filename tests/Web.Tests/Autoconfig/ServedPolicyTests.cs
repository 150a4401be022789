using System.Net;

namespace MailCloud.Web.Tests.Autoconfig;

/// <summary>The MTA-STS policy, as other hosts fetch it.</summary>
[Collection(nameof(WebServer))]
public sealed class ServedPolicyTests(WebServer server) : IAsyncLifetime
{
    private const string Path = "/.well-known/mta-sts.txt";

    public Task InitializeAsync() => server.HostAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("mta-sts.told.test")]
    [InlineData("mta-sts.alias.told.test")]
    [InlineData("MTA-STS.Told.Test")]
    [InlineData("mta-sts.told.test.:443")]
    public async Task A_hosted_domain_has_it_at_its_policy_host(string host)
    {
        var answer = await server.GetAsync(host, Path);
        Assert.Equal((HttpStatusCode.OK, "version: STSv1\r\nmode: testing\r\nmx: mx1.example.test\r\nmx: *.mx.example.test\r\nmax_age: 604800\r\n"), (answer.Status, answer.Body));
        Assert.Equal($"Cache-Control: no-store\nContent-Length: {answer.Body.Length}\nContent-Type: text/plain\nX-Content-Type-Options: nosniff", answer.Fields);
    }

    [Theory]
    [InlineData("told.test")]
    [InlineData("mta-sts.elsewhere.test")]
    [InlineData("mta-sts")]
    [InlineData("xmta-sts.told.test")]
    [InlineData("mta-sts.mta-sts.told.test")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:8080")]
    public async Task Nobody_else_has_one(string host)
    {
        var answer = await server.GetAsync(host, Path);
        Assert.Equal((HttpStatusCode.NotFound, ""), (answer.Status, answer.Body));
    }
}
