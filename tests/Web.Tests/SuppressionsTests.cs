using System.Net;
using System.Text.Json;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class SuppressionsTests(WebServer server)
{
    [Fact]
    public async Task An_address_is_listed_shown_and_removed()
    {
        var tenant = await TenantAsync("supp-one");
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, $"{tenant}/Gone@far.test")).Status);

        var (status, added) = await server.SendAsync(HttpMethod.Put, $"{tenant}/Gone@far.test", """{"reason":"she asked for it"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("gone@far.test", "administrator", "she asked for it"), (Text(added, "address"), Text(added, "by"), Text(added, "reason")));
        Assert.Equal(JsonValueKind.Null, added.GetProperty("until").ValueKind);
        Assert.Equal(added.ToString(), (await server.SendAsync(HttpMethod.Get, $"{tenant}/gone@far.test")).Body.ToString());

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Delete, $"{tenant}/gone@far.test")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Delete, $"{tenant}/gone@far.test")).Status);
        Assert.Empty((await ListAsync(tenant, "")).Addresses);
    }

    [Fact]
    public async Task A_refusal_is_shown_with_its_host_and_its_end()
    {
        var tenant = await TenantAsync("supp-two");
        var at = new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
        await AddAsync("supp-two", new() { Address = "gone@far.test", At = at, Reason = "550 5.1.1 no such user", Host = "mx.far.test", Until = DateTimeOffset.MaxValue });

        var shown = (await server.SendAsync(HttpMethod.Get, $"{tenant}/gone@far.test")).Body;
        Assert.Equal(("refusal", "550 5.1.1 no such user", "mx.far.test", at), (Text(shown, "by"), Text(shown, "reason"), Text(shown, "host"), shown.GetProperty("at").GetDateTimeOffset()));
        Assert.Equal(DateTimeOffset.MaxValue, shown.GetProperty("until").GetDateTimeOffset());
    }

    [Fact]
    public async Task The_list_comes_in_pages_in_order_and_by_prefix()
    {
        var tenant = await TenantAsync("supp-many");
        List<string?> all = [.. Enumerable.Range(0, 450).Select(i => $"u{i:000}@far.test")];
        await Task.WhenAll(all.Select(address => AddAsync("supp-many", new() { Address = address!, At = DateTimeOffset.UtcNow, Reason = "", ByAdministrator = true })));

        var found = new List<string?>();
        var pages = new List<int>();
        for (string? after = ""; after is not null;)
        {
            var (addresses, next) = await ListAsync(tenant, $"?after={Uri.EscapeDataString(after)}");
            found.AddRange(addresses);
            pages.Add(addresses.Count);
            after = next;
        }

        Assert.Equal(all, found);
        Assert.Equal([200, 200, 50], pages);
        Assert.Equal(all[210..220], (await ListAsync(tenant, "?prefix=u21")).Addresses);
        Assert.Equal(all[215..220], (await ListAsync(tenant, "?prefix=u21&after=u214@far.test")).Addresses);
    }

    [Theory]
    [InlineData("GET", "/admin/v1/tenants/none/suppressions", null, 404)]
    [InlineData("GET", "/admin/v1/tenants/NO!/suppressions", null, 404)]
    [InlineData("GET", "/admin/v1/tenants/none/suppressions/a@far.test", null, 404)]
    [InlineData("GET", "/admin/v1/tenants/demo/suppressions/nonsense", null, 400)]
    [InlineData("PUT", "/admin/v1/tenants/demo/suppressions/nonsense", "{}", 400)]
    [InlineData("PUT", "/admin/v1/tenants/demo/suppressions/bob@example.test", "{}", 400)]
    [InlineData("DELETE", "/admin/v1/tenants/demo/suppressions/nobody@far.test", null, 404)]
    public async Task What_makes_no_sense_is_refused(string method, string path, string? json, int status) =>
        Assert.Equal(status, (int)(await server.SendAsync(new(method), path, json)).Status);

    [Fact]
    public async Task A_reason_is_bounded() => Assert.Equal(
        HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/demo/suppressions/a@far.test", $$"""{"reason":"{{new string('x', 301)}}"}""")).Status);

    private static string? Text(JsonElement listed, string member) => listed.GetProperty(member).GetString();

    private async Task<string> TenantAsync(string tenant)
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", $$"""{"id":"{{tenant}}"}""");
        return $"/admin/v1/tenants/{tenant}/suppressions";
    }

    private Task AddAsync(string tenant, Suppression suppression) => server.Services.GetRequiredService<IGrainFactory>()
        .GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(new(tenant), SuppressionList.BucketOf(suppression.Address))).AddAsync(suppression);

    private async Task<(IReadOnlyList<string?> Addresses, string? Next)> ListAsync(string path, string query)
    {
        var (status, body) = await server.SendAsync(HttpMethod.Get, path + query);
        Assert.Equal(HttpStatusCode.OK, status);
        return ([.. body.GetProperty("suppressions").EnumerateArray().Select(listed => Text(listed, "address"))], body.GetProperty("next").GetString());
    }
}
