using System.Net;
using System.Text;
using System.Text.Json;

namespace MailCloud.Web.Tests;

/// <summary>RFC 9110 §13.1: an answer that is known is not sent again, and nobody undoes what they have not seen.</summary>
[Collection(nameof(WebServer))]
public sealed class EntityTagTests(WebServer server)
{
    private const string Anything = "*";

    [Theory]
    [InlineData("/admin/v1/tenants/tagged", """{"limits":{"plan":"one"}}""", """{"limits":{"plan":"two"}}""")]
    [InlineData("/admin/v1/domains/tagged.test", """{"aliasOf":"other-tagged.test"}""", """{"catchAll":"a@tagged.test"}""")]
    [InlineData("/admin/v1/addresses/a@tagged.test", """{"quotaBytes":1000}""", """{"quotaBytes":2000}""")]
    public async Task A_change_of_what_is_not_so_any_more_is_not_made(string path, string first, string second)
    {
        await MakeAsync();
        await server.SendAsync(HttpMethod.Put, path, second);
        var (_, seen, _) = await SendAsync(HttpMethod.Get, path);
        var (status, answered, _) = await SendAsync(HttpMethod.Put, path, first, "If-Match", seen);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.NotEqual(seen, answered);
        (status, _, var problem) = await SendAsync(HttpMethod.Put, path, second, "If-Match", seen);
        Assert.Equal(HttpStatusCode.PreconditionFailed, status);
        Assert.Contains("GET it again", JsonDocument.Parse(problem).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(answered, (await SendAsync(HttpMethod.Get, path)).Tag);

        foreach (var no in new[] { "\"0\"", "W/" + answered, "nonsense" })
        {
            Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(HttpMethod.Put, path, second, "If-Match", no)).Status);
        }

        foreach (var yes in new[] { $"\"0\", {answered}", Anything })
        {
            await server.SendAsync(HttpMethod.Put, path, first);
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Put, path, second, "If-Match", yes)).Status);
        }

        Assert.Equal(seen, (await SendAsync(HttpMethod.Get, path)).Tag);
    }

    [Theory]
    [InlineData("/admin/v1/tenants/tagged", """{"limits":{"plan":"plan #"},"state":"receive-only"}""")]
    [InlineData("/admin/v1/domains/tagged.test", """{"catchAll":"a#@tagged.test"}""")]
    [InlineData("/admin/v1/addresses/a@tagged.test", """{"quotaBytes":#,"state":"receive-only"}""")]
    public async Task Of_changes_with_one_tag_at_one_moment_one_is_made(string path, string change)
    {
        await MakeAsync();
        for (var round = 1; round <= 5; round++)
        {
            var (_, seen, _) = await SendAsync(HttpMethod.Get, path);
            var bodies = Enumerable.Range(0, 8).Select(i => change.Replace("#", $"{round}{i}", StringComparison.Ordinal));
            var answers = await Task.WhenAll(bodies.Select(body => SendAsync(HttpMethod.Put, path, body, "If-Match", seen)));
            var made = Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            Assert.Equal(7, answers.Count(answer => answer.Status == HttpStatusCode.PreconditionFailed));
            Assert.Equal((made.Tag, made.Body), (await SendAsync(HttpMethod.Get, path)) is var now ? (now.Tag, now.Body) : default);
        }
    }

    [Fact]
    public async Task A_change_puts_nothing_back_that_another_changes_at_the_same_moment()
    {
        const string Path = "/admin/v1/addresses/all@tagged.test";
        await MakeAsync();
        await server.SendAsync(HttpMethod.Put, Path, "{}");
        for (var round = 1; round <= 5; round++)
        {
            var changes = new[] { $$"""{"quotaBytes":{{round}}}""", $$"""{"sendAs":["a{{round}}@tagged.test"]}""", $$"""{"state":"{{(round % 2 == 0 ? "active" : "receive-only")}}"}""" };
            Assert.All(await Task.WhenAll(changes.Select(change => SendAsync(HttpMethod.Put, Path, change))), answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
            var (_, view) = await server.SendAsync(HttpMethod.Get, Path);
            Assert.Equal(
                (round, $"a{round}@tagged.test", round % 2 == 0 ? "active" : "receive-only"),
                (view.GetProperty("quotaBytes").GetInt32(), view.GetProperty("sendAs")[0].GetString(), view.GetProperty("state").GetString()));
        }
    }

    [Theory]
    [InlineData("/admin/v1/tenants/tagged")]
    [InlineData("/admin/v1/domains/tagged.test")]
    [InlineData("/admin/v1/addresses/a@tagged.test")]
    public async Task Who_has_it_is_told_so(string path)
    {
        await MakeAsync();
        var (_, tag, body) = await SendAsync(HttpMethod.Get, path);
        Assert.Matches("^\"[0-9a-f]{32}\"$", tag);
        foreach (var has in new[] { tag!, $"\"0\", {tag}", "W/" + tag, Anything })
        {
            Assert.Equal((HttpStatusCode.NotModified, tag, ""), await SendAsync(HttpMethod.Get, path, null, "If-None-Match", has));
        }

        foreach (var lacks in new[] { "\"0\"", "nonsense" })
        {
            Assert.Equal((HttpStatusCode.OK, tag, body), await SendAsync(HttpMethod.Get, path, null, "If-None-Match", lacks));
        }
    }

    [Fact]
    public async Task An_address_is_made_only_if_there_is_none_when_that_is_asked()
    {
        await MakeAsync();
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(HttpMethod.Put, "/admin/v1/addresses/new@tagged.test", "{}", "If-Match", Anything)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/addresses/new@tagged.test")).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Put, "/admin/v1/addresses/new@tagged.test", "{}", "If-None-Match", Anything)).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(HttpMethod.Put, "/admin/v1/addresses/new@tagged.test", "{}", "If-None-Match", Anything)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Put, "/admin/v1/tenants/nobody", "{}", "If-Match", Anything)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Put, "/admin/v1/domains/nowhere.test", "{}", "If-Match", Anything)).Status);
    }

    private async Task MakeAsync()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"tagged"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/tagged/domains", """{"domain":"tagged.test"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/tagged/domains", """{"domain":"other-tagged.test"}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/a@tagged.test", "{}");
    }

    private async Task<(HttpStatusCode Status, string? Tag, string Body)> SendAsync(HttpMethod method, string path, string? json = null, string? header = null, string? value = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        if (header is not null)
        {
            request.Headers.TryAddWithoutValidation(header, value);
        }

        using var response = await server.Admin.SendAsync(request);
        return (response.StatusCode, response.Headers.ETag?.ToString(), await response.Content.ReadAsStringAsync());
    }
}
