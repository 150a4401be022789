using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>VacationResponse (RFC 8621 §8): each account has one.</summary>
[Collection(nameof(WebServer))]
public sealed class VacationTests(WebServer server)
{
    [Fact]
    public async Task There_is_one_from_the_beginning_and_it_is_off()
    {
        var client = await JmapClient.MakeAsync(server, "vacation-get");
        var result = await client.CallAsync("VacationResponse/get", new() { ["ids"] = null });
        var expected = new JsonObject { ["id"] = "singleton", ["isEnabled"] = false, ["fromDate"] = null, ["toDate"] = null, ["subject"] = null, ["textBody"] = null, ["htmlBody"] = null };
        Assert.True(JsonNode.DeepEquals(new JsonArray(expected), result["list"]), result.ToJsonString());

        result = await client.CallAsync("VacationResponse/get", new() { ["ids"] = new JsonArray("singleton", "other"), ["properties"] = new JsonArray("isEnabled") });
        Assert.True(JsonNode.DeepEquals(new JsonArray(new JsonObject { ["id"] = "singleton", ["isEnabled"] = false }), result["list"]), result.ToJsonString());
        Assert.Equal("other", (string)result["notFound"]!.AsArray().Single()!);
        Assert.Equal("invalidArguments", await client.FailAsync("VacationResponse/get", new() { ["properties"] = new JsonArray("nonsense") }));
        Assert.Equal("unknownMethod", await client.FailAsync("VacationResponse/get", null, [JmapClient.Core, JmapClient.Mail]));
        var session = await client.GetSessionAsync();
        Assert.Equal(client.Account, (string)session["primaryAccounts"]![JmapClient.VacationResponse]!);
        Assert.Empty(session["accounts"]![client.Account]!["accountCapabilities"]![JmapClient.VacationResponse]!.AsObject());
    }

    [Fact]
    public async Task What_is_no_patch_is_told_beside_what_was_done()
    {
        var client = await JmapClient.MakeAsync(server, "vacation-patch");
        var set = await client.CallAsync("VacationResponse/set", new() { ["update"] = new JsonObject { ["singleton"] = new JsonObject { ["subject"] = "s" }, ["other"] = 7 } });
        Assert.Equal(["singleton"], set["updated"]!.AsObject().Select(each => each.Key));
        Assert.Equal("notFound", (string)set["notUpdated"]!["other"]!["type"]!);
        set = await client.CallAsync("VacationResponse/set", new() { ["update"] = new JsonObject { ["singleton"] = 7 } });
        Assert.Equal("invalidPatch", (string)set["notUpdated"]!["singleton"]!["type"]!);
    }

    [Fact]
    public async Task It_is_changed_by_property_and_has_a_state()
    {
        var client = await JmapClient.MakeAsync(server, "vacation-set");
        var wanted = new JsonObject
        {
            ["isEnabled"] = true,
            ["fromDate"] = "2026-11-28T00:00:00Z",
            ["toDate"] = "2026-12-24T18:30:00Z",
            ["subject"] = "去度假了",
            ["textBody"] = "Back soon.\n",
            ["htmlBody"] = "<p>Back soon.",
        };
        var set = await SetAsync(client, (JsonObject)wanted.DeepClone());
        Assert.True(set["updated"]!.AsObject().ContainsKey("singleton"), set.ToJsonString());
        Assert.NotEqual((string)set["oldState"]!, (string)set["newState"]!);

        var got = await client.CallAsync("VacationResponse/get");
        wanted["id"] = "singleton";
        Assert.True(JsonNode.DeepEquals(wanted, got["list"]!.AsArray().Single()), got.ToJsonString());
        Assert.Equal((string)set["newState"]!, (string)got["state"]!);

        // What is given again is no change, and what is not named stays.
        var same = await SetAsync(client, new() { ["id"] = "singleton", ["isEnabled"] = true });
        Assert.Equal(((string)set["newState"]!, (string)set["newState"]!), ((string)same["oldState"]!, (string)same["newState"]!));
        await SetAsync(client, new() { ["toDate"] = null, ["htmlBody"] = null });
        var kept = (await Grain(await JmapAccounts.FindAsync(server, client.Address)).GetAsync()).Response;
        Assert.Equal((true, "去度假了", client.Address), (kept.IsEnabled, kept.Subject, kept.Address.ToString()));
        Assert.Null(kept.ToDate);
        Assert.Null(kept.HtmlBody);

        Assert.Equal("stateMismatch", await client.FailAsync("VacationResponse/set", new() { ["ifInState"] = (string)set["oldState"]!, ["update"] = new JsonObject() }));
    }

    [Theory]
    [InlineData("""{"isEnabled":null}""", "isEnabled")]
    [InlineData("""{"isEnabled":"yes"}""", "isEnabled")]
    [InlineData("""{"isEnabled":true,"fromDate":"tomorrow"}""", "fromDate")]
    [InlineData("""{"isEnabled":true,"toDate":"2026-12-24T18:30:00+01:00"}""", "toDate")]
    [InlineData("""{"isEnabled":true,"subject":"a\nBcc: x@example.org"}""", "subject")]
    [InlineData("""{"isEnabled":true,"textBody":7}""", "textBody")]
    [InlineData("""{"isEnabled":true,"id":"other"}""", "id")]
    [InlineData("""{"isEnabled":true,"handle":"x","days":1}""", "handle days")]
    public async Task What_is_wrong_is_named_and_changes_nothing(string patch, string properties)
    {
        var client = await JmapClient.MakeAsync(server, "vacation-wrong");
        var set = await SetAsync(client, JsonNode.Parse(patch)!.AsObject());
        var error = set["notUpdated"]!["singleton"]!;
        Assert.Equal("invalidProperties", (string)error["type"]!);
        Assert.Equal(properties, string.Join(' ', error["properties"]!.AsArray().Select(name => (string)name!)));
        Assert.Equal((string)set["oldState"]!, (string)set["newState"]!);
        Assert.False((bool)(await client.CallAsync("VacationResponse/get"))["list"]![0]!["isEnabled"]!);
    }

    [Fact]
    public async Task It_is_neither_made_nor_destroyed()
    {
        var client = await JmapClient.MakeAsync(server, "vacation-singleton");
        var set = await client.CallAsync("VacationResponse/set", new()
        {
            ["create"] = new JsonObject { ["c"] = new JsonObject { ["isEnabled"] = true } },
            ["update"] = new JsonObject { ["other"] = new JsonObject { ["isEnabled"] = true } },
            ["destroy"] = new JsonArray("singleton", "other"),
        });
        Assert.Equal(
            ("singleton", "notFound", "singleton", "notFound"),
            (TypeOf(set["notCreated"]!["c"]), TypeOf(set["notUpdated"]!["other"]), TypeOf(set["notDestroyed"]!["singleton"]), TypeOf(set["notDestroyed"]!["other"])));
        Assert.Null(set["updated"]);
    }

    private static string TypeOf(JsonNode? error) => (string)error!["type"]!;

    private static Task<JsonObject> SetAsync(JmapClient client, JsonObject patch) =>
        client.CallAsync("VacationResponse/set", new() { ["update"] = new JsonObject { ["singleton"] = patch } });

    private IVacationGrain Grain(AccountId account) => server.Services.GetRequiredService<IGrainFactory>().GetGrain<IVacationGrain>(account.Value);
}
