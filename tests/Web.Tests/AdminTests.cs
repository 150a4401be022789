using System.Net;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests;

[Collection(nameof(WebServer))]
public sealed class AdminTests(WebServer server)
{
    private const string Scram = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    [Fact]
    public async Task An_import_says_for_each_line_what_became_of_it()
    {
        var csv = $"address,password\r\nann@example.test,a secret\r\n\r\nbad line\r\nben@example.test,{Scram}\r\ncid@example.test,\"{Scram}\"\r\n"
            + $"dan@elsewhere.test,a secret\neve@example.test,\neve@example.test,{{MD5}}x\n{new string('x', 9000)}\nfay@example.test,\"a \"\"quoted\"\", one\"";
        var lines = await server.PostLinesAsync("/admin/v1/accounts/import", csv);
        Assert.Equal(
            ["2 created", "4 error", "5 created", "6 created", "7 error", "8 error", "9 error", "10 error", "11 created"],
            lines.Select(l => $"{l.GetProperty("line").GetInt32()} {(l.TryGetProperty("error", out _) ? "error" : l.GetProperty("result").GetString())}"));

        Assert.True(Verifiers.Verify("a secret", await VerifierAsync("ann@example.test")));
        Assert.Equal(Scram, await VerifierAsync("ben@example.test"));
        Assert.Equal(Scram, await VerifierAsync("cid@example.test"));
        Assert.True(Verifiers.Verify("a \"quoted\", one", await VerifierAsync("fay@example.test")));
    }

    [Fact]
    public async Task A_repeated_import_changes_nothing_and_a_new_password_keeps_the_account()
    {
        await server.PostLinesAsync("/admin/v1/accounts/import", "gus@example.test,the first");
        var before = await RecordAsync("gus@example.test");
        Assert.Equal("unchanged", Assert.Single(await server.PostLinesAsync("/admin/v1/accounts/import", "gus@example.test,the first")).GetProperty("result").GetString());
        Assert.Equal(before!.Verifier, await VerifierAsync("gus@example.test"));
        Assert.Equal("updated", Assert.Single(await server.PostLinesAsync("/admin/v1/accounts/import", "Gus@Example.test,the second")).GetProperty("result").GetString());
        Assert.Equal(before.Account, (await RecordAsync("gus@example.test"))!.Account);
        Assert.True(Verifiers.Verify("the second", await VerifierAsync("gus@example.test")));
    }

