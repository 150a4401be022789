using System.Net;

namespace MailCloud.Web.Tests;

/// <summary>Domains and tenants that are deleted are away, and come back.</summary>
[Collection(nameof(WebServer))]
public sealed class DeletionTests(WebServer server)
{
    [Fact]
    public async Task A_deleted_domain_is_away_and_comes_back()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"gone.test"}""");
        await server.PostLinesAsync("/admin/v1/accounts/import", "ida@gone.test,a-first-one");

        var (status, deleted) = await server.SendAsync(HttpMethod.Delete, "/admin/v1/domains/Gone.test");
        Assert.Equal((HttpStatusCode.OK, "gone.test"), (status, deleted.GetProperty("domain").GetString()));
        Assert.True(deleted.GetProperty("restorableUntil").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddDays(6));
        await RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Get, "/admin/v1/domains/gone.test", null, "is not hosted here");
        await RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Put, "/admin/v1/addresses/ida@gone.test", """{"quotaBytes":5}""", "is not hosted here");
        await RefusedAsync(HttpStatusCode.Conflict, HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"gone.test"}""", "restore it");
        Assert.Contains("not hosted", Assert.Single(await server.PostLinesAsync("/admin/v1/accounts/import", "ida@gone.test,a-second-one")).GetProperty("error").GetString(), StringComparison.Ordinal);

        (status, var restored) = await server.SendAsync(HttpMethod.Post, "/admin/v1/domains/gone.test/restore");
        Assert.Equal((HttpStatusCode.OK, "gone.test", "demo"), (status, restored.GetProperty("domain").GetString(), restored.GetProperty("tenant").GetString()));
        Assert.Equal("unchanged", Assert.Single(await server.PostLinesAsync("/admin/v1/accounts/import", "ida@gone.test,a-first-one")).GetProperty("result").GetString());
        await RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Post, "/admin/v1/domains/gone.test/restore", null, "is not deleted");
    }

    [Fact]
    public async Task A_deleted_tenant_is_away_and_comes_back()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"leaving"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/leaving/domains", """{"domain":"tenant-leaving.test"}""");

        var (status, deleted) = await server.SendAsync(HttpMethod.Delete, "/admin/v1/tenants/leaving");
        Assert.Equal((HttpStatusCode.OK, "leaving"), (status, deleted.GetProperty("id").GetString()));
        Assert.True(deleted.GetProperty("restorableUntil").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddDays(6));
        await RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Get, "/admin/v1/tenants/leaving", null, "there is no tenant");
        await RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Put, "/admin/v1/tenants/leaving", """{"state":"active"}""", "there is no tenant");
        await RefusedAsync(HttpStatusCode.Conflict, HttpMethod.Post, "/admin/v1/tenants", """{"id":"leaving"}""", "restore it");

        (status, var restored) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/leaving/restore");
        Assert.Equal((HttpStatusCode.OK, "leaving"), (status, restored.GetProperty("id").GetString()));
        (_, var tenant) = await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/leaving");
        Assert.Equal("tenant-leaving.test", Assert.Single(tenant.GetProperty("domains").EnumerateArray()).GetString());
        await RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Post, "/admin/v1/tenants/leaving/restore", null, "is not deleted");
    }

    [Theory]
    [InlineData("DELETE", "/admin/v1/domains/nowhere.test")]
    [InlineData("POST", "/admin/v1/domains/nowhere.test/restore")]
    [InlineData("DELETE", "/admin/v1/tenants/nobody")]
    [InlineData("DELETE", "/admin/v1/tenants/NO!")]
    [InlineData("POST", "/admin/v1/tenants/NO!/restore")]
    public async Task What_does_not_exist_is_not_deleted(string method, string path) => Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(new(method), path)).Status);

    private async Task RefusedAsync(HttpStatusCode expected, HttpMethod method, string path, string? json, string why)
    {
        var (status, problem) = await server.SendAsync(method, path, json);
        Assert.Equal(expected, status);
        Assert.Contains(why, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
