using System.Net;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class OidcIssuersTests(WebServer server)
{
    private const string Path = "/admin/v1/tenants/oidc-one/oidc";

    [Fact]
    public async Task An_issuer_is_set_shown_and_removed()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"oidc-one"}""");
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, Path)).Status);

        var (status, set) = await server.SendAsync(HttpMethod.Put, Path, """{"issuer":"https://id.test/realm","audiences":["mail"],"scopes":["mail.access"]}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"tenant":"oidc-one","issuer":"https://id.test/realm","audiences":["mail"],"accountClaim":"email","scopes":["mail.access"]}""", set.ToString());
        Assert.Equal(set.ToString(), (await server.SendAsync(HttpMethod.Get, Path)).Body.ToString());

        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Delete, Path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Delete, Path)).Status);
    }

    [Theory]
    [InlineData("""{}""", "issuer")]
    [InlineData("""{"issuer":"http://id.test","audiences":["mail"]}""", "issuer")]
    [InlineData("""{"issuer":"https://id.test/?a=b","audiences":["mail"]}""", "issuer")]
    [InlineData("""{"issuer":"https://a:b@id.test","audiences":["mail"]}""", "issuer")]
    [InlineData("""{"issuer":"https://id.test"}""", "audiences")]
    [InlineData("""{"issuer":"https://id.test","audiences":[""]}""", "audiences")]
    [InlineData("""{"issuer":"https://id.test","audiences":["mail"],"accountClaim":"nickname"}""", "accountClaim")]
    [InlineData("""{"issuer":"https://id.test","audiences":["mail"],"scopes":["two words"]}""", "scopes")]
    public async Task What_cannot_be_is_refused_with_the_rule(string body, string named)
    {
        var (status, problem) = await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/demo/oidc", body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith(named, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_that_does_not_exist_has_none()
    {
        var (status, problem) = await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/nobody/oidc", """{"issuer":"https://id.test","audiences":["mail"]}""");
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("there is no tenant nobody", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
