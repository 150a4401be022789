using System.Net;
using System.Text.RegularExpressions;

namespace MailCloud.Web.Tests;

/// <summary>The reference page of the admin API: it is whole without the internet.</summary>
[Collection(nameof(WebServer))]
public sealed partial class ReferenceTests(WebServer server)
{
    private const string Path = "/admin/v1/reference";

    [Fact]
    public async Task It_is_on_the_admin_port_alone_and_asks_for_no_token()
    {
        using var nobody = new HttpClient { BaseAddress = server.Admin.BaseAddress };
        using var page = await nobody.GetAsync(Path);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        Assert.Equal(HttpStatusCode.OK, (await nobody.GetAsync("/admin/v1/openapi.json")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/admin/v1/tenants")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync(Path)).StatusCode);
    }

    [Fact]
    public async Task All_that_it_loads_comes_from_where_it_comes_from()
    {
        using var answer = await server.Admin.GetAsync(Path);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\"url\":\"admin/v1/openapi.json\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("//", page, StringComparison.Ordinal);
        var loaded = Loaded().Matches(page).Select(link => link.Groups[1].Value).ToList();
        Assert.NotEmpty(loaded);
        foreach (var link in loaded)
        {
            var whole = new Uri(answer.RequestMessage!.RequestUri!, link);
            Assert.Equal(server.Admin.BaseAddress!.Authority, whole.Authority);
            Assert.Equal(HttpStatusCode.OK, (await server.Admin.GetAsync(whole)).StatusCode);
        }

        // The browser asks nobody else, and runs no script but those of the page, whatever these would like.
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        var nonce = Nonce().Match(policy).Groups[1].Value;
        Assert.All(Scripts().Matches(page), script => Assert.Contains($"nonce=\"{nonce}\"", WebUtility.HtmlDecode(script.Groups[1].Value), StringComparison.Ordinal));
        Assert.NotEqual(policy, Assert.Single((await server.Admin.GetAsync(Path)).Headers.GetValues("Content-Security-Policy")));
    }

    [GeneratedRegex("(?:src|href)=[\"']([^\"']*)[\"']")]
    private static partial Regex Loaded();

    [GeneratedRegex("<script([^>]*)>.*?</script>", RegexOptions.Singleline)]
    private static partial Regex Scripts();

    [GeneratedRegex("'nonce-([^']+)'")]
    private static partial Regex Nonce();
}
