using System.Net;
using System.Net.Http.Headers;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class AccessTests(WebServer server)
{
    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Health_is_on_both_ports_without_a_token(string path)
    {
        using var anonymous = new HttpClient { BaseAddress = server.Admin.BaseAddress };
        Assert.Equal(HttpStatusCode.OK, (await anonymous.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Metrics_are_on_the_admin_port_alone_and_without_a_token()
    {
        using var anonymous = new HttpClient { BaseAddress = server.Admin.BaseAddress };
        Assert.Contains("service_name=\"web\"", await anonymous.GetStringAsync("/metrics"), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Host = server.Admin.BaseAddress!.Authority;
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task The_index_page_says_what_runs_here()
    {
        using var page = await server.Http.GetAsync("/");
        Assert.Contains("MailCloud", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Admin.GetAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("Bearer", "")]
    [InlineData("Bearer", "b-token")]
    [InlineData("Bearer", "a-toke")]
    [InlineData("Basic", "a-token")]
    public async Task Without_the_token_nothing_is_answered(string? scheme, string? token)
    {
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/admin/v1/queue"), (HttpMethod.Post, "/admin/v1/accounts/import"), (HttpMethod.Post, "/admin/v1/sweep"), (HttpMethod.Get, "/admin/v1/none") })
        {
            using var client = new HttpClient { BaseAddress = server.Admin.BaseAddress };
            client.DefaultRequestHeaders.Authorization = scheme is null ? null : new AuthenticationHeaderValue(scheme, token);
            using var response = await client.SendAsync(new HttpRequestMessage(method, path));
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
            Assert.Contains("Web:AdminTokenFile", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_http_port_has_no_admin_api_whatever_the_host_field_says()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/v1/queue");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", WebServer.Token);
        request.Headers.Host = server.Admin.BaseAddress!.Authority;
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task The_token_can_be_changed_without_a_restart()
    {
        await File.WriteAllTextAsync(server.TokenFile, "another");
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Admin.GetAsync("/admin/v1/queue")).StatusCode);
        File.Delete(server.TokenFile);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Admin.GetAsync("/admin/v1/queue")).StatusCode);
        await File.WriteAllTextAsync(server.TokenFile, WebServer.Token);
        Assert.Equal(HttpStatusCode.OK, (await server.Admin.GetAsync("/admin/v1/queue")).StatusCode);
    }
}
