using System.Net;
using System.Reflection;
using System.Text.Json;
using MailCloud.Web.Admin;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailCloud.Web.Tests;

/// <summary>The audit log: who did what to what, what it was before and after, and that nothing is done that it does not hold.</summary>
[Collection(nameof(WebServer))]
public sealed class AuditTests(WebServer server)
{
    [Fact]
    public async Task What_is_done_to_a_tenants_things_is_in_its_log()
    {
        await TenantAsync("aud-one");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/aud-one", """{"limits":{"accounts":5}}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/a@aud-one.test", """{"quotaBytes":1000,"password":"a-secret-of-hers"}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/a@aud-one.test", """{"state":"suspended"}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/a@aud-one.test", """{"state":"asleep"}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/aud-one.test", """{"catchAll":"a@aud-one.test"}""");
        await server.SendAsync(HttpMethod.Delete, "/admin/v1/addresses/a@aud-one.test");
        await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/aud-one");

        var records = await RecordsAsync("/admin/v1/tenants/aud-one/audit");
        Assert.Equal(
            [
                "POST /tenants/{tenant}/domains 200", "PUT /tenants/{tenant} 200", "PUT /addresses/{address} 200", "PUT /addresses/{address} 200", "PUT /addresses/{address} 400",
                "PUT /domains/{domain} 200",
                "DELETE /addresses/{address} 200",
            ],
            records.Select(r => $"{r.GetProperty("operation").GetString()} {r.GetProperty("status").GetInt32()}"));
        Assert.All(records, r => Assert.Equal(("root", "platform", "127.0.0.1"), (Text(r, "name"), Text(r, "role"), Text(r, "from"))));
        Assert.Equal("""{"domain":"aud-one.test"}""", Raw(records[0], "after"));
        Assert.Equal(5, records[1].GetProperty("after").GetProperty("limits").GetProperty("accounts").GetInt32());
        Assert.Equal(("set", 1000), (Text(records[2].GetProperty("after"), "password"), records[2].GetProperty("after").GetProperty("quotaBytes").GetInt32()));
        Assert.Equal(("""{"state":"active"}""", """{"state":"suspended"}"""), (Raw(records[3], "before"), Raw(records[3], "after")));
        Assert.Equal(JsonValueKind.Null, records[4].GetProperty("after").ValueKind);
        Assert.Equal("""{"catchAll":"a@aud-one.test"}""", Raw(records[5], "after"));
        Assert.Equal("a@aud-one.test", Text(records[6].GetProperty("before"), "address"));
        Assert.DoesNotContain("a-secret-of-hers", string.Concat(records), StringComparison.Ordinal);
        Assert.DoesNotContain("SCRAM-SHA-256}4", string.Concat(records), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_act_says_what_it_changed()
    {
        const string Tenant = "/admin/v1/tenants/aud-all";
        await TenantAsync("aud-all");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/a@aud-all.test", "{}");
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/addresses/a@aud-all.test/app-passwords", """{"name":"phone","scopes":["imap"]}""");
        await server.SendAsync(HttpMethod.Delete, $"/admin/v1/addresses/a@aud-all.test/app-passwords/{made.GetProperty("id").GetString()}");
        await server.SendAsync(HttpMethod.Put, $"{Tenant}/oidc", """{"issuer":"https://one.test","audiences":["mail"]}""");
        await server.SendAsync(HttpMethod.Put, $"{Tenant}/oidc", """{"issuer":"https://two.test","audiences":["mail"]}""");
        await server.SendAsync(HttpMethod.Delete, $"{Tenant}/oidc");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/domains/aud-all.test/dkim", """{"algorithm":"ed25519","selector":"one"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/domains/aud-all.test/dkim/one/activate");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/domains/aud-all.test/dkim/one/retire");
        await server.SendAsync(HttpMethod.Put, $"{Tenant}/suppressions/x@far.test", """{"reason":"asked"}""");
        await server.SendAsync(HttpMethod.Put, $"{Tenant}/suppressions/x@far.test", """{"reason":"again"}""");
        await server.SendAsync(HttpMethod.Delete, $"{Tenant}/suppressions/x@far.test");
        await server.SendAsync(HttpMethod.Delete, "/admin/v1/domains/aud-all.test");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/domains/aud-all.test/restore");

        var records = (await RecordsAsync($"{Tenant}/audit")).ToLookup(r => Text(r, "operation")!);
        var password = Assert.Single(records["POST /addresses/{address}/app-passwords"]).GetProperty("after");
        Assert.Equal(("phone", "imap", "set"), (Text(password, "name"), password.GetProperty("scopes")[0].GetString(), Text(password, "secret")));
        Assert.Equal("phone", Text(Assert.Single(records["DELETE /addresses/{address}/app-passwords/{id:guid}"]).GetProperty("before"), "name"));
        Assert.DoesNotContain(Text(made, "secret")!, string.Concat(records.SelectMany(of => of)), StringComparison.Ordinal);
        var issuers = records["PUT /tenants/{tenant}/oidc"].ToList();
        Assert.Equal("https://one.test", Text(issuers[0].GetProperty("after"), "issuer"));
        Assert.Equal(("""{"issuer":"https://one.test"}""", """{"issuer":"https://two.test"}"""), (Raw(issuers[1], "before"), Raw(issuers[1], "after")));
        Assert.Equal("https://two.test", Text(Assert.Single(records["DELETE /tenants/{tenant}/oidc"]).GetProperty("before"), "issuer"));
        Assert.Equal("one", Assert.Single(records["POST /domains/{domain}/dkim"]).GetProperty("after").GetProperty("selectors")[0].GetString());
        foreach (var verb in new[] { "activate", "retire" })
        {
            var key = Assert.Single(records[$"POST /domains/{{domain}}/dkim/{{selector}}/{verb}"]);
            Assert.NotEqual(Text(key.GetProperty("before"), "one"), Text(key.GetProperty("after"), "one"));
        }

        var listed = records["PUT /tenants/{tenant}/suppressions/{address}"].ToList();
        Assert.Equal("asked", Text(listed[0].GetProperty("after"), "reason"));
        Assert.Equal(("asked", "again"), (Text(listed[1].GetProperty("before"), "reason"), Text(listed[1].GetProperty("after"), "reason")));
        Assert.Equal("again", Text(Assert.Single(records["DELETE /tenants/{tenant}/suppressions/{address}"]).GetProperty("before"), "reason"));
        Assert.Equal(["aud-all.test"], records["DELETE /domains/{domain}"].Select(r => Text(r.GetProperty("after"), "domain")));
    }

