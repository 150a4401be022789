using System.Net;
using System.Text.Json;

namespace MailCloud.Web.Tests;

/// <summary>Enrolment of a second factor by the admin API, and who may do what of it.</summary>
[Collection(nameof(WebServer))]
public sealed class SecondFactorsTests(WebServer server)
{
    [Fact]
    public async Task One_is_begun_confirmed_and_removed_and_no_secret_is_written_down()
    {
        var started = DateTimeOffset.UtcNow;
        var path = await AccountAsync("totp-one");
        Assert.Equal("off", await StateAsync(path));
        var (status, begun) = await server.SendAsync(HttpMethod.Post, path);
        Assert.Equal((HttpStatusCode.OK, "begun"), (status, await StateAsync(path)));
        var secret = Text(begun, "secret");
        Assert.Matches("^[A-Z2-7]{32}$", secret);
        Assert.StartsWith("otpauth://totp/MailCloud:totp-one%40example.test?", Text(begun, "uri"), StringComparison.Ordinal);
        Assert.Contains($"secret={secret}", Text(begun, "uri"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Post, $"{path}/confirm", """{"code":"x"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Post, $"{path}/confirm", "{}")).Status);

        (secret, var recovery) = await SignInTests.ConfirmAsync(server, "totp-one@example.test");
        Assert.Equal(10, recovery.Distinct().Count());
        Assert.Equal("on", await StateAsync(path));
        Assert.Equal(HttpStatusCode.Conflict, (await server.SendAsync(HttpMethod.Post, path)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Delete, path)).Status);
        Assert.Equal("off", await StateAsync(path));
        Assert.Equal(HttpStatusCode.Conflict, (await server.SendAsync(HttpMethod.Post, $"{path}/confirm", """{"code":"123456"}""")).Status);

        var audit = (await server.SendAsync(HttpMethod.Get, $"/admin/v1/tenants/demo/audit?since={Uri.EscapeDataString($"{started:o}")}")).Body.GetRawText();
        Assert.Contains("POST /addresses/{address}/totp/confirm", audit, StringComparison.Ordinal);
        Assert.All([secret, .. recovery], hidden => Assert.DoesNotContain(hidden, audit, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_help_desk_takes_one_away_and_makes_none()
    {
        var path = await AccountAsync("totp-two");
        var desk = await TokenAsync("\"role\":\"help-desk\",\"tenant\":\"demo\"");
        await SignInTests.ConfirmAsync(server, "totp-two@example.test");
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Delete, path, token: desk)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Post, path, token: desk)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Post, $"{path}/confirm", """{"code":"123456"}""", desk)).Status);
        var own = await TokenAsync("\"role\":\"user\",\"address\":\"totp-two@example.test\"");
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Post, path, token: own)).Status);
    }

    [Theory]
    [InlineData("nonsense", 400)]
    [InlineData("nobody@example.test", 404)]
    public async Task Only_accounts_have_one(string address, int status)
    {
        Assert.Equal(status, (int)(await server.SendAsync(HttpMethod.Get, $"/admin/v1/addresses/{address}/totp")).Status);
        Assert.Equal(status, (int)(await server.SendAsync(HttpMethod.Post, $"/admin/v1/addresses/{address}/totp")).Status);
        Assert.Equal(status, (int)(await server.SendAsync(HttpMethod.Delete, $"/admin/v1/addresses/{address}/totp")).Status);
    }

    private static string Text(JsonElement shown, string member) => shown.GetProperty(member).GetString()!;

    private async Task<string> StateAsync(string path) => Text((await server.SendAsync(HttpMethod.Get, path)).Body, "state");

    private async Task<string> TokenAsync(string whose) => Text((await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", $$"""{"name":"of totp",{{whose}}}""")).Body, "secret");

    private async Task<string> AccountAsync(string user)
    {
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{user}@example.test", "{}")).Status);
        return $"/admin/v1/addresses/{user}@example.test/totp";
    }
}
