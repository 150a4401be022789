using System.Net;
using System.Text.Json;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class DkimKeysTests(WebServer server)
{
    [Fact]
    public async Task Keys_are_made_published_activated_and_retired()
    {
        await HostAsync("signed.test");
        Assert.Empty(Keys((await server.SendAsync(HttpMethod.Get, "/admin/v1/domains/signed.test/dkim")).Body));

        var (status, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/domains/Signed.test/dkim", "{}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["rsa published", "ed25519 published"], Keys(made).Select(key => $"{Text(key, "algorithm")} {Text(key, "state")}"));
        var rsa = Text(Keys(made)[0], "selector");
        Assert.Equal($"{rsa}._domainkey.signed.test", Text(Keys(made)[0], "recordName"));
        Assert.StartsWith("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", Text(Keys(made)[0], "recordText"), StringComparison.Ordinal);
        Assert.Equal(32, Convert.FromBase64String(Text(Keys(made)[1], "recordText")["v=DKIM1; k=ed25519; p=".Length..]).Length);

        var activated = (await server.SendAsync(HttpMethod.Post, $"/admin/v1/domains/signed.test/dkim/{rsa}/activate")).Body;
        Assert.Equal(["signing", "published"], Keys(activated).Select(key => Text(key, "state")));
        var retired = (await server.SendAsync(HttpMethod.Post, $"/admin/v1/domains/signed.test/dkim/{rsa}/retire")).Body;
        Assert.Equal(["retired", "published"], Keys(retired).Select(key => Text(key, "state")));
        Assert.Equal(HttpStatusCode.Conflict, (await server.SendAsync(HttpMethod.Post, $"/admin/v1/domains/signed.test/dkim/{rsa}/activate")).Status);

        var again = (await server.SendAsync(HttpMethod.Post, "/admin/v1/domains/signed.test/dkim", """{"algorithm":"rsa"}""")).Body;
        Assert.Equal($"{rsa}-2", Text(Keys(again)[2], "selector"));
    }

    [Fact]
    public async Task No_answer_has_a_private_key()
    {
        await HostAsync("secret.test");
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/domains/secret.test/dkim", """{"algorithm":"ed25519","selector":"one"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/domains/secret.test/dkim/one/activate");
        var key = Assert.Single(await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IDkimGrain>("secret.test").GetSigningKeysAsync(new("demo")));

        // PKCS #8, and the 32 octets in it (RFC 8410 §7).
        foreach (var octets in new[] { key.PrivateKey[..48], key.PrivateKey[16..48] })
        {
            Assert.DoesNotContain(Convert.ToBase64String(octets.Span)[..40], made.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexString(octets.Span), made.ToString(), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("GET", "/admin/v1/domains/elsewhere.test/dkim", null, 404)]
    [InlineData("GET", "/admin/v1/domains/no..name/dkim", null, 404)]
    [InlineData("POST", "/admin/v1/domains/elsewhere.test/dkim", "{}", 404)]
    [InlineData("POST", "/admin/v1/domains/example.test/dkim", """{"algorithm":"dsa"}""", 400)]
    [InlineData("POST", "/admin/v1/domains/example.test/dkim", """{"algorithm":"1"}""", 400)]
    [InlineData("POST", "/admin/v1/domains/example.test/dkim", """{"selector":"a"}""", 400)]
    [InlineData("POST", "/admin/v1/domains/example.test/dkim", """{"algorithm":"rsa","selector":"a.b"}""", 400)]
    [InlineData("POST", "/admin/v1/domains/example.test/dkim/none/activate", null, 404)]
    [InlineData("POST", "/admin/v1/domains/example.test/dkim/none/retire", null, 404)]
    [InlineData("POST", "/admin/v1/domains/elsewhere.test/dkim/none/retire", null, 404)]
    public async Task A_refusal_says_what_to_do(string method, string path, string? json, int expected)
    {
        var (status, problem) = await server.SendAsync(new HttpMethod(method), path, json);
        Assert.Equal(expected, (int)status);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    private static List<JsonElement> Keys(JsonElement answer) => [.. answer.GetProperty("keys").EnumerateArray()];

    private static string Text(JsonElement key, string name) => key.GetProperty(name).GetString()!;

    private async Task HostAsync(string domain) => await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", $$"""{"domain":"{{domain}}"}""");
}