    [Fact]
    public async Task What_a_token_does_not_allow_is_in_the_log_of_who_asked()
    {
        await TenantAsync("aud-two");
        await TenantAsync("aud-three");
        var before = (await RecordsAsync("/admin/v1/tenants/aud-three/audit")).Count;
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"tenant","tenant":"aud-two","name":"ann"}""");
        var token = made.GetProperty("secret").GetString();
        await server.SendAsync(HttpMethod.Get, "/admin/v1/queue", token: token);
        await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/aud-three.test", "{}", token);
        await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/aud-two.test", "{}", token);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/aud-three/audit", token: token)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync(HttpMethod.Get, "/admin/v1/audit", token: token)).Status);

        var (status, page) = await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/aud-two/audit", token: token);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            ["GET /queue 403", "PUT /domains/{domain} 404", "PUT /domains/{domain} 200", "GET /tenants/{tenant}/audit 404", "GET /audit 403"],
            page.GetProperty("records").EnumerateArray().Where(r => Text(r, "name") == "ann").Select(r => $"{Text(r, "operation")} {r.GetProperty("status").GetInt32()}"));
        Assert.Equal(before, (await RecordsAsync("/admin/v1/tenants/aud-three/audit")).Count);

        // Making the token was the platform's act; its secret is in no log.
        var platform = await RecordsAsync("/admin/v1/audit");
        var making = platform.Last(r => Text(r, "operation") == "POST /tokens" && Text(r.GetProperty("after"), "name") == "ann");
        Assert.Equal("aud-two", Text(making.GetProperty("after"), "tenant"));
        Assert.DoesNotContain(token![^64..], string.Concat(platform), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_comes_in_pages()
    {
        await TenantAsync("aud-many");
        for (var i = 0; i < 4; i++)
        {
            await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/aud-many.test", "{}");
        }

        Assert.Equal([1, 2, 3, 4, 5], (await RecordsAsync("/admin/v1/tenants/aud-many/audit?limit=2")).Select(r => r.GetProperty("sequence").GetInt32()));
        Assert.Empty(await RecordsAsync($"/admin/v1/tenants/aud-many/audit?since={DateTimeOffset.UtcNow.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}"));
        foreach (var query in new[] { "after=x", "after=-1", "limit=0", "limit=201" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Get, $"/admin/v1/tenants/aud-many/audit?{query}")).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/aud-none/audit")).Status);
    }

    [Fact]
    public async Task Nothing_is_done_that_cannot_be_written_down()
    {
        var grains = DispatchProxy.Create<IGrainFactory, NoGrains>();
        var trail = new AuditTrail(grains, TimeProvider.System, NullLogger<AuditTrail>.Instance);
        var context = new DefaultHttpContext { RequestServices = server.Services };
        context.Request.Method = "PUT";
        context.SetEndpoint(new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse("/admin/v1/domains/{domain}"), 0, EndpointMetadataCollection.Empty, null));
        await trail.RunAsync(Caller.Root, context, _ => throw new InvalidOperationException("it was done"));
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, context.Response.StatusCode);
    }

    [Fact]
    public void A_change_has_what_differs_and_no_more_than_fits()
    {
        var act = new Act();
        act.Changed(new { a = 1, b = new[] { 1, 2 }, c = "x" }, new { a = 1, b = new[] { 1, 3 }, c = (string?)null });
        Assert.Equal(("""{"b":[1,2],"c":"x"}""", """{"b":[1,3],"c":null}"""), (act.Before, act.After));
        act.Changed(new { a = 1 }, new { a = 1 });
        Assert.Equal((null, null), (act.Before, act.After));
        act.Changed(null, new { a = new string('x', 5000) });
        Assert.Equal("""{"characters":5008}""", act.After);
    }

    private static string? Text(JsonElement record, string member) => record.GetProperty(member).GetString();

    private static string Raw(JsonElement record, string member) => record.GetProperty(member).GetRawText();

    private async Task TenantAsync(string tenant)
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", $$"""{"id":"{{tenant}}"}""");
        await server.SendAsync(HttpMethod.Post, $"/admin/v1/tenants/{tenant}/domains", $$"""{"domain":"{{tenant}}.test"}""");
    }

    private async Task<List<JsonElement>> RecordsAsync(string path)
    {
        var records = new List<JsonElement>();
        for (string? after = "0"; after is not null;)
        {
            var (status, page) = await server.SendAsync(HttpMethod.Get, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}after={after}");
            Assert.Equal(HttpStatusCode.OK, status);
            records.AddRange(page.GetProperty("records").EnumerateArray());
            after = Text(page, "next");
        }

        return records;
    }

    /// <summary>No grain answers.</summary>
    public class NoGrains : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new TimeoutException();
    }
}
