using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MailCloud.Standing;
using MailCloud.Web.SignIns;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>Who gets to JMAP, by what, and what is said to those who do not; and that the cookie of a sign-in is of use to this server's own pages alone.</summary>
[Collection(nameof(WebServer))]
public sealed class JmapAccessTests(WebServer server)
{
    private const string Session = "/jmap/session";
    private const string Nothing = """{"using":[],"methodCalls":[]}""";

    private static readonly (string, string) ownPage = (SignInCookie.Header, SignInCookie.HeaderValue);

    [Fact]
    public async Task The_session_says_what_there_is_for_whom_and_where()
    {
        // RFC 8620 §2.
        var client = await JmapClient.MakeAsync(server, "jmap-session");
        var session = await client.GetSessionAsync();
        var account = session["accounts"]!.AsObject().Single();
        Assert.Matches("^[A-Za-z0-9_-]{1,255}$", account.Key);
        Assert.Equal("jmap-session@example.test", (string)session["username"]!);
        Assert.True((bool)account.Value!["isPersonal"]! && !(bool)account.Value["isReadOnly"]!);
        Assert.All(session["primaryAccounts"]!.AsObject(), primary => Assert.Equal(account.Key, (string)primary.Value!));
        Assert.All(
            (string[])["core", "mail", "submission", "websocket", "blob", "quota"],
            name => Assert.True(session["capabilities"]!.AsObject().ContainsKey($"urn:ietf:params:jmap:{name}"), name));
        var mail = account.Value["accountCapabilities"]![JmapClient.Mail]!.AsObject();
        Assert.True((int)mail["maxMailboxesPerEmail"]! >= 1 && (int)mail["maxSizeMailboxName"]! >= 100);
        Assert.Contains("receivedAt", mail["emailQuerySortOptions"]!.AsArray().Select(each => (string)each!));

        var origin = server.Http.BaseAddress!.ToString().TrimEnd('/');
        Assert.Equal($"{origin}/jmap/api", (string)session["apiUrl"]!);
        Assert.Equal($"{origin}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?accept={{type}}", (string)session["downloadUrl"]!);
        Assert.Contains("{accountId}", (string)session["uploadUrl"]!, StringComparison.Ordinal);
        Assert.All((string[])["{types}", "{closeafter}", "{ping}"], part => Assert.Contains(part, (string)session["eventSourceUrl"]!, StringComparison.Ordinal));
        Assert.Equal(origin.Replace("http://", "ws://", StringComparison.Ordinal) + "/jmap/ws", (string)session["capabilities"]!["urn:ietf:params:jmap:websocket"]!["url"]!);

        Assert.True(JsonNode.DeepEquals(session, await client.GetJsonAsync("/.well-known/jmap")));
        var (_, answer, behindProxy) = await client.SendAsync(HttpMethod.Get, Session, null, ("X-Forwarded-Proto", "https"), ("Host", "mail.example.com"));
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.Equal("https://mail.example.com/jmap/api", (string)JsonNode.Parse(behindProxy)!["apiUrl"]!);
        Assert.Equal((string)session["state"]!, (string)JsonNode.Parse(behindProxy)!["state"]!);
    }

