using System.Net;
using System.Text.Json;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class PasswordPolicyTests(WebServer server)
{
    private const string Path = "/admin/v1/addresses/policy-one@example.test";

    [Theory]
    [InlineData("short", "shorter than 8 characters")]
    [InlineData("policy-one", "the address or a part of it")]
    [InlineData("policy-one@example.test", "the address or a part of it")]
    [InlineData("example.test", "the address or a part of it")]
    [InlineData("Password123", "most common")]
    public async Task A_password_that_is_guessed_first_is_neither_set_nor_imported(string password, string why)
    {
        var (status, problem) = await server.SendAsync(HttpMethod.Put, Path, JsonSerializer.Serialize(new { password }));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(why, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains(why, (await ImportAsync($"policy-one@example.test,{password}")).GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, Path, """{"password":"mailcloud"}""")).Status);
    }

    [Fact]
    public async Task A_tenant_may_demand_more_of_what_is_set_from_then_on()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"strict"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/strict/domains", """{"domain":"strict.test"}""");
        Assert.Equal("created", (await ImportAsync("a@strict.test,mailcloud")).GetProperty("result").GetString());
        var (status, tenant) = await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/strict", """{"limits":{"passwordLength":12}}""");
        Assert.Equal((HttpStatusCode.OK, 12), (status, tenant.GetProperty("limits").GetProperty("passwordLength").GetInt32()));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/strict", """{"limits":{"passwordLength":129}}""")).Status);

        Assert.Equal("unchanged", (await ImportAsync("a@strict.test,mailcloud")).GetProperty("result").GetString());
        Assert.Contains("shorter than 12", (await ImportAsync("b@strict.test,mailcloud")).GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/b@strict.test", """{"password":"mailcloud mailcloud"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/b@strict.test", """{"quotaBytes":500}""")).Status);
    }

    private async Task<JsonElement> ImportAsync(string line) => Assert.Single(await server.PostLinesAsync("/admin/v1/accounts/import", line));
}
