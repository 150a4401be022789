using System.Net;
using System.Text.Json.Nodes;
using MailCloud.Testing;
using MailCloud.Web.Jmap.Access;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>Bearer tokens of real issuers over loopback (RFC 6750): each lets in one account of the tenant that trusts its issuer.</summary>
public sealed class IssuedTokenTests(IssuedTokenTests.Issuers issuers) : IClassFixture<IssuedTokenTests.Issuers>
{
    private const string Session = "/jmap/session";

    private WebServer Server => issuers.Server;

    [Fact]
    public async Task A_token_opens_the_account_that_it_names()
    {
        var address = await MakeAsync("issued");
        var client = JmapClient.ByToken(Server, address, issuers.Own.TokenFor("Issued@Example.TEST"));
        var session = await client.GetSessionAsync();
        Assert.Equal((address, false), ((string)session["username"]!, (bool)session["accounts"]!.AsObject().Single().Value!["isReadOnly"]!));
        Assert.NotEmpty((await client.CallAsync("Mailbox/get"))["list"]!.AsArray());
        var upload = await client.CallAsync("Blob/upload", new() { ["create"] = new JsonObject { ["k"] = new JsonObject { ["data"] = new JsonArray(new JsonObject { ["data:asText"] = "x" }) } } });
        Assert.NotNull(upload["created"]);

        // A session's requests are one line of the history.
        await Server.Services.GetRequiredService<Standing.LoginHistory>().TellAsync(everything: true, CancellationToken.None);
        var row = Assert.Single((await Server.SendAsync(HttpMethod.Get, $"/admin/v1/addresses/{address}/logins")).Body.GetProperty("logins").EnumerateArray());
        Assert.Equal("http ok 1", $"{row.GetProperty("protocol")} {row.GetProperty("result")} {row.GetProperty("count")}");
    }

    [Theory]
    [InlineData("aud", "calendar")]
    [InlineData("aud", null)]
    [InlineData("iss", "http://127.0.0.1:9/realm")]
    [InlineData("iss", null)]
    [InlineData("exp", 1)]
    [InlineData("exp", null)]
    [InlineData("email", "issued-nobody@example.test")]
    [InlineData("email", "issued@nowhere.test")]
    [InlineData("email", "no address")]
    [InlineData("email", null)]
    [InlineData("email_verified", false)]
    public async Task A_token_that_says_anything_else_opens_nothing(string claim, object? value)
    {
        var address = await MakeAsync("issued-claims");
        var client = JmapClient.ByToken(Server, address, issuers.Own.TokenFor(address, claims => claims[claim] = value));
        var (status, answer, _) = await client.SendAsync(HttpMethod.Get, Session);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal(["Basic realm=\"MailCloud\", charset=\"UTF-8\"", "Bearer realm=\"MailCloud\", error=\"invalid_token\""], answer.Headers.WwwAuthenticate.Select(challenge => challenge.ToString()));
    }

