using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>Quotas (RFC 9425): an account's octets, where it has a limit.</summary>
[Collection(nameof(WebServer))]
public sealed class QuotaTests(WebServer server)
{
    [Fact]
    public async Task An_account_with_a_limit_has_a_quota()
    {
        var client = await LimitedAsync("quota-get", 1_000_000);
        var result = await client.CallAsync("Quota/get", new() { ["ids"] = null });
        var quota = result["list"]!.AsArray().Single()!;
        Assert.Equal(("octets", "account", 0, 1_000_000), ((string)quota["resourceType"]!, (string)quota["scope"]!, (int)quota["used"]!, (int)quota["hardLimit"]!));
        Assert.Equal("Email", (string)quota["types"]!.AsArray().Single()!);
        var id = (string)quota["id"]!;
        result = await client.CallAsync("Quota/get", new() { ["ids"] = new JsonArray(id, "other"), ["properties"] = new JsonArray("used") });
        Assert.True(JsonNode.DeepEquals(new JsonArray(new JsonObject { ["id"] = id, ["used"] = 0 }), result["list"]), result.ToJsonString());
        Assert.Equal("other", (string)result["notFound"]!.AsArray().Single()!);
        Assert.Equal("invalidArguments", await client.FailAsync("Quota/get", new() { ["properties"] = new JsonArray("nonsense") }));
        Assert.Equal("unknownMethod", await client.FailAsync("Quota/get", null, [JmapClient.Core]));
    }

    [Fact]
    public async Task Changes_are_known_for_ever()
    {
        var client = await LimitedAsync("quota-changes", 1_000_000);
        var state = (string)(await client.CallAsync("Quota/get"))["state"]!;
        await LimitAsync(client.Address, 2_000_000);
        var changes = await client.CallAsync("Quota/changes", new() { ["sinceState"] = state });
        Assert.Equal("octets", (string)changes["updated"]!.AsArray().Single()!);
        Assert.Null(changes["updatedProperties"]);
        var newer = (string)changes["newState"]!;
        Assert.Empty((await client.CallAsync("Quota/changes", new() { ["sinceState"] = newer }))["updated"]!.AsArray());
        var used = await client.CallAsync("Quota/changes", new() { ["sinceState"] = "q5-2000000" });
        Assert.Equal("used", (string)used["updatedProperties"]!.AsArray().Single()!);
        await LimitAsync(client.Address, 0);
        Assert.Equal("octets", (string)(await client.CallAsync("Quota/changes", new() { ["sinceState"] = newer }))["destroyed"]!.AsArray().Single()!);
        Assert.Empty((await client.CallAsync("Quota/get"))["list"]!.AsArray());
        Assert.Equal("cannotCalculateChanges", await client.FailAsync("Quota/changes", new() { ["sinceState"] = "x" }));
    }

    [Theory]
    [InlineData("null", 1)]
    [InlineData("""{"resourceType":"octets","scope":"account","type":"Email","name":"mail"}""", 1)]
    [InlineData("""{"resourceType":"count"}""", 0)]
    [InlineData("""{"operator":"NOT","conditions":[{"scope":"domain"}]}""", 1)]
    [InlineData("""{"operator":"AND","conditions":[{"scope":"account"},{"type":"Calendar"}]}""", 0)]
    [InlineData("""{"operator":"OR","conditions":[{"scope":"account"},{"type":"Calendar"}]}""", 1)]
    public async Task A_query_finds_it(string filter, int count)
    {
        var client = await LimitedAsync("quota-query", 1_000_000);
        var result = await client.CallAsync("Quota/query", new() { ["filter"] = JsonNode.Parse(filter), ["sort"] = new JsonArray(new JsonObject { ["property"] = "used" }), ["calculateTotal"] = true });
        Assert.Equal((count, count), (result["ids"]!.AsArray().Count, (int)result["total"]!));
        var changes = await client.CallAsync("Quota/queryChanges", new() { ["filter"] = JsonNode.Parse(filter), ["sinceQueryState"] = (string)result["queryState"]! });
        Assert.Empty(changes["added"]!.AsArray().Concat(changes["removed"]!.AsArray()));
        Assert.Equal("unsupportedFilter", await client.FailAsync("Quota/query", new() { ["filter"] = new JsonObject { ["nonsense"] = "x" } }));
        Assert.Equal("unsupportedSort", await client.FailAsync("Quota/query", new() { ["sort"] = new JsonArray(new JsonObject { ["property"] = "scope" }) }));
        Assert.Equal("anchorNotFound", await client.FailAsync("Quota/query", new() { ["anchor"] = "x" }));
    }