    [Fact]
    public async Task Nobody_is_told_how_to_show_an_account()
    {
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Get, Session), (HttpMethod.Get, "/.well-known/jmap"), (HttpMethod.Post, "/jmap/api"), (HttpMethod.Post, "/jmap/upload/a"), (HttpMethod.Get, "/jmap/download/a/b/c")])
        {
            var (status, answer, _) = await JmapClient.Nobody(server).SendAsync(method, path);
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            Assert.Equal(["Basic realm=\"MailCloud\", charset=\"UTF-8\"", "Bearer realm=\"MailCloud\""], answer.Headers.WwwAuthenticate.Select(challenge => challenge.ToString()));
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        }

        // A browser that is told of Basic asks for a password by itself, behind the back of the page.
        var (_, toPage, _) = await JmapClient.Nobody(server).SendAsync(HttpMethod.Get, Session, null, ownPage);
        Assert.Equal(["Bearer"], toPage.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Admin.GetAsync(Session)).StatusCode);
    }

    [Fact]
    public async Task A_wrong_password_opens_nothing_and_a_right_one_each_request()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-basic");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(JmapClient.ByPassword(server, client.Address, "wrong")));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(JmapClient.ByPassword(server, "jmap-nobody@example.test", JmapClient.Password)));
        foreach (var malformed in (string[])["Basic", "Basic !", "Basic Og==", $"Basic {Base64("no colon")}", $"Basic {Convert.ToBase64String([0xFF, (byte)':', (byte)'x'])}", "Digest x"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(JmapClient.Nobody(server), ("Authorization", malformed)));
        }

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(JmapClient.ByPassword(server, "JMAP-Basic@Example.TEST", JmapClient.Password)));
        await server.Services.GetRequiredService<LoginHistory>().TellAsync(everything: true, CancellationToken.None);
        var rows = (await server.SendAsync(HttpMethod.Get, $"/admin/v1/addresses/{client.Address}/logins")).Body.GetProperty("logins").EnumerateArray()
            .Select(row => $"{row.GetProperty("protocol")} {row.GetProperty("result")} {row.GetProperty("count")}");
        Assert.Equal(["http ok 2", "http wrong 1"], rows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_password_of_any_letters_is_UTF8()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-utf8");
        await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{client.Address}", """{"password":"pässwört: Ω ∑"}""");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(JmapClient.ByPassword(server, client.Address, "pässwört: Ω ∑")));
    }

    [Fact]
    public async Task A_password_that_was_changed_opens_nothing_any_more()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-changed");
        await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{client.Address}", """{"password":"another long secret"}""");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(JmapClient.ByPassword(server, client.Address, "another long secret")));
        await EventuallyAsync(client, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Who_is_suspended_gets_nothing_by_password_token_or_cookie()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-suspended");
        var token = JmapClient.ByToken(server, client.Address, (await SignInAsync(client.Address)).Token!);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(token));
        await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{client.Address}", """{"state":"suspended"}""");
        await EventuallyAsync(client, HttpStatusCode.Forbidden);
        await EventuallyAsync(token, HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(JmapClient.ByPassword(server, client.Address, "wrong")));
    }

    [Fact]
    public async Task With_a_second_factor_only_an_app_password_opens_by_itself()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-factor");
        await SignInTests.ConfirmAsync(server, client.Address);
        await EventuallyAsync(client, HttpStatusCode.Unauthorized);
        var path = $"/admin/v1/addresses/{client.Address}/app-passwords";
        var (_, app) = await server.SendAsync(HttpMethod.Post, path, """{"name":"reader","scopes":["http"]}""");
        var (_, other) = await server.SendAsync(HttpMethod.Post, path, """{"name":"phone","scopes":["imap"]}""");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(JmapClient.ByPassword(server, client.Address, other.GetProperty("secret").GetString()!)));
        var reader = JmapClient.ByPassword(server, client.Address, app.GetProperty("secret").GetString()!);
        Assert.False((bool)(await reader.GetSessionAsync())["accounts"]!.AsObject().Single().Value!["isReadOnly"]!);
        await server.SendAsync(HttpMethod.Delete, $"{path}/{app.GetProperty("id").GetString()}");
        await EventuallyAsync(reader, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_password_in_clear_is_taken_on_loopback_alone()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-clear");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(client, ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "http")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https")));
    }

    [Theory]
    [InlineData("""{"readOnly":true}""", true)]
    [InlineData("""{"permissions":["readContent"]}""", true)]
    [InlineData("{}", false)]
    public async Task A_token_that_may_only_read_changes_nothing(string more, bool isReadOnly)
    {
        var owner = await JmapClient.MakeAsync(server, $"jmap-token-{(uint)more.GetHashCode(StringComparison.Ordinal)}");
        var request = JsonNode.Parse(more)!.AsObject();
        (request["role"], request["address"], request["name"]) = ("user", owner.Address, "program");
        var (status, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", request.ToJsonString());
        Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Created, made.ToString());
        var client = JmapClient.ByToken(server, owner.Address, made.GetProperty("secret").GetString()!);
        Assert.Equal(isReadOnly, (bool)(await client.GetSessionAsync())["accounts"]!.AsObject().Single().Value!["isReadOnly"]!);
        var create = new JsonObject { ["create"] = new JsonObject { ["b"] = new JsonObject { ["data"] = new JsonArray(new JsonObject { ["data:asText"] = "x" }) } } };
        var (name, result) = await client.TryCallAsync("Blob/upload", create);
        Assert.Equal(isReadOnly ? "accountReadOnly" : null, name == "error" ? (string)result["type"]! : null);
        using var content = new ByteArrayContent("x"u8.ToArray());
        Assert.Equal(isReadOnly ? HttpStatusCode.Forbidden : HttpStatusCode.Created, (await client.SendAsync(HttpMethod.Post, $"/jmap/upload/{client.Account}", content)).Status);
    }

    [Fact]
    public async Task A_token_of_no_mailbox_or_that_may_not_read_mail_opens_none()
    {
        var owner = await JmapClient.MakeAsync(server, "jmap-no-mail");
        var (_, tenants) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"tenant","tenant":"demo","name":"t"}""");
        var (_, narrow) = await server.SendAsync(
            HttpMethod.Post, "/admin/v1/tokens", $$"""{"role":"user","address":"{{owner.Address}}","name":"n","permissions":["readDirectory"]}""");
        foreach (var token in (string[])[tenants.GetProperty("secret").GetString()!, narrow.GetProperty("secret").GetString()!])
        {
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(JmapClient.ByToken(server, "", token)));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(JmapClient.ByToken(server, "", WebServer.Token)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(JmapClient.ByToken(server, "", $"mct_{new string('0', 32)}_{new string('0', 64)}")));
    }

    [Fact]
    public async Task A_sign_in_gives_its_token_as_a_cookie_that_no_script_reads_until_it_signs_out()
    {
        var owner = await JmapClient.MakeAsync(server, "jmap-cookie");
        var (token, cookies) = await SignInAsync(owner.Address, cookie: true);
        Assert.Null(token);
        var cookie = Assert.Single(cookies).Split("; ");
        Assert.StartsWith($"{SignInCookie.PlainName}=mct_", cookie[0], StringComparison.Ordinal);
        Assert.All((string[])["httponly", "samesite=strict", "path=/"], part => Assert.Contains(part, cookie, StringComparer.OrdinalIgnoreCase));
        Assert.DoesNotContain(cookie, part => part.StartsWith("domain", StringComparison.OrdinalIgnoreCase) || part.Equals("secure", StringComparison.OrdinalIgnoreCase));
        var (_, secure) = await SignInAsync(owner.Address, cookie: true, forwarded: "https");
        Assert.StartsWith($"{SignInCookie.SecureName}=mct_", Assert.Single(secure), StringComparison.Ordinal);
        Assert.Contains("secure", secure[0].ToLowerInvariant().Split("; "));

        var nobody = JmapClient.Nobody(server);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(nobody, ("Cookie", cookie[0])));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody, ("Cookie", cookie[0].Replace(SignInCookie.PlainName, SignInCookie.SecureName, StringComparison.Ordinal))));
        Assert.Equal(HttpStatusCode.Forbidden, (await nobody.SendAsync(HttpMethod.Post, "/sign-out", null, ("Cookie", cookie[0]))).Status);
        var (status, answer, _) = await nobody.SendAsync(HttpMethod.Post, "/sign-out", null, ("Cookie", cookie[0]), ownPage);
        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.StartsWith($"{SignInCookie.PlainName}=;", answer.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody, ("Cookie", cookie[0])));
    }

    [Theory]
    [InlineData(false, null, null, 403)]
    [InlineData(true, null, null, 200)]
    [InlineData(true, "same-origin", "own", 200)]
    [InlineData(true, null, "own", 200)]
    [InlineData(true, "same-site", null, 403)]
    [InlineData(true, "cross-site", null, 403)]
    [InlineData(true, "none", null, 403)]
    [InlineData(true, null, "https://evil.example", 403)]
    [InlineData(true, null, "null", 403)]
    [InlineData(true, "same-origin", "https://evil.example", 403)]
    [InlineData(false, "same-origin", "own", 403)]
    public async Task A_change_by_cookie_comes_from_a_page_of_this_server(bool hasHeader, string? site, string? origin, int status)
    {
        var headers = await WithCookieAsync(hasHeader, site, origin);
        Assert.Equal(status, (int)(await JmapClient.Nobody(server).SendAsync(HttpMethod.Post, "/jmap/api", JmapClient.Json(Nothing), headers)).Status);
        using var upload = new ByteArrayContent([1]);
        Assert.Equal(status == 200 ? 404 : status, (int)(await JmapClient.Nobody(server).SendAsync(HttpMethod.Post, "/jmap/upload/none", upload, headers)).Status);
    }

    [Theory]
    [InlineData(null, null, 200)]
    [InlineData("same-origin", null, 200)]
    [InlineData("none", null, 200)]
    [InlineData("same-site", null, 403)]
    [InlineData("cross-site", null, 403)]
    [InlineData(null, "https://evil.example", 403)]
    public async Task Nobody_else_s_page_reads_by_the_cookie(string? site, string? origin, int status) =>
        Assert.Equal(status, (int)await StatusAsync(JmapClient.Nobody(server), await WithCookieAsync(false, site, origin)));

    [Theory]
    [InlineData(null, 403)]
    [InlineData("https://evil.example", 403)]
    [InlineData("own", 200)]
    public async Task A_WebSocket_by_cookie_shows_where_it_comes_from(string? origin, int status) => Assert.Equal(
        status, (int)await StatusAsync(JmapClient.Nobody(server), [.. await WithCookieAsync(false, null, origin), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]));

    [Fact]
    public async Task What_is_shown_counts_before_the_cookie()
    {
        var headers = await WithCookieAsync(true, null, null);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(JmapClient.ByToken(server, "", "nonsense"), headers));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(JmapClient.ByPassword(server, "jmap-csrf@example.test", "wrong"), headers));
    }

    [Fact]
    public async Task Pages_of_other_origins_are_let_in_by_nobody_unless_told()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-cors");
        var (_, answer, _) = await client.SendAsync(HttpMethod.Get, Session, null, ("Origin", "https://app.example.com"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    private async Task<(string, string)[]> WithCookieAsync(bool hasHeader, string? site, string? origin)
    {
        var owner = await JmapClient.MakeAsync(server, "jmap-csrf");
        var (_, cookies) = await SignInAsync(owner.Address, cookie: true);
        var headers = new List<(string, string)> { ("Cookie", cookies[0].Split(';')[0]) };
        headers.AddRange(hasHeader ? [ownPage] : []);
        headers.AddRange(site is null ? [] : [("Sec-Fetch-Site", site)]);
        headers.AddRange(origin is null ? [] : [("Origin", origin == "own" ? server.Http.BaseAddress!.ToString().TrimEnd('/') : origin)]);
        return [.. headers];
    }

    private async Task<(string? Token, string[] Cookies)> SignInAsync(string address, bool cookie = false, string? forwarded = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Content = JmapClient.Json(JsonSerializer.Serialize(new { address, password = JmapClient.Password, cookie })) };
        if (forwarded is not null)
        {
            request.Headers.Add("X-Forwarded-Proto", forwarded);
        }

        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return ((string?)body["token"], answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? [.. cookies] : []);
    }

    private static async Task<HttpStatusCode> StatusAsync(JmapClient client, params (string, string)[] headers) => (await client.SendAsync(HttpMethod.Get, Session, null, headers)).Status;

    // What was found is remembered for ten seconds on an edge that is not told of changes, as this one is not.
    private static async Task EventuallyAsync(JmapClient client, HttpStatusCode expected)
    {
        var deadline = DateTime.UtcNow.AddSeconds(20);
        HttpStatusCode status;
        do
        {
            status = await StatusAsync(client);
        }
        while (status != expected && DateTime.UtcNow < deadline);
        Assert.Equal(expected, status);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
