using System.Net;
using System.Text.Json;
using MailCloud.MailboxContracts;
using MailCloud.Web.Admin;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Web.Tests;

/// <summary>Roles and tokens of the admin API: what each may, and that nobody reaches, or learns of, another tenant's.</summary>
[Collection(nameof(WebServer))]
public sealed class TokensTests(WebServer server)
{
    [Fact]
    public void Every_endpoint_says_what_it_needs()
    {
        var endpoints = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/admin", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(endpoints);
        Assert.Empty(endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<Requirement>() is null).Select(endpoint => endpoint.DisplayName));

        // What its reach is read from stands in its route.
        Assert.Empty(endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<Requirement>()!.Reach is Reach.Tenant or Reach.Domain or Reach.Address
            && endpoint.RoutePattern.GetParameter($"{endpoint.Metadata.GetMetadata<Requirement>()!.Reach}") is null).Select(endpoint => endpoint.DisplayName));
    }

    [Theory]
    [InlineData("tenant", "GET", "/admin/v1/tenants/demo", null, 200)]
    [InlineData("tenant", "GET", "/admin/v1/domains/example.test", null, 200)]
    [InlineData("tenant", "PUT", "/admin/v1/domains/example.test", "{}", 200)]
    [InlineData("tenant", "GET", "/admin/v1/accounts?domain=example.test", null, 200)]
    [InlineData("tenant", "PUT", "/admin/v1/addresses/tok-made@example.test", "{}", 200)]
    [InlineData("tenant", "GET", "/admin/v1/tenants/demo/suppressions", null, 200)]
    [InlineData("tenant", "GET", "/admin/v1/spool", null, 200)]
    [InlineData("tenant", "PUT", "/admin/v1/tenants/demo", """{"limits":{"accounts":0}}""", 403)]
    [InlineData("tenant", "POST", "/admin/v1/tenants", """{"id":"tok-new"}""", 403)]
    [InlineData("tenant", "POST", "/admin/v1/tenants/demo/domains", """{"domain":"tok.test"}""", 403)]
    [InlineData("tenant", "GET", "/admin/v1/queue", null, 403)]
    [InlineData("tenant", "POST", "/admin/v1/sweep", null, 403)]
    [InlineData("tenant", "GET", "/admin/v1/trace?message-id=x", null, 403)]
    [InlineData("tenant", "GET", "/admin/v1/none", null, 404)]
    [InlineData("tenant", "PATCH", "/admin/v1/queue", null, 405)]
    [InlineData("help-desk", "GET", "/admin/v1/addresses/postmaster@example.test", null, 200)]
    [InlineData("help-desk", "GET", "/admin/v1/accounts?domain=example.test", null, 200)]
    [InlineData("help-desk", "PUT", "/admin/v1/addresses/postmaster@example.test", """{"password":"another-one"}""", 200)]
    [InlineData("help-desk", "PUT", "/admin/v1/addresses/postmaster@example.test", """{"password":"another-one","sendAs":[]}""", 403)]
    [InlineData("help-desk", "PUT", "/admin/v1/addresses/postmaster@example.test", """{"state":"suspended"}""", 403)]
    [InlineData("help-desk", "PUT", "/admin/v1/addresses/tok-nobody@example.test", """{"password":"another-one"}""", 404)]
    [InlineData("help-desk", "DELETE", "/admin/v1/addresses/postmaster@example.test", null, 403)]
    [InlineData("help-desk", "POST", "/admin/v1/accounts/import", null, 403)]
    [InlineData("help-desk", "PUT", "/admin/v1/tenants/demo/suppressions/a@far.test", "{}", 403)]
    [InlineData("help-desk", "GET", "/admin/v1/tokens", null, 403)]
    [InlineData("help-desk", "GET", "/admin/v1/addresses/postmaster@example.test/app-passwords", null, 200)]
    [InlineData("help-desk", "POST", "/admin/v1/addresses/postmaster@example.test/app-passwords", """{"name":"tok"}""", 403)]
    [InlineData("help-desk", "PUT", "/admin/v1/tenants/demo/oidc", "{}", 403)]
    [InlineData("help-desk", "GET", "/admin/v1/addresses/postmaster@example.test/logins", null, 200)]
    [InlineData("user", "GET", "/admin/v1/addresses/postmaster@example.test/logins", null, 200)]
    [InlineData("tenant", "PUT", "/admin/v1/tenants/demo/oidc", "{}", 400)]
    [InlineData("user", "GET", "/admin/v1/tenants/demo/oidc", null, 403)]
    [InlineData("user", "GET", "/admin/v1/addresses/Postmaster@example.test", null, 200)]
    [InlineData("user", "PUT", "/admin/v1/addresses/postmaster@example.test", """{"password":"another-one"}""", 200)]
    [InlineData("user", "PUT", "/admin/v1/addresses/postmaster@example.test", """{"quotaBytes":0}""", 403)]
    [InlineData("user", "GET", "/admin/v1/addresses/tok-made@example.test", null, 404)]
    [InlineData("user", "GET", "/admin/v1/tenants/demo", null, 403)]
    [InlineData("user", "GET", "/admin/v1/accounts?domain=example.test", null, 403)]
    [InlineData("user", "GET", "/admin/v1/domains/example.test", null, 403)]
    public async Task A_role_does_what_it_may_and_no_more(string role, string method, string path, string? json, int status)
    {
        var token = await TokenAsync(role, role == "user" ? "\"address\":\"postmaster@example.test\"" : "\"tenant\":\"demo\"");
        Assert.Equal(status, (int)(await server.SendAsync(new(method), path, json, token)).Status);
    }

    [Theory]
    [InlineData("GET", "/admin/v1/tenants/{0}", null)]
    [InlineData("GET", "/admin/v1/tenants/{0}/suppressions", null)]
    [InlineData("PUT", "/admin/v1/tenants/{0}/suppressions/a@far.test", "{}")]
    [InlineData("GET", "/admin/v1/domains/{0}.test", null)]
    [InlineData("PUT", "/admin/v1/domains/{0}.test", "{}")]
    [InlineData("GET", "/admin/v1/domains/{0}.test/dkim", null)]
    [InlineData("POST", "/admin/v1/domains/{0}.test/dkim", "{}")]
    [InlineData("POST", "/admin/v1/domains/{0}.test/dkim/rsa/activate", null)]
    [InlineData("GET", "/admin/v1/addresses/postmaster@{0}.test", null)]
    [InlineData("PUT", "/admin/v1/addresses/postmaster@{0}.test", """{"password":"another-one"}""")]
    [InlineData("DELETE", "/admin/v1/addresses/postmaster@{0}.test", null)]
    [InlineData("POST", "/admin/v1/addresses/postmaster@{0}.test/restore", null)]
    [InlineData("GET", "/admin/v1/addresses/postmaster@{0}.test/app-passwords", null)]
    [InlineData("POST", "/admin/v1/addresses/postmaster@{0}.test/app-passwords", """{"name":"x"}""")]
    [InlineData("DELETE", "/admin/v1/addresses/postmaster@{0}.test/app-passwords/0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c", null)]
    [InlineData("GET", "/admin/v1/addresses/postmaster@{0}.test/logins", null)]
    [InlineData("GET", "/admin/v1/tenants/{0}/oidc", null)]
    [InlineData("PUT", "/admin/v1/tenants/{0}/oidc", """{"issuer":"https://login.example","audiences":["mail"]}""")]
    [InlineData("DELETE", "/admin/v1/tenants/{0}/oidc", null)]
    [InlineData("GET", "/admin/v1/accounts?domain={0}.test", null)]
    [InlineData("GET", "/admin/v1/spool?tenant={0}", null)]
    [InlineData("GET", "/admin/v1/tokens?tenant={0}", null)]
    [InlineData("GET", "/admin/v1/tokens?address=postmaster@{0}.test", null)]
    [InlineData("POST", "/admin/v1/tokens", """{"role":"help-desk","name":"x","tenant":"{0}"}""")]
    [InlineData("POST", "/admin/v1/tokens", """{"role":"user","name":"x","address":"postmaster@{0}.test"}""")]
    public async Task Another_tenants_things_are_as_if_they_did_not_exist(string method, string path, string? json)
    {
        await OtherTenantAsync();
        var token = await TokenAsync("tenant", "\"tenant\":\"demo\"");
        var (status, body) = await server.SendAsync(new(method), Named(path, "tok-other"), json is null ? null : Named(json, "tok-other"), token);
        var (_, nothing) = await server.SendAsync(new(method), Named(path, "tok-never"), json is null ? null : Named(json, "tok-never"), token);
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Equal(Detail(nothing).Replace("tok-never", "tok-other", StringComparison.Ordinal), Detail(body));

        // And the platform finds it.
        Assert.True(method != "GET" || (await server.SendAsync(HttpMethod.Get, Named(path, "tok-other"))).Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_import_of_a_tenant_makes_nothing_in_another()
    {
        await OtherTenantAsync();
        var token = await TokenAsync("tenant", "\"tenant\":\"demo\"");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/admin/v1/accounts/import") { Content = new StringContent("tok-one@example.test,a secret\ntok-two@tok-other.test,a secret") };
        request.Headers.Authorization = new("Bearer", token);
        using var response = await server.Admin.SendAsync(request);
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("\"created\"", lines[0], StringComparison.Ordinal);
        Assert.Contains("is not hosted here", lines[1], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/addresses/tok-two@tok-other.test")).Status);
    }

    [Fact]
    public async Task A_token_is_shown_once_listed_and_revoked()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"tok-list"}""");
        var (status, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"tenant","tenant":"tok-list","name":"first"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        var first = made.GetProperty("secret").GetString()!;
        Assert.StartsWith($"mct_{Id(made)}_", first, StringComparison.Ordinal);
        Assert.Equal(101, first.Length);
        Assert.True(made.GetProperty("token").GetProperty("expiresAt").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddDays(89));

        // A tenant's token makes more of the tenant's, who then say who made them.
        (_, var second) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"help-desk","name":"second"}""", first);
        Assert.Equal($"{Id(made)} first", second.GetProperty("token").GetProperty("createdBy").GetString());
        (_, var list) = await server.SendAsync(HttpMethod.Get, "/admin/v1/tokens?limit=1", token: first);
        (_, var rest) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/tokens?limit=1&after={list.GetProperty("next").GetString()}", token: first);
        string[] names = [.. new[] { list, rest }.Select(page => Assert.Single(page.GetProperty("tokens").EnumerateArray()).GetProperty("name").GetString()!)];
        Assert.Equal(["first", "second"], names.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(first[^64..], list.ToString() + rest.ToString(), StringComparison.Ordinal);

        var shown = second.GetProperty("secret").GetString();
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/tok-list", token: shown)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Delete, $"/admin/v1/tokens/{Id(second)}", token: first)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/tok-list", token: shown)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Delete, $"/admin/v1/tokens/{Id(second)}", token: first)).Status);
        Assert.Single((await server.SendAsync(HttpMethod.Get, "/admin/v1/tokens", token: first)).Body.GetProperty("tokens").EnumerateArray());
    }

    [Fact]
    public async Task Another_tenants_token_is_neither_shown_nor_revoked()
    {
        await OtherTenantAsync();
        var (_, other) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"tenant","tenant":"tok-other","name":"x"}""");
        var token = await TokenAsync("tenant", "\"tenant\":\"demo\"");
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(method, $"/admin/v1/tokens/{Id(other)}", token: token)).Status);
            Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(method, $"/admin/v1/tokens/{Id(other)}")).Status);
        }
    }

    [Fact]
    public async Task A_token_is_made_as_narrow_as_one_wants_and_never_wider_than_its_maker()
    {
        var reads = await TokenAsync("tenant", "\"tenant\":\"demo\",\"readOnly\":true");
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/demo", token: reads)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/example.test", "{}", reads)).Status);

        var narrow = await TokenAsync("tenant", """
            "tenant":"demo","permissions":["readDirectory","manageTokens"]
            """);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/postmaster@example.test", "{}", narrow)).Status);
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"tenant","name":"x"}""", narrow);
        Assert.Equal(["readDirectory", "manageTokens"], made.GetProperty("token").GetProperty("permissions").EnumerateArray().Select(name => name.GetString()));
        var (status, _) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"tenant","name":"x","permissions":["manageAddresses"]}""", narrow);
        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Theory]
    [InlineData("""{"role":"king","tenant":"demo","name":"x"}""", 400)]
    [InlineData("""{"role":"tenant","tenant":"demo"}""", 400)]
    [InlineData("""{"role":"tenant","name":"x"}""", 400)]
    [InlineData("""{"role":"tenant","tenant":"demo","name":"x","expiresAt":"2020-01-01T00:00:00Z"}""", 400)]
    [InlineData("""{"role":"tenant","tenant":"demo","name":"x","expiresAt":"2120-01-01T00:00:00Z"}""", 400)]
    [InlineData("""{"role":"help-desk","tenant":"demo","name":"x","permissions":["operate"]}""", 400)]
    [InlineData("""{"role":"help-desk","tenant":"demo","name":"x","permissions":["fly"]}""", 400)]
    [InlineData("""{"role":"help-desk","tenant":"demo","name":"x","permissions":[]}""", 400)]
    [InlineData("""{"role":"platform","tenant":"demo","name":"x"}""", 400)]
    [InlineData("""{"role":"user","address":"nonsense","name":"x"}""", 400)]
    [InlineData("""{"role":"user","address":"tok-nobody@example.test","name":"x"}""", 404)]
    [InlineData("""{"role":"tenant","tenant":"tok-never","name":"x"}""", 404)]
    public async Task What_makes_no_token_is_refused(string json, int status) => Assert.Equal(status, (int)(await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", json)).Status);

    [Fact]
    public async Task A_tenants_token_makes_none_of_the_platform()
    {
        var token = await TokenAsync("tenant", "\"tenant\":\"demo\"");
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"platform","name":"x"}""", token)).Status);
        var platform = await TokenAsync("platform", "\"readOnly\":true");
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/admin/v1/queue", token: platform)).Status);
    }

    [Fact]
    public async Task A_token_ends_with_its_time_its_account_and_its_tenant()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"tok-ends"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/tok-ends/domains", """{"domain":"tok-ends.test"}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/a@tok-ends.test", "{}");
        var tenant = await TokenAsync("tenant", "\"tenant\":\"tok-ends\"");
        var user = await TokenAsync("user", "\"address\":\"a@tok-ends.test\"");

        // An edge with a clock of its own, which nothing has told yet.
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var edge = new KnownTokens(server.Services.GetRequiredService<IGrainFactory>(), time);
        Assert.Equal("tok-ends", (await FindAsync(edge, tenant))!.Tenant?.Value);
        Assert.Equal("a@tok-ends.test", (await FindAsync(edge, user))!.Address);
        Assert.Null(await FindAsync(edge, tenant[..^1] + (tenant[^1] == '0' ? '1' : '0')));

        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/a@tok-ends.test", """{"state":"suspended"}""");
        time.Advance(KnownTokens.Lifetime);
        Assert.Null(await FindAsync(edge, user));
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/a@tok-ends.test", """{"state":"active"}""");
        Assert.NotNull(await FindAsync(edge, user));

        await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/tok-ends", """{"state":"suspended"}""");
        time.Advance(KnownTokens.Lifetime);
        Assert.Null(await FindAsync(edge, tenant));
        await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/tok-ends", """{"state":"active"}""");
        Assert.NotNull(await FindAsync(edge, tenant));

        time.Advance(TimeSpan.FromDays(91));
        Assert.Null(await FindAsync(edge, tenant));
    }

    [Theory]
    [InlineData("mct_")]
    [InlineData("mct_0193a1b2c3d47e5f8a6b7c8d9e0f1a2b_")]
    [InlineData("mct_0193a1b2c3d47e5f8a6b7c8d9e0f1a2b_0193a1b2c3d47e5f8a6b7c8d9e0f1a2b0193a1b2c3d47e5f8a6b7c8d9e0f1a2G")]
    [InlineData("mct_0193a1b2c3d47e5f8a6b7c8d9e0f1a2/_0193a1b2c3d47e5f8a6b7c8d9e0f1a2b0193a1b2c3d47e5f8a6b7c8d9e0f1a2b")]
    public void What_is_no_token_is_not_looked_for(string text) => Assert.False(TokenText.TryParse(text, out _));

    private static Task<Caller?> FindAsync(KnownTokens edge, string token) => TokenText.TryParse(token, out var text) ? edge.FindAsync(text) : throw new FormatException(token);

    private static string Named(string format, string name) => format.Replace("{0}", name, StringComparison.Ordinal);

    private static string Detail(JsonElement problem) => problem.GetProperty("detail").GetString()!;

    private static string Id(JsonElement made) => made.GetProperty("token").GetProperty("id").GetString()!;

    private async Task OtherTenantAsync()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"tok-other"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/tok-other/domains", """{"domain":"tok-other.test"}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/tok-other/oidc", """{"issuer":"https://login.example","audiences":["mail"]}""");
    }

    private async Task<string> TokenAsync(string role, string rest)
    {
        var (status, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", $$"""{"role":"{{role}}","name":"a test's",{{rest}}}""");
        Assert.True(status == HttpStatusCode.OK, made.ToString());
        return made.GetProperty("secret").GetString()!;
    }
}