    [Theory]
    [InlineData("Quota/get", """{ "ids": "octets" }""")]
    [InlineData("Quota/get", """{ "ids": [1] }""")]
    [InlineData("Quota/get", """{ "properties": {} }""")]
    [InlineData("Quota/get", """{ "none": 1 }""")]
    [InlineData("Quota/changes", "{}")]
    [InlineData("Quota/changes", """{ "sinceState": 1 }""")]
    [InlineData("Quota/changes", """{ "sinceState": "q0-0", "maxChanges": 0 }""")]
    [InlineData("Quota/changes", """{ "sinceState": "q0-0", "maxChanges": -1 }""")]
    [InlineData("Quota/changes", """{ "sinceState": "q0-0", "none": 1 }""")]
    [InlineData("Quota/query", """{ "filter": [] }""")]
    [InlineData("Quota/query", """{ "filter": { "scope": 1 } }""")]
    [InlineData("Quota/query", """{ "filter": { "operator": "AND" } }""")]
    [InlineData("Quota/query", """{ "filter": { "operator": "XOR", "conditions": [] } }""")]
    [InlineData("Quota/query", """{ "filter": { "operator": "AND", "conditions": [1] } }""")]
    [InlineData("Quota/query", """{ "filter": { "operator": "AND", "conditions": [], "none": 1 } }""")]
    [InlineData("Quota/query", """{ "sort": {} }""")]
    [InlineData("Quota/query", """{ "sort": [1] }""")]
    [InlineData("Quota/query", """{ "sort": [{}] }""")]
    [InlineData("Quota/query", """{ "sort": [{ "property": "name", "isAscending": 1 }] }""")]
    [InlineData("Quota/query", """{ "position": "1" }""")]
    [InlineData("Quota/query", """{ "position": -9223372036854775808 }""")]
    [InlineData("Quota/query", """{ "anchor": 1 }""")]
    [InlineData("Quota/query", """{ "anchorOffset": 0.5 }""")]
    [InlineData("Quota/query", """{ "limit": -1 }""")]
    [InlineData("Quota/query", """{ "calculateTotal": 1 }""")]
    [InlineData("Quota/query", """{ "none": 1 }""")]
    [InlineData("Quota/queryChanges", "{}")]
    [InlineData("Quota/queryChanges", """{ "sinceQueryState": 1 }""")]
    [InlineData("Quota/queryChanges", """{ "sinceQueryState": "one", "maxChanges": 0 }""")]
    [InlineData("Quota/queryChanges", """{ "sinceQueryState": "one", "upToId": 1 }""")]
    [InlineData("Quota/queryChanges", """{ "sinceQueryState": "one", "calculateTotal": 0 }""")]
    [InlineData("Quota/queryChanges", """{ "sinceQueryState": "one", "none": 1 }""")]
    public async Task Arguments_are_checked(string method, string arguments)
    {
        var client = await JmapClient.MakeAsync(server, "quota-arguments");
        var json = JsonNode.Parse(arguments)!.AsObject();
        Assert.Equal("invalidArguments", await client.FailAsync(method, json.DeepClone().AsObject()));
        json["accountId"] = "a0";
        Assert.Equal("accountNotFound", await client.FailAsync(method, json));
    }

    [Fact]
    public async Task Limits_and_what_is_not_known_have_their_errors()
    {
        var client = await LimitedAsync("quota-errors", 1_000_000);
        Assert.Equal("requestTooLarge", await client.FailAsync("Quota/get", new() { ["ids"] = Mail.JmapMailbox.Texts(Enumerable.Range(0, 1001).Select(i => $"x{i}")) }));
        Assert.Equal("cannotCalculateChanges", await client.FailAsync("Quota/queryChanges", new() { ["sinceQueryState"] = "none-such" }));
        Assert.Equal("unsupportedFilter", await client.FailAsync("Quota/queryChanges", new() { ["sinceQueryState"] = "one", ["filter"] = new JsonObject { ["nonsense"] = "x" } }));
        Assert.Equal("unsupportedSort", await client.FailAsync("Quota/query", new() { ["sort"] = new JsonArray(new JsonObject { ["property"] = "used", ["collation"] = "i;none" }) }));
        var deep = string.Concat(Enumerable.Repeat("""{"operator":"NOT","conditions":[""", 25)) + "{}" + string.Concat(Enumerable.Repeat("]}", 25));
        Assert.Equal("unsupportedFilter", await client.FailAsync("Quota/query", new() { ["filter"] = JsonNode.Parse(deep) }));
        Assert.Empty((await client.CallAsync("Quota/query", new() { ["limit"] = 0 }))["ids"]!.AsArray());
        Assert.Empty((await client.CallAsync("Quota/query", new() { ["position"] = 1 }))["ids"]!.AsArray());
        Assert.Equal(["octets"], (await client.CallAsync("Quota/query", new() { ["position"] = -5 }))["ids"]!.AsArray().Select(id => (string)id!));
        Assert.Equal(["octets"], (await client.CallAsync("Quota/query", new() { ["anchor"] = "octets", ["anchorOffset"] = -1 }))["ids"]!.AsArray().Select(id => (string)id!));
        var removed = await client.CallAsync("Quota/queryChanges", new() { ["sinceQueryState"] = "one", ["filter"] = new JsonObject { ["scope"] = "domain" }, ["calculateTotal"] = true });
        Assert.Equal(("octets", "none", 0), ((string)removed["removed"]!.AsArray().Single()!, (string)removed["newQueryState"]!, (int)removed["total"]!));
        var added = await client.CallAsync("Quota/queryChanges", new() { ["sinceQueryState"] = "none" });
        Assert.Equal(("octets", 0), ((string)added["added"]![0]!["id"]!, (int)added["added"]![0]!["index"]!));
    }

    private async Task<JmapClient> LimitedAsync(string user, long octets)
    {
        var client = await JmapClient.MakeAsync(server, user);
        await LimitAsync(client.Address, octets);
        return client;
    }

    private async Task LimitAsync(string address, long octets) => await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{address}", $$"""{"quotaBytes":{{octets}}}""");
}