    [Fact]
    public async Task A_tenants_issuer_opens_nothing_of_another_s()
    {
        var (ann, carol) = (await MakeAsync("issued-ann"), await MakeAsync("carol@issued-other.test"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(issuers.Own.TokenFor(ann)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(issuers.Other.TokenFor(carol)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(issuers.Own.TokenFor(carol)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(issuers.Other.TokenFor(ann)));

        // It says that the other issuer made it, which did not.
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(issuers.Own.TokenFor(carol, claims => claims["iss"] = issuers.Other.Issuer)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(issuers.Own.UnsignedFor(ann)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(issuers.Own.ForgedFor(ann)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("a.b.c"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(".."));
    }

    [Fact]
    public async Task Who_is_suspended_is_told_so_with_a_good_token_only()
    {
        var address = await MakeAsync("issued-suspended");
        await Server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{address}", """{"state":"suspended"}""");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(issuers.Own.TokenFor(address)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(issuers.Other.TokenFor(address)));
    }

    [Fact]
    public async Task Who_lacks_a_scope_is_told_which()
    {
        // RFC 6750 §3.1.
        var address = await MakeAsync("eve@issued-scopes.test");
        var (status, answer, _) = await JmapClient.ByToken(Server, address, issuers.Own.TokenFor(address, claims => claims["scope"] = "mail.read")).SendAsync(HttpMethod.Get, Session);
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Equal("Bearer realm=\"MailCloud\", error=\"insufficient_scope\", scope=\"mail.read mail.send\"", answer.Headers.WwwAuthenticate.Single().ToString());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(issuers.Own.TokenFor(address, claims => claims["scope"] = "mail.send mail.read")));
    }

    [Fact]
    public async Task While_the_keys_are_out_of_reach_nobody_is_told_that_a_token_is_wrong()
    {
        var address = await MakeAsync("dave@issued-away.test");
        var (status, answer, _) = await JmapClient.ByToken(Server, address, issuers.Own.TokenFor(address, claims => claims["iss"] = Issuers.Away)).SendAsync(HttpMethod.Get, Session);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (status, answer.Headers.RetryAfter?.Delta > TimeSpan.Zero));
    }

    [Fact]
    public async Task A_token_in_clear_is_taken_on_loopback_alone()
    {
        var address = await MakeAsync("issued-clear");
        var client = JmapClient.ByToken(Server, address, issuers.Own.TokenFor(address));
        Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(HttpMethod.Get, Session, null, ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "http"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(HttpMethod.Get, Session, null, ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"))).Status);
    }

    [Fact]
    public async Task Who_shows_wrong_tokens_again_and_again_waits_and_others_do_not()
    {
        var address = await MakeAsync("issued-often");
        var (wrong, good) = (issuers.Own.TokenFor(address, claims => claims["aud"] = "calendar"), issuers.Own.TokenFor(address));
        var known = JmapClient.ByToken(Server, address, issuers.Own.TokenFor(address, claims => claims["jti"] = "known"));
        (string, string)[] from = [("X-Forwarded-For", "198.51.100.7"), ("X-Forwarded-Proto", "https")];
        (string, string)[] elsewhere = [("X-Forwarded-For", "198.51.100.8"), ("X-Forwarded-Proto", "https")];
        Assert.Equal(HttpStatusCode.OK, (await known.SendAsync(HttpMethod.Get, Session, null, from)).Status);
        var client = JmapClient.ByToken(Server, address, wrong);
        for (var i = 0; i < FailedTokens.Most; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(HttpMethod.Get, Session, null, from)).Status);
        }

        var (status, answer, _) = await client.SendAsync(HttpMethod.Get, Session, null, from);
        Assert.Equal((HttpStatusCode.TooManyRequests, true), (status, answer.Headers.RetryAfter?.Delta > TimeSpan.Zero));
        Assert.Equal(HttpStatusCode.OK, (await JmapClient.ByToken(Server, address, good).SendAsync(HttpMethod.Get, Session, null, elsewhere)).Status);
        Assert.Equal(HttpStatusCode.OK, (await known.SendAsync(HttpMethod.Get, Session, null, from)).Status);
    }

    [Fact]
    public async Task Tokens_that_cannot_be_checked_again_and_again_wait_too()
    {
        var address = await MakeAsync("frank@issued-away.test");
        var client = JmapClient.ByToken(Server, address, issuers.Own.TokenFor(address, claims => claims["iss"] = Issuers.Away));
        (string, string)[] from = [("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-Proto", "https")];
        for (var i = 0; i < FailedTokens.Most; i++)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.SendAsync(HttpMethod.Get, Session, null, from)).Status);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await client.SendAsync(HttpMethod.Get, Session, null, from)).Status);
    }

    private async Task<HttpStatusCode> StatusAsync(string token) => (await JmapClient.ByToken(Server, "", token).SendAsync(HttpMethod.Get, Session)).Status;

    private async Task<string> MakeAsync(string user)
    {
        var address = user.Contains('@') ? user : $"{user}@example.test";
        Assert.Equal(HttpStatusCode.OK, (await Server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{address}", $$"""{"password":"{{JmapClient.Password}}"}""")).Status);
        return address;
    }

    /// <summary>A server whose tenants have issuers of their own, of which one is out of reach.</summary>
    public sealed class Issuers : IAsyncLifetime
    {
        /// <summary>Nobody listens there.</summary>
        public const string Away = "http://127.0.0.1:9/realm";

        public WebServer Server { get; } = new() { Settings = [new("Oidc:AllowedNetworks", "127.0.0.0/8")] };

        public TestIssuer Own { get; private set; } = null!;

        public TestIssuer Other { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            await Server.InitializeAsync();
            (Own, Other) = (await TestIssuer.StartAsync(), await TestIssuer.StartAsync());
            await TrustAsync("demo", Own.Issuer);
            await TrustAsync("issued-other", Other.Issuer);
            await TrustAsync("issued-scopes", Own.Issuer, "mail.read", "mail.send");
            await TrustAsync("issued-away", Away);
        }

        public async Task DisposeAsync()
        {
            await Server.DisposeAsync();
            await Own.DisposeAsync();
            await Other.DisposeAsync();
        }

        private async Task TrustAsync(string tenant, string issuer, params string[] scopes)
        {
            if (tenant != "demo")
            {
                await Server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", $$"""{"id":"{{tenant}}"}""");
                await Server.SendAsync(HttpMethod.Post, $"/admin/v1/tenants/{tenant}/domains", $$"""{"domain":"{{tenant}}.test"}""");
            }

            var trust = new JsonObject { ["issuer"] = issuer, ["audiences"] = new JsonArray(TestIssuer.Audience), ["scopes"] = new JsonArray([.. scopes.Select(scope => JsonValue.Create(scope))]) };
            var (status, body) = await Server.SendAsync(HttpMethod.Put, $"/admin/v1/tenants/{tenant}/oidc", trust.ToJsonString());
            Assert.True(status == HttpStatusCode.OK, body.ToString());
        }
    }
}
