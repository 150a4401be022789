using System.Net;
using System.Text.Json;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class AppPasswordsTests(WebServer server)
{
    [Fact]
    public async Task One_is_made_shown_once_used_and_removed()
    {
        var path = await AccountAsync("app-one");
        var (status, made) = await server.SendAsync(HttpMethod.Post, path, """{"name":" Phone ","scopes":["imap","smtp"],"expiresAt":"2999-01-31T00:00:00Z"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("Phone", """["imap","smtp"]""", "2999-01-31T00:00:00+00:00"), (Text(made, "name"), made.GetProperty("scopes").ToString(), Text(made, "expiresAt")));
        var secret = Text(made, "secret")!;

        var grain = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAppPasswordsGrain>("app-one@example.test");
        Assert.NotNull(await grain.UseAsync(AppPasswordSecret.DigestOf(secret)!, LoginProtocols.Imap, "192.0.2.1"));
        var listed = Assert.Single((await server.SendAsync(HttpMethod.Get, path)).Body.GetProperty("appPasswords").EnumerateArray());
        Assert.Equal((Text(made, "id"), null), (Text(listed, "id"), Text(listed, "secret")));
        Assert.Equal(("imap", "192.0.2.1"), (Text(listed.GetProperty("lastUse"), "protocol"), Text(listed.GetProperty("lastUse"), "network")));

        Assert.Equal(HttpStatusCode.Conflict, (await server.SendAsync(HttpMethod.Post, path, """{"name":"phone"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Delete, $"{path}/{Text(made, "id")}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Delete, $"{path}/{Text(made, "id")}")).Status);
        Assert.Empty((await server.SendAsync(HttpMethod.Get, path)).Body.GetProperty("appPasswords").EnumerateArray());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"name":" "}""")]
    [InlineData("""{"name":"a\u0007"}""")]
    [InlineData("""{"name":"a","scopes":[]}""")]
    [InlineData("""{"name":"a","scopes":["imap","king"]}""")]
    [InlineData("""{"name":"a","scopes":["none"]}""")]
    [InlineData("""{"name":"a","expiresAt":"2020-01-31T00:00:00Z"}""")]
    public async Task What_makes_no_sense_is_refused(string json) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Post, await AccountAsync("app-two"), json)).Status);

    [Theory]
    [InlineData("nonsense", 400)]
    [InlineData("nobody@example.test", 404)]
    public async Task Only_accounts_have_them(string address, int status)
    {
        Assert.Equal(status, (int)(await server.SendAsync(HttpMethod.Get, $"/admin/v1/addresses/{address}/app-passwords")).Status);
        Assert.Equal(status, (int)(await server.SendAsync(HttpMethod.Post, $"/admin/v1/addresses/{address}/app-passwords", """{"name":"a"}""")).Status);
    }

    private static string? Text(JsonElement shown, string member) => shown.GetProperty(member).GetString();

    private async Task<string> AccountAsync(string user)
    {
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{user}@example.test", "{}")).Status);
        return $"/admin/v1/addresses/{user}@example.test/app-passwords";
    }
}
