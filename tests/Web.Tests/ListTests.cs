using System.Net;
using System.Text.Json;

namespace MailCloud.Web.Tests;

/// <summary>Lists of tenants, domains and addresses: in order, whole over all pages, and no more than the caller reaches.</summary>
[Collection(nameof(WebServer))]
public sealed class ListTests(WebServer server)
{
    [Fact]
    public async Task Tenants_are_listed_in_order_and_a_deleted_one_is_not()
    {
        foreach (var id in new[] { "list-c", "list-a", "list-b" })
        {
            await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", $$"""{"id":"{{id}}"}""");
        }

        await server.SendAsync(HttpMethod.Delete, "/admin/v1/tenants/list-b");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/list-c", """{"state":"suspended","limits":{"plan":"small"}}""");
        foreach (var limit in new[] { 1, 2, 200 })
        {
            var seen = await PagesAsync("/admin/v1/tenants?", "tenants", limit);
            Assert.Equal(seen.Select(Id).Order(StringComparer.Ordinal), seen.Select(Id));
            Assert.Equal(["list-a", "list-c"], seen.Select(Id).Where(id => id.StartsWith("list-", StringComparison.Ordinal)));
            Assert.Equal("""{"id":"list-c","state":"suspended","plan":"small","domains":0}""", seen.Single(tenant => Id(tenant) == "list-c").GetRawText());
        }
    }

    [Fact]
    public async Task A_tenants_token_lists_its_own()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"own"}""");
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"tenant","tenant":"own","name":"lister"}""");
        var token = made.GetProperty("secret").GetString();
        Assert.Equal(["own"], (await PagesAsync("/admin/v1/tenants?", "tenants", 1, token)).Select(Id));
        Assert.Empty((await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants?after=own", token: token)).Body.GetProperty("tenants").EnumerateArray());
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/demo/domains", token: token)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/accounts?domain=example.test&prefix=a", token: token)).Status);
    }

    [Fact]
    public async Task A_tenants_domains_are_listed_in_order_and_a_deleted_one_is_not()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"hoster"}""");
        foreach (var domain in new[] { "c.list.test", "a.list.test", "d.list.test", "b.list.test" })
        {
            await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/hoster/domains", $$"""{"domain":"{{domain}}"}""");
        }

        await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/c.list.test", """{"aliasOf":"a.list.test"}""");
        await server.SendAsync(HttpMethod.Delete, "/admin/v1/domains/b.list.test");
        foreach (var limit in new[] { 1, 2, 3, 200 })
        {
            Assert.Equal(
                ["a.list.test ", "c.list.test a.list.test", "d.list.test "],
                (await PagesAsync("/admin/v1/tenants/hoster/domains?", "domains", limit)).Select(domain => $"{domain.GetProperty("domain").GetString()} {domain.GetProperty("aliasOf").GetString()}"));
        }
    }

    [Fact]
    public async Task Addresses_are_found_by_how_they_begin()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"found.test"}""");
        var names = Enumerable.Range(0, 300).Select(i => $"ab{i:000}").Concat(["a", "aa", "ab", "ac", "\u00e9mile"]).ToList();
        foreach (var name in names)
        {
            await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{Uri.EscapeDataString(name)}@found.test", """{"kind":"alias","targets":["x@other.test"]}""");
        }

        foreach (var (prefix, limit) in new[] { ("ab", 7), ("AB", 200), ("ab00", 3), ("ab@found.test", 1), ("ab@found.tests", 2), ("e\u0301", 2), ("zz", 200), ("", 200), ("", 11) })
        {
            var start = prefix.Normalize().ToLowerInvariant();
            var expected = names.Append("postmaster").Select(name => $"{name}@found.test").Where(address => address.StartsWith(start, StringComparison.Ordinal)).Order(StringComparer.Ordinal);
            var found = await PagesAsync($"/admin/v1/accounts?domain=found.test&prefix={Uri.EscapeDataString(prefix)}&", "accounts", limit);
            Assert.Equal(expected, found.Select(account => account.GetProperty("address").GetString()));
        }
    }

    [Theory]
    [InlineData("/admin/v1/tenants?limit=0", 400)]
    [InlineData("/admin/v1/tenants?limit=201", 400)]
    [InlineData("/admin/v1/tenants/demo/domains?limit=0", 400)]
    [InlineData("/admin/v1/tenants/nobody/domains", 404)]
    [InlineData("/admin/v1/tenants/No%20Tenant/domains", 404)]
    [InlineData("/admin/v1/accounts?domain=example.test&limit=201", 400)]
    public async Task What_cannot_be_listed_is_refused_with_words(string path, int expected)
    {
        var (status, problem) = await server.SendAsync(HttpMethod.Get, path);
        Assert.Equal(expected, (int)status);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    private static string Id(JsonElement tenant) => tenant.GetProperty("id").GetString()!;

    private async Task<List<JsonElement>> PagesAsync(string path, string member, int limit, string? token = null)
    {
        var seen = new List<JsonElement>();
        for (string? after = ""; after is not null;)
        {
            var (status, page) = await server.SendAsync(HttpMethod.Get, $"{path}after={Uri.EscapeDataString(after)}&limit={limit}", token: token);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.InRange(page.GetProperty(member).GetArrayLength(), 0, limit);
            seen.AddRange(page.GetProperty(member).EnumerateArray());
            after = page.GetProperty("next").GetString();
        }

        return seen;
    }
}
