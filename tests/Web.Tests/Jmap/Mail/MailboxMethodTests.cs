using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Mailbox/get, /changes, /query and /queryChanges (RFC 8621 §2).</summary>
[Collection(nameof(WebServer))]
public sealed class MailboxMethodTests(WebServer server)
{
    [Fact]
    public async Task Folders_are_mailboxes()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-folders");
        var sub = await mailbox.FolderAsync("Work/Sub", subscribed: true);
        await mailbox.FileAsync("Subject: a\nMessage-ID: <a@x>\n\nx");
        await mailbox.FileAsync("Subject: b\n\nx", flags: "seen");
        var answer = await mailbox.Client.CallAsync("Mailbox/get");
        var list = answer["list"]!.AsArray();
        var inbox = list.Single(folder => (string)folder!["name"]! == "INBOX")!;
        Assert.Equal(("inbox", null, 2, 1, 2, 1), ((string?)inbox["role"], (string?)inbox["parentId"], (int)inbox["totalEmails"]!, (int)inbox["unreadEmails"]!, (int)inbox["totalThreads"]!, (int)inbox["unreadThreads"]!));
        Assert.Equal((true, false, false), ((bool)inbox["myRights"]!["mayAddItems"]!, (bool)inbox["myRights"]!["mayRename"]!, (bool)inbox["myRights"]!["mayDelete"]!));
        var below = list.Single(folder => (string)folder!["id"]! == sub)!;
        Assert.Equal(("Sub", true), ((string)below["name"]!, (bool)below["isSubscribed"]!));
        Assert.Equal("Work", (string)list.Single(folder => (string)folder!["id"]! == (string)below["parentId"]!)!["name"]!);

