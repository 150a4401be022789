using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using MailCloud.Standing;
using Microsoft.Extensions.DependencyInjection;
using OtpNet;

namespace MailCloud.Web.Tests;

/// <summary>Sign-ins over HTTP: what opens an account, what is said of what does not, and when a token ends.</summary>
[Collection(nameof(WebServer))]
public sealed partial class SignInTests(WebServer server)
{
    private const string Password = "a long secret";

    [Fact]
    public async Task A_password_gives_a_token_of_the_account_until_it_signs_out()
    {
        var address = await AccountAsync("sign-one");
        var (status, signedIn) = await SignInAsync("Sign-One@Example.test", Password);
        Assert.Equal((HttpStatusCode.OK, address), (status, Text(signedIn, "address")));
        Assert.InRange(signedIn.GetProperty("expiresAt").GetDateTimeOffset() - DateTimeOffset.UtcNow, TimeSpan.FromHours(11.9), TimeSpan.FromHours(12));
        var token = Text(signedIn, "token");
        Assert.Equal(HttpStatusCode.OK, await AskAsync(token, address));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(token, "postmaster@example.test"));
        var listed = (await server.SendAsync(HttpMethod.Get, $"/admin/v1/tokens?address={address}")).Body.GetProperty("tokens").EnumerateArray().Single();
        Assert.Equal(("sign-in", "user"), (Text(listed, "name"), Text(listed, "role")));

        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync("/sign-out", null, token)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(token, address));
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/sign-out", null, token)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("/sign-out", null, WebServer.Token)).Status);
        Assert.Empty((await server.SendAsync(HttpMethod.Get, $"/admin/v1/tokens?address={address}")).Body.GetProperty("tokens").EnumerateArray());
    }

    [Fact]
    public async Task Who_has_not_the_password_learns_nothing()
    {
        var guarded = await AccountAsync("sign-two");
        await ConfirmAsync(guarded);
        var answers = new HashSet<string>();
        foreach (var name in (string[])[guarded, "postmaster@example.test", "nobody@example.test", "nobody@elsewhere.test", "nonsense"])
        {
            foreach (var code in (string?[])[null, "123456"])
            {
                var (status, body) = await SignInAsync(name, "wrong", code);
                answers.Add($"{status} {TraceId().Replace(body.GetRawText(), "")}");
            }
        }

        Assert.StartsWith("Unauthorized", Assert.Single(answers), StringComparison.Ordinal);
        Assert.Contains("wrong-credentials", answers.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_factor_is_asked_for_and_each_code_passes_once()
    {
        var address = await AccountAsync("sign-three");
        var (secret, recovery) = await ConfirmAsync(address);
        Assert.Equal((HttpStatusCode.Unauthorized, "code-required"), await RefusalAsync(address, null));
        Assert.Equal((HttpStatusCode.Unauthorized, "code-required"), await RefusalAsync(address, " "));
        Assert.Equal((HttpStatusCode.Unauthorized, "code-wrong"), await RefusalAsync(address, "x"));

        // The one before was used to confirm.
        var code = new Totp(Base32Encoding.ToBytes(secret)).ComputeTotp(DateTime.UtcNow.AddSeconds(30)).Insert(3, " ");
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(address, Password, code)).Status);
        Assert.Equal((HttpStatusCode.Unauthorized, "code-wrong"), await RefusalAsync(address, code));
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(address, Password, recovery[0].ToUpperInvariant())).Status);
        Assert.Equal((HttpStatusCode.Unauthorized, "code-wrong"), await RefusalAsync(address, recovery[0]));
        Assert.Equal(9, (await server.SendAsync(HttpMethod.Get, $"/admin/v1/addresses/{address}/totp")).Body.GetProperty("recoveryCodes").GetInt32());

        await server.Services.GetRequiredService<LoginHistory>().TellAsync(everything: true, CancellationToken.None);
        var rows = (await server.SendAsync(HttpMethod.Get, $"/admin/v1/addresses/{address}/logins")).Body.GetProperty("logins").EnumerateArray()
            .Select(row => $"{Text(row, "protocol")} {Text(row, "network")} {Text(row, "result")} {row.GetProperty("count")}");
        Assert.Equal(["http 127.0.0.1 incomplete 5", "http 127.0.0.1 ok 2"], rows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_app_password_of_the_scope_needs_no_code_gives_less_and_its_tokens_end_with_it()
    {
        var address = await AccountAsync("sign-four");
        await ConfirmAsync(address);
        var (_, app) = await server.SendAsync(HttpMethod.Post, $"/admin/v1/addresses/{address}/app-passwords", """{"name":"reader","scopes":["http"]}""");
        var (_, other) = await server.SendAsync(HttpMethod.Post, $"/admin/v1/addresses/{address}/app-passwords", """{"name":"phone","scopes":["imap"]}""");
        Assert.Equal("wrong-credentials", Text((await SignInAsync(address, Text(other, "secret"))).Body, "error"));
        var first = Text((await SignInAsync(address, Text(app, "secret"))).Body, "token");
        var unused = Text((await SignInAsync(address, Text(app, "secret"))).Body, "token");

        Assert.Equal(HttpStatusCode.OK, await AskAsync(first, address));
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{address}", """{"password":"another secret"}""", first)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Delete, $"/admin/v1/addresses/{address}/totp", token: first)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Delete, $"/admin/v1/addresses/{address}/app-passwords/{Text(app, "id")}")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(unused, address));
    }

    [Fact]
    public async Task Who_is_suspended_hears_it_with_the_right_password_alone()
    {
        var address = await AccountAsync("sign-five");
        await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{address}", """{"state":"suspended"}""");
        Assert.Equal((HttpStatusCode.Forbidden, "suspended"), await RefusalAsync(address, null));
        Assert.Equal("wrong-credentials", Text((await SignInAsync(address, "wrong")).Body, "error"));
    }

    [Fact]
    public async Task One_sign_in_too_many_ends_the_oldest()
    {
        var address = await AccountAsync("sign-six");
        var tokens = new List<string>();
        for (var i = 0; i < 21; i++)
        {
            tokens.Add(Text((await SignInAsync(address, Password)).Body, "token"));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(tokens[0], address));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(tokens[1], address));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(tokens[20], address));
    }

    [Fact]
    public async Task A_proxy_says_who_the_client_is_and_whether_it_came_by_HTTPS()
    {
        var address = await AccountAsync("sign-seven");
        Assert.Equal("https-required", Text((await SignInAsync(address, Password, null, "http")).Body, "error"));
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(address, Password, null, "https")).Status);
        await server.Services.GetRequiredService<LoginHistory>().TellAsync(everything: true, CancellationToken.None);
        var row = (await server.SendAsync(HttpMethod.Get, $"/admin/v1/addresses/{address}/logins")).Body.GetProperty("logins").EnumerateArray().Single();
        Assert.Equal(("203.0.113.9", "ok"), (Text(row, "network"), Text(row, "result")));
    }

    [Theory]
    [InlineData("{}", 400)]
    [InlineData("""{"address":"bob@example.test"}""", 400)]
    [InlineData("""{"address":5,"password":"x"}""", 400)]
    [InlineData("nonsense", 400)]
    public async Task What_makes_no_sense_is_refused(string json, int status) => Assert.Equal(status, (int)(await PostAsync("/sign-in", json)).Status);

    [Fact]
    public async Task It_is_small_and_not_on_the_admin_port()
    {
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync("/sign-in", $$"""{"address":"bob@example.test","password":"{{new string('x', 20_000)}}"}""")).Status);
        using var nothing = new StringContent("{}", Encoding.UTF8, "application/json");
        Assert.Equal(HttpStatusCode.NotFound, (await server.Admin.PostAsync("/sign-in", nothing)).StatusCode);
    }

    internal static async Task<(string Secret, string[] Recovery)> ConfirmAsync(WebServer server, string address)
    {
        var path = $"/admin/v1/addresses/{address}/totp";
        var secret = Text((await server.SendAsync(HttpMethod.Post, path)).Body, "secret");
        var code = new Totp(Base32Encoding.ToBytes(secret)).ComputeTotp();
        var (status, confirmed) = await server.SendAsync(HttpMethod.Post, $"{path}/confirm", $$"""{"code":"{{code}}"}""");
        Assert.Equal(HttpStatusCode.OK, status);
        return (secret, [.. confirmed.GetProperty("recoveryCodes").EnumerateArray().Select(recovery => recovery.GetString()!)]);
    }

    private static string Text(JsonElement shown, string member) => shown.GetProperty(member).GetString()!;

    private Task<(string Secret, string[] Recovery)> ConfirmAsync(string address) => ConfirmAsync(server, address);

    private async Task<string> AccountAsync(string user)
    {
        var address = $"{user}@example.test";
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{address}", $$"""{"password":"{{Password}}"}""")).Status);
        return address;
    }

    private async Task<HttpStatusCode> AskAsync(string token, string address) => (await server.SendAsync(HttpMethod.Get, $"/admin/v1/addresses/{address}", token: token)).Status;

    private async Task<(HttpStatusCode Status, string Error)> RefusalAsync(string address, string? code)
    {
        var (status, body) = await SignInAsync(address, Password, code);
        return (status, Text(body, "error"));
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> SignInAsync(string address, string password, string? code = null, string? forwarded = null) =>
        PostAsync("/sign-in", JsonSerializer.Serialize(new { address, password, code }), forwarded: forwarded);

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string? json, string? token = null, string? forwarded = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        if (forwarded is not null)
        {
            request.Headers.Add("X-Forwarded-For", "198.51.100.1, 203.0.113.9");
            request.Headers.Add("X-Forwarded-Proto", forwarded);
        }

        using var response = await server.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    [GeneratedRegex(",\"traceId\":\"[^\"]*\"")]
    private static partial Regex TraceId();
}
