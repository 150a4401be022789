using System.Net;
using System.Text.Json;

namespace MailCloud.Web.Tests;

/// <summary>The export of a domain's addresses: whole, in order, with hashes only for who may set passwords, and written down.</summary>
[Collection(nameof(WebServer))]
public sealed class ExportTests(WebServer server)
{
    private const string Scram = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    [Fact]
    public async Task What_is_exported_can_be_imported_and_put()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"export.test"}""");
        await server.PostLinesAsync("/admin/v1/accounts/import", string.Join('\n', Enumerable.Range(0, 250).Select(i => $"user{i:000}@export.test,{Scram}")));
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/user007@export.test", """{"state":"receive-only","quotaBytes":500,"sendAs":["info@export.test"]}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/info@export.test", """{"kind":"alias","targets":["x@other.test"]}""");
        await server.SendAsync(HttpMethod.Delete, "/admin/v1/addresses/user100@export.test");

        var plain = await LinesAsync("domain=Export.test");
        Assert.Equal(
            [.. new[] { "info", "postmaster" }.Concat(Enumerable.Range(0, 250).Where(i => i != 100).Select(i => $"user{i:000}")).Select(name => $"{name}@export.test")],
            plain.Select(line => line.GetProperty("address").GetString()));
        Assert.DoesNotContain("SCRAM", string.Concat(plain), StringComparison.Ordinal);
        Assert.Equal("""{"address":"info@export.test","kind":"alias","state":"active","targets":["x@other.test"],"quotaBytes":0,"sendAs":[]}""", plain[0].GetRawText());

        var lines = await LinesAsync("domain=export.test&hashes=true");
        var accounts = lines.Where(line => line.TryGetProperty("passwordHash", out _)).ToList();
        Assert.Equal(249, accounts.Count);
        var imported = await server.PostLinesAsync(
            "/admin/v1/accounts/import", string.Join('\n', accounts.Select(line => $"{line.GetProperty("address").GetString()},{line.GetProperty("passwordHash").GetString()}")));
        Assert.All(imported, line => Assert.Equal("unchanged", line.GetProperty("result").GetString()));

        var seventh = lines.Single(line => line.GetProperty("address").GetString() == "user007@export.test");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/user007@export.test", """{"state":"active","quotaBytes":0,"sendAs":[]}""");
        await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/user007@export.test", seventh.GetRawText());
        Assert.Equal(seventh.GetRawText(), (await LinesAsync("domain=export.test&hashes=true")).Single(line => line.GetProperty("address").GetString() == "user007@export.test").GetRawText());
    }

    [Theory]
    [InlineData("""{"role":"tenant","tenant":"leaver","name":"t"}""", HttpStatusCode.OK, HttpStatusCode.OK)]
    [InlineData("""{"role":"tenant","tenant":"leaver","name":"t","readOnly":true}""", HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData("""{"role":"help-desk","tenant":"leaver","name":"t"}""", HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData("""{"role":"user","address":"postmaster@leaver.test","name":"t"}""", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("""{"role":"tenant","tenant":"demo","name":"t"}""", HttpStatusCode.NotFound, HttpStatusCode.NotFound)]
    public async Task Hashes_are_for_who_may_set_passwords(string token, HttpStatusCode plain, HttpStatusCode hashes)
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"leaver"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/leaver/domains", """{"domain":"leaver.test"}""");
        var secret = (await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", token)).Body.GetProperty("secret").GetString();
        Assert.Equal(plain, (await server.SendAsync(HttpMethod.Get, "/admin/v1/accounts/export?domain=leaver.test", token: secret)).Status);
        Assert.Equal(hashes, (await server.SendAsync(HttpMethod.Get, "/admin/v1/accounts/export?domain=leaver.test&hashes=true", token: secret)).Status);
    }

    [Fact]
    public async Task An_export_is_written_down()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"exported"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/exported/domains", """{"domain":"exported.test"}""");
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", """{"role":"tenant","tenant":"exported","name":"ann"}""");
        await server.SendAsync(HttpMethod.Get, "/admin/v1/accounts/export?domain=exported.test&hashes=true", token: made.GetProperty("secret").GetString());
        var (_, log) = await server.SendAsync(HttpMethod.Get, "/admin/v1/tenants/exported/audit");
        var record = Assert.Single(log.GetProperty("records").EnumerateArray(), record => record.GetProperty("operation").GetString() == "GET /accounts/export");
        Assert.Equal(("ann", 200), (record.GetProperty("name").GetString(), record.GetProperty("status").GetInt32()));
        Assert.Equal("""{"domain":"exported.test","hashes":true}""", record.GetProperty("after").GetRawText());
    }

    [Fact]
    public async Task Without_a_domain_that_is_hosted_it_says_what_to_do()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await server.SendAsync(HttpMethod.Get, "/admin/v1/accounts/export")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Get, "/admin/v1/accounts/export?domain=elsewhere.test")).Status);
    }

    private async Task<List<JsonElement>> LinesAsync(string query)
    {
        using var response = await server.Admin.GetAsync($"/admin/v1/accounts/export?{query}");
        Assert.Equal((HttpStatusCode.OK, "application/x-ndjson"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        return [.. (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