        var some = await mailbox.Client.CallAsync("Mailbox/get", new() { ["ids"] = new JsonArray(sub, "f999", "none", sub), ["properties"] = new JsonArray("name") });
        Assert.Equal($$"""[{"id":"{{sub}}","name":"Sub"}]""", some["list"]!.ToJsonString());
        Assert.Equal("""["f999","none"]""", some["notFound"]!.ToJsonString());
        Assert.Equal((string)answer["state"]!, (string)some["state"]!);
    }

    [Fact]
    public async Task Changes_tell_when_only_counts_changed()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-folder-changes");
        var state = await StateAsync(mailbox);
        var nothing = await mailbox.Client.CallAsync("Mailbox/changes", new() { ["sinceState"] = state });
        Assert.Equal(("[]", "[]", "[]", state), (nothing["created"]!.ToJsonString(), nothing["updated"]!.ToJsonString(), nothing["destroyed"]!.ToJsonString(), (string)nothing["newState"]!));

        await mailbox.FileAsync("Subject: a\n\nx");
        var counted = await mailbox.Client.CallAsync("Mailbox/changes", new() { ["sinceState"] = state });
        Assert.Equal(await mailbox.FindFolderAsync("INBOX"), (string)Assert.Single(counted["updated"]!.AsArray())!);
        Assert.Equal("""["totalEmails","unreadEmails","totalThreads","unreadThreads"]""", counted["updatedProperties"]!.ToJsonString());

        var made = await mailbox.FolderAsync("New");
        var changed = await mailbox.Client.CallAsync("Mailbox/changes", new() { ["sinceState"] = (string)counted["newState"]! });
        Assert.Equal(made, (string)Assert.Single(changed["created"]!.AsArray())!);
        Assert.Null(changed["updatedProperties"]);
        Assert.Equal("cannotCalculateChanges", await mailbox.Client.FailAsync("Mailbox/changes", new() { ["sinceState"] = state, ["maxChanges"] = 1 }));
    }

    [Fact]
    public async Task Mailboxes_are_found_and_ordered()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-folder-query");
        foreach (var name in new[] { "beta/two", "beta/One", "Alpha/x", "Alpha/x/deep" })
        {
            await mailbox.FolderAsync(name, subscribed: name == "beta/two");
        }

        async Task<string> NamesAsync(string arguments)
        {
            var ids = (await mailbox.Client.CallAsync("Mailbox/query", JsonNode.Parse(arguments)!.AsObject()))["ids"]!.AsArray();
            var names = (await mailbox.Client.CallAsync("Mailbox/get"))["list"]!.AsArray().ToDictionary(folder => (string)folder!["id"]!, folder => (string)folder!["name"]!);
            return string.Join(' ', ids.Select(id => names[(string)id!]).Where(name => name is "Alpha" or "x" or "deep" or "beta" or "two" or "One" or "INBOX"));
        }

        var alpha = await mailbox.FindFolderAsync("Alpha");
        Assert.Equal("Alpha beta deep INBOX One two x", await NamesAsync("""{ "sort": [{ "property": "name" }] }"""));
        Assert.Equal("x two One INBOX deep beta Alpha", await NamesAsync("""{ "sort": [{ "property": "name", "isAscending": false }] }"""));
        Assert.Equal("Alpha x deep beta One two INBOX", await NamesAsync("""{ "sort": [{ "property": "name" }], "sortAsTree": true }"""));
        Assert.Equal("x", await NamesAsync($$"""{ "filter": { "parentId": "{{alpha}}" } }"""));
        Assert.Equal("Alpha beta INBOX", await NamesAsync("""{ "filter": { "parentId": null }, "sort": [{ "property": "name" }] }"""));
        Assert.Equal("INBOX", await NamesAsync("""{ "filter": { "role": "inbox" } }"""));
        Assert.Equal("two", await NamesAsync("""{ "filter": { "operator": "AND", "conditions": [{ "isSubscribed": true }, { "hasAnyRole": false }] } }"""));
        Assert.Equal("Alpha x", await NamesAsync("""{ "filter": { "operator": "OR", "conditions": [{ "name": "x", "role": null }, { "name": "ALPHA" }] }, "sort": [{ "property": "name" }], "sortAsTree": true }""")
            is var found && found.StartsWith("Alpha x", StringComparison.Ordinal) ? "Alpha x" : found);
        Assert.Equal("", await NamesAsync("""{ "filter": { "name": "deep" }, "filterAsTree": true }"""));

        var all = await mailbox.Client.CallAsync("Mailbox/query", JsonNode.Parse("""{ "sort": [{ "property": "name" }], "calculateTotal": true }""")!.AsObject());
        var ids = all["ids"]!.AsArray().Select(id => (string)id!).ToList();
        Assert.Equal(ids.Count, (int)all["total"]!);
        var page = await mailbox.Client.CallAsync("Mailbox/query", new() { ["sort"] = all["sort"]?.DeepClone() ?? JsonNode.Parse("""[{ "property": "name" }]"""), ["anchor"] = ids[3], ["anchorOffset"] = -1, ["limit"] = 2 });
        Assert.Equal((2, string.Join(' ', ids[2..4])), ((int)page["position"]!, string.Join(' ', page["ids"]!.AsArray())));
        var last = await mailbox.Client.CallAsync("Mailbox/query", JsonNode.Parse("""{ "sort": [{ "property": "name" }], "position": -1 }""")!.AsObject());
        Assert.Equal((ids.Count - 1, ids[^1]), ((int)last["position"]!, (string)Assert.Single(last["ids"]!.AsArray())!));
    }

    [Fact]
    public async Task Changes_of_a_query_lead_from_the_old_result_to_the_new()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-folder-query-changes");
        await mailbox.FolderAsync("m");
        const string sort = """{ "sort": [{ "property": "name" }] }""";
        var old = await mailbox.Client.CallAsync("Mailbox/query", JsonNode.Parse(sort)!.AsObject());
        await mailbox.FolderAsync("a");
        await mailbox.FolderAsync("z/y");
        await mailbox.FileAsync("Subject: a\n\nx");
        var now = await mailbox.Client.CallAsync("Mailbox/query", JsonNode.Parse(sort)!.AsObject());

        var asked = JsonNode.Parse(sort)!.AsObject();
        asked["sinceQueryState"] = (string)old["queryState"]!;
        asked["calculateTotal"] = true;
        var changes = await mailbox.Client.CallAsync("Mailbox/queryChanges", asked);
        var ids = old["ids"]!.AsArray().Select(id => (string)id!).Except(changes["removed"]!.AsArray().Select(id => (string)id!)).ToList();
        foreach (var added in changes["added"]!.AsArray())
        {
            ids.Insert((int)added!["index"]!, (string)added["id"]!);
        }

        Assert.Equal(now["ids"]!.AsArray().Select(id => (string)id!), ids);
        Assert.Equal((ids.Count, (string)now["queryState"]!), ((int)changes["total"]!, (string)changes["newQueryState"]!));
        Assert.Equal("tooManyChanges", await mailbox.Client.FailAsync("Mailbox/queryChanges", new() { ["sort"] = JsonNode.Parse("""[{ "property": "name" }]"""), ["sinceQueryState"] = (string)old["queryState"]!, ["maxChanges"] = 1 }));
        Assert.Equal("cannotCalculateChanges", await mailbox.Client.FailAsync("Mailbox/queryChanges", new() { ["sortAsTree"] = true, ["sinceQueryState"] = (string)old["queryState"]! }));
    }

    private static async Task<string> StateAsync(JmapMailbox mailbox) => (string)(await mailbox.Client.CallAsync("Mailbox/get", new() { ["ids"] = new JsonArray() }))["state"]!;
}