    [Fact]
    public async Task A_state_is_set_shown_and_kept_by_other_changes()
    {
        await server.PostLinesAsync("/admin/v1/accounts/import", "hal@example.test,the first");
        var (status, set) = await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/hal@example.test", """{"state":"receive-only"}""");
        Assert.Equal((HttpStatusCode.OK, "receive-only"), (status, set.GetProperty("state").GetString()));
        await server.PostLinesAsync("/admin/v1/accounts/import", "hal@example.test,the second");
        Assert.Equal(AccountState.ReceiveOnly, (await RecordAsync("hal@example.test"))!.State);

        (status, var wrong) = await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/hal@example.test", """{"state":"asleep"}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("receive-only", wrong.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_is_suspended_and_comes_back()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"closing"}""");
        var (status, tenant) = await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/closing", """{"state":"suspended"}""");
        Assert.Equal((HttpStatusCode.OK, "suspended"), (status, tenant.GetProperty("state").GetString()));
        await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/closing", """{"state":"active"}""");
        (_, tenant) = await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/closing");
        Assert.Equal("active", tenant.GetProperty("state").GetString());
        (status, _) = await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/nobody", """{"state":"suspended"}""");
        Assert.Equal(HttpStatusCode.NotFound, status);
        (status, _) = await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/nobody");
        Assert.Equal(HttpStatusCode.NotFound, status);
    }

    [Fact]
    public async Task What_is_beyond_a_tenants_limits_is_refused_with_words()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"small"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/small/domains", """{"domain":"small.test"}""");
        var (status, tenant) = await server.SendAsync(
            HttpMethod.Put, "/admin/v1/tenants/small", """{"limits":{"plan":"s","domains":1,"accounts":2,"storageBytes":3000,"accountBytes":1000}}""");
        Assert.Equal((HttpStatusCode.OK, "s"), (status, tenant.GetProperty("limits").GetProperty("plan").GetString()));

        Assert.Equal("created", Assert.Single(await server.PostLinesAsync("/admin/v1/accounts/import", "a@small.test,the first")).GetProperty("result").GetString());
        await RefusedAsync(HttpMethod.Put, "/admin/v1/addresses/b@small.test", """{"quotaBytes":2001}""", "would come to more than it may have");
        (status, _) = await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/b@small.test", """{"quotaBytes":2000}""");
        Assert.Equal(HttpStatusCode.OK, status);
        await RefusedAsync(HttpMethod.Put, "/admin/v1/addresses/c@small.test", """{"quotaBytes":0}""", "as many accounts as it may");
        await RefusedAsync(HttpMethod.Put, "/admin/v1/addresses/a@small.test", """{"quotaBytes":0}""", "give the account a quota");
        Assert.Contains("as many accounts", Assert.Single(await server.PostLinesAsync("/admin/v1/accounts/import", "c@small.test,the first")).GetProperty("error").GetString(), StringComparison.Ordinal);
        await RefusedAsync(HttpMethod.Post, "/admin/v1/tenants/small/domains", """{"domain":"second.test"}""", "as many domains as it may");

        (_, tenant) = await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/small");
        Assert.Equal("""{"domains":1,"accounts":2,"quotaBytes":3000}""", tenant.GetProperty("usage").GetRawText());
        (status, _) = await server.SendAsync(HttpMethod.Put, "/admin/v1/tenants/small", """{"limits":{"accounts":-1}}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Fact]
    public async Task A_domain_that_leads_nowhere_it_may_is_refused()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"led.test"}""");
        foreach (var (json, expected) in new[]
        {
            ("""{"aliasOf":"example.test","catchAll":"a@example.test"}""", HttpStatusCode.BadRequest),
            ("""{"aliasOf":"no domain"}""", HttpStatusCode.BadRequest),
            ("""{"catchAll":"no address"}""", HttpStatusCode.BadRequest),
            ("""{"aliasOf":"led.test"}""", HttpStatusCode.Conflict),
        })
        {
            Assert.Equal(expected, (await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/led.test", json)).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/nowhere.test", "{}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/domains/nowhere.test")).Status);
        var (status, domain) = await server.SendAsync(HttpMethod.Put, "/admin/v1/domains/LED.test", """{"aliasOf":"example.test"}""");
        Assert.Equal((HttpStatusCode.OK, "example.test"), (status, domain.GetProperty("aliasOf").GetString()));
    }

    [Fact]
    public async Task A_deleted_address_is_away_and_comes_back()
    {
        await server.PostLinesAsync("/admin/v1/accounts/import", "ida@example.test,the first");
        var (status, deleted) = await server.SendAsync(HttpMethod.Delete, "/admin/v1/addresses/Ida@example.test");
        Assert.Equal((HttpStatusCode.OK, "ida@example.test"), (status, deleted.GetProperty("address").GetString()));
        Assert.True(deleted.GetProperty("restorableUntil").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddDays(6));
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/addresses/ida@example.test")).Status);
        await RefusedAsync(HttpMethod.Put, "/admin/v1/addresses/ida@example.test", """{"quotaBytes":5}""", "restore it");

        (status, var restored) = await server.SendAsync(HttpMethod.Post, "/admin/v1/addresses/ida@example.test/restore");
        Assert.Equal((HttpStatusCode.OK, "account"), (status, restored.GetProperty("kind").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Post, "/admin/v1/addresses/ida@example.test/restore")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Delete, "/admin/v1/addresses/nobody@example.test")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Delete, "/admin/v1/addresses/nobody")).Status);
    }

    [Fact]
    public async Task Listing_goes_on_page_by_page()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"many.test"}""");
        var csv = string.Join('\n', Enumerable.Range(0, 250).Select(i => $"user{i:000}@many.test,{Scram}"));
        await server.PostLinesAsync("/admin/v1/accounts/import", csv);
        var seen = new List<string>();
        string? after = "";
        var pages = 0;
        for (; after is not null; pages++)
        {
            var (status, page) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/accounts?domain=many.test&after={Uri.EscapeDataString(after)}");
            Assert.Equal(HttpStatusCode.OK, status);
            seen.AddRange(page.GetProperty("accounts").EnumerateArray().Select(a => a.GetProperty("address").GetString()!));
            after = page.GetProperty("next").GetString();
        }

        Assert.Equal(["postmaster@many.test", .. Enumerable.Range(0, 250).Select(i => $"user{i:000}@many.test")], seen);
        Assert.Equal(2, pages);
    }

    [Fact]
    public async Task An_address_can_become_an_alias_forwarded_or_moved()
    {
        var (status, alias) = await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/info@example.test", """{"kind":"alias","targets":["ann@example.test","x@other.test"]}""");
        Assert.Equal((HttpStatusCode.OK, "alias"), (status, alias.GetProperty("kind").GetString()));
        Assert.Equal(2, alias.GetProperty("targets").GetArrayLength());
        Assert.Equal("forwarded", (await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/info@example.test", """{"kind":"forwarded"}""")).Body.GetProperty("kind").GetString());
        Assert.Equal("moved", (await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/info@example.test", """{"kind":"moved","targets":["new@other.test"]}""")).Body.GetProperty("kind").GetString());
        Assert.Equal("moved", (await server.SendAsync(HttpMethod.Get, "/admin/v1/addresses/info@example.test")).Body.GetProperty("kind").GetString());
        Assert.Contains("error", Assert.Single(await server.PostLinesAsync("/admin/v1/accounts/import", "info@example.test,a secret")).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_put_leaves_out_stays()
    {
        await server.PostLinesAsync("/admin/v1/accounts/import", "hal@example.test,a secret");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/hal@example.test", """{"quotaBytes":1000,"sendAs":["Sales@example.test"]}""");
        var (_, hal) = await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/hal@example.test", """{"quotaBytes":2000}""");
        Assert.Equal(2000, hal.GetProperty("quotaBytes").GetInt64());
        Assert.Equal("sales@example.test", hal.GetProperty("sendAs")[0].GetString());
        Assert.DoesNotContain("15000", hal.ToString(), StringComparison.Ordinal);
        Assert.True(Verifiers.Verify("a secret", await VerifierAsync("hal@example.test")));
    }

    [Theory]
    [InlineData("PUT", "/admin/v1/addresses/nonsense", "{}", 400)]
    [InlineData("PUT", "/admin/v1/addresses/x@elsewhere.test", "{}", 404)]
    [InlineData("PUT", "/admin/v1/addresses/x@example.test", """{"kind":"king"}""", 400)]
    [InlineData("PUT", "/admin/v1/addresses/x@example.test", """{"kind":"7"}""", 400)]
    [InlineData("PUT", "/admin/v1/addresses/x@example.test", """{"kind":"alias"}""", 400)]
    [InlineData("PUT", "/admin/v1/addresses/x@example.test", """{"kind":"moved","targets":["a@x","b@x"]}""", 400)]
    [InlineData("PUT", "/admin/v1/addresses/x@example.test", """{"targets":["a"]}""", 400)]
    [InlineData("PUT", "/admin/v1/addresses/x@example.test", """{"quotaBytes":-1}""", 400)]
    [InlineData("PUT", "/admin/v1/addresses/x@example.test", """{"password":""}""", 400)]
    [InlineData("GET", "/admin/v1/addresses/nobody@example.test", null, 404)]
    [InlineData("GET", "/admin/v1/accounts", null, 400)]
    [InlineData("GET", "/admin/v1/accounts?domain=elsewhere.test", null, 404)]
    [InlineData("POST", "/admin/v1/tenants", """{"id":"No Tenant"}""", 400)]
    [InlineData("POST", "/admin/v1/tenants/none/domains", """{"domain":"x.test"}""", 404)]
    [InlineData("POST", "/admin/v1/tenants/demo/domains", """{"domain":"x..y"}""", 400)]
    [InlineData("POST", "/admin/v1/queue/parked/nonsense/replay", null, 400)]
    [InlineData("POST", "/admin/v1/queue/parked/00000000000000000000000000000000/replay", null, 404)]
    [InlineData("GET", "/admin/v1/spool?after=x", null, 400)]
    [InlineData("GET", "/admin/v1/spool?kind=any", null, 400)]
    [InlineData("GET", "/admin/v1/spool/nonsense", null, 400)]
    [InlineData("GET", "/admin/v1/spool/00000000000000000000000000000000", null, 404)]
    [InlineData("POST", "/admin/v1/spool/00000000000000000000000000000000/retry", null, 404)]
    [InlineData("POST", "/admin/v1/spool/00000000000000000000000000000000/cancel", null, 404)]
    [InlineData("POST", "/admin/v1/sweep?grace=-1", null, 400)]
    public async Task A_refusal_says_what_to_do(string method, string path, string? json, int expected)
    {
        var (status, problem) = await server.SendAsync(new HttpMethod(method), path, json);
        Assert.Equal(expected, (int)status);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task A_domain_has_one_tenant()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"other"}""");
        Assert.Equal(HttpStatusCode.Conflict, (await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/other/domains", """{"domain":"example.test"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"example.test"}""")).Status);
    }

    [Fact]
    public async Task A_parked_message_is_listed_and_replayed()
    {
        var queue = server.Services.GetRequiredService<IMailQueue>();
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        await queue.PublishAsync(new() { Id = id, Tenant = new("demo"), Body = new("demo/body/none", 1), Envelope = new Envelope { Recipients = [] }, Trace = "" }, default);
        Assert.Equal(1, (await server.SendAsync(HttpMethod.Get, "/admin/v1/queue")).Body.GetProperty("waiting").GetInt64());
        await TakeAsync(queue, entry => entry.ParkAsync("it does not parse", default));
        var parked = Assert.Single((await server.SendAsync(HttpMethod.Get, "/admin/v1/queue/parked")).Body.EnumerateArray());
        Assert.Equal((id.ToString(), "it does not parse"), (parked.GetProperty("id").GetString(), parked.GetProperty("reason").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Post, $"/admin/v1/queue/parked/{id}/replay")).Status);
        var (_, log) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/audit?limit=200&since={Uri.EscapeDataString(id.AcceptedAt.ToString("O"))}");
        var written = log.GetProperty("records").EnumerateArray().Single(record => record.GetProperty("path").GetString()!.EndsWith($"{id}/replay", StringComparison.Ordinal));
        Assert.Equal("""{"place":"queue"}""", written.GetProperty("after").GetRawText());
        Assert.Equal(0, (await server.SendAsync(HttpMethod.Get, "/admin/v1/queue")).Body.GetProperty("parked").GetInt64());
        await TakeAsync(queue, entry => entry.AckAsync(default));
    }

    [Fact]
    public async Task An_empty_spool_has_one_page()
    {
        var (_, page) = await server.SendAsync(HttpMethod.Get, "/admin/v1/spool");
        Assert.Equal(0, page.GetProperty("entries").GetArrayLength());
        Assert.Null(page.GetProperty("next").GetString());
    }

    [Theory]
    [InlineData("/admin/v1/verify")]
    [InlineData("/admin/v1/sweep")]
    [InlineData("/admin/v1/sweep?grace=3600")]
    public async Task A_walk_ends_with_its_summary(string path)
    {
        var records = await server.PostLinesAsync(path);
        Assert.Equal("summary", records[^1].GetProperty("kind").GetString());
        Assert.True(records[^1].TryGetProperty("counts", out _));
    }

    private static async Task TakeAsync(IMailQueue queue, Func<QueueDelivery, Task> settle)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await foreach (var entry in queue.ConsumeAsync(1, limit.Token))
        {
            await settle(entry);
            return;
        }
    }

    private async Task RefusedAsync(HttpMethod method, string path, string json, string why)
    {
        var (status, problem) = await server.SendAsync(method, path, json);
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains(why, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private async Task<AddressRecord?> RecordAsync(string key) => await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAddressGrain>(key).GetAsync();

    private async Task<string?> VerifierAsync(string key) => (await RecordAsync(key))?.Verifier;
}
