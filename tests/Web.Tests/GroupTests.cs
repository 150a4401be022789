using System.Net;
using System.Text.Json;

namespace MailCloud.Web.Tests;

/// <summary>Groups and their members.</summary>
[Collection(nameof(WebServer))]
public sealed class GroupTests(WebServer server)
{
    [Fact]
    public async Task A_group_is_made_changed_and_shown()
    {
        var (status, made) = await PutAsync("made", """{"kind":"group"}""");
        Assert.Equal((HttpStatusCode.OK, "group", null, "anyone"), (status, Text(made, "kind"), Text(made, "owner"), Text(made, "posting")));
        await PutAsync("made", """{"owner":"Bob@example.test"}""");
        var (_, changed) = await PutAsync("made", """{"posting":"members"}""");
        Assert.Equal(("Bob@example.test", "members"), (Text(changed, "owner"), Text(changed, "posting")));
        Assert.Equal(changed.GetRawText(), (await server.SendAsync(HttpMethod.Get, "/admin/v1/addresses/made@example.test")).Body.GetRawText());
        Assert.Null(Text((await PutAsync("made", """{"owner":""}""")).Body, "owner"));
        Assert.Contains(
            """{"address":"made@example.test","kind":"group","state":"active","targets":[],"quotaBytes":0,"sendAs":[],"posting":"members"}""",
            await server.Admin.GetStringAsync("/admin/v1/accounts/export?domain=example.test"), StringComparison.Ordinal);
        Assert.Equal("alias", Text((await PutAsync("made", """{"kind":"alias","targets":["x@far.test"]}""")).Body, "kind"));
    }

    [Theory]
    [InlineData("""{"kind":"group","targets":["a@far.test"]}""")]
    [InlineData("""{"kind":"group","owner":"nonsense"}""")]
    [InlineData("""{"kind":"group","posting":"nobody"}""")]
    [InlineData("""{"kind":"group","posting":"7"}""")]
    [InlineData("""{"kind":"group","owner":"Wrong@Example.test"}""")]
    [InlineData("""{"kind":"alias","targets":["a@far.test"],"posting":"anyone"}""")]
    public async Task Settings_that_make_no_sense_are_refused(string update) => Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync("wrong", update)).Status);

    [Fact]
    public async Task Members_are_added_listed_in_pages_and_removed()
    {
        await PutAsync("many", """{"kind":"group"}""");
        string[] all = [.. Enumerable.Range(0, 450).Select(i => $"U{i}@far.test")];
        Assert.Equal((HttpStatusCode.OK, 450), await AddAsync("many", all));
        Assert.Equal((HttpStatusCode.OK, 1), await AddAsync("many", "u1@far.test", "one@nowhere.test"));

        var found = new List<string>();
        var pages = new List<int>();
        for (string? after = ""; after is not null;)
        {
            var (status, page) = await server.SendAsync(HttpMethod.Get, $"{PathOf("many")}?after={Uri.EscapeDataString(after)}");
            Assert.Equal(HttpStatusCode.OK, status);
            pages.Add(page.GetProperty("members").GetArrayLength());
            found.AddRange(page.GetProperty("members").EnumerateArray().Select(member => member.GetString()!));
            after = Text(page, "next");
        }

        Assert.Equal([200, 200, 51], pages);
        Assert.Equal(all.Append("one@nowhere.test").Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        var (_, small) = await server.SendAsync(HttpMethod.Get, $"{PathOf("many")}?limit=3&after={found[9]}");
        Assert.Equal(found[10..13], small.GetProperty("members").EnumerateArray().Select(member => member.GetString()));

        var (removed, body) = await server.SendAsync(HttpMethod.Delete, $"{PathOf("many")}/u1@FAR.test");
        Assert.Equal((HttpStatusCode.OK, "u1@far.test"), (removed, Text(body, "member")));
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Delete, $"{PathOf("many")}/u1@far.test")).Status);
    }

    [Fact]
    public async Task Whether_there_is_such_an_address_is_not_said_of_a_member()
    {
        await PutAsync("blind", """{"kind":"group"}""");
        Assert.Equal(await AddAsync("blind", "postmaster@iso-other.test"), await AddAsync("blind", "nobody@iso-other.test"));
    }

    [Theory]
    [InlineData("GET", "nobody@example.test/members", null, 404)]
    [InlineData("GET", "postmaster@example.test/members", null, 404)]
    [InlineData("GET", "plain@example.test/members?limit=201", null, 400)]
    [InlineData("GET", "plain@example.test/members?after=nonsense", null, 400)]
    [InlineData("POST", "postmaster@example.test/members", """{"members":["a@far.test"]}""", 404)]
    [InlineData("POST", "plain@example.test/members", """{"members":["a@far.test","nonsense"]}""", 400)]
    [InlineData("POST", "plain@example.test/members", """{"members":["a@far.test",null]}""", 400)]
    [InlineData("POST", "plain@example.test/members", """{"members":[]}""", 400)]
    [InlineData("POST", "plain@example.test/members", "{}", 400)]
    [InlineData("DELETE", "plain@example.test/members/nonsense", null, 400)]
    [InlineData("DELETE", "plain@example.test/members/a@far.test", null, 404)]
    public async Task What_makes_no_sense_is_refused(string method, string path, string? json, int status)
    {
        await PutAsync("plain", """{"kind":"group"}""");
        Assert.Equal(status, (int)(await server.SendAsync(new(method), $"/admin/v1/addresses/{path}", json)).Status);
    }

    [Fact]
    public async Task A_request_has_so_many_members()
    {
        await PutAsync("bounded", """{"kind":"group"}""");
        Assert.Equal(HttpStatusCode.BadRequest, (await AddAsync("bounded", [.. Enumerable.Range(0, 1001).Select(i => $"u{i}@far.test")])).Status);
    }

    private static string? Text(JsonElement answer, string member) => answer.GetProperty(member).GetString();

    private static string PathOf(string user) => $"/admin/v1/addresses/{user}@example.test/members";

    private Task<(HttpStatusCode Status, JsonElement Body)> PutAsync(string user, string update) => server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{user}@example.test", update);

    private async Task<(HttpStatusCode Status, int? Added)> AddAsync(string user, params string[] members)
    {
        var (status, body) = await server.SendAsync(HttpMethod.Post, PathOf(user), JsonSerializer.Serialize(new { members }));
        return (status, status == HttpStatusCode.OK ? body.GetProperty("added").GetInt32() : null);
    }
}
