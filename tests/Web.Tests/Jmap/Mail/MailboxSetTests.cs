using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Mailbox/set (RFC 8621 §2.5).</summary>
[Collection(nameof(WebServer))]
public sealed class MailboxSetTests(WebServer server)
{
    [Fact]
    public async Task Mailboxes_are_made_whatever_their_order_in_the_call()
    {
        var mail = await WrittenMail.MakeAsync(server, "mailbox-order");
        var before = await mail.StateAsync();
        var result = await SetAsync(mail, """{"create":{"c":{"name":"c","parentId":"#b"},"b":{"name":"b","parentId":"#a"},"a":{"name":"收据","sortOrder":7,"isSubscribed":true},"x":{"name":"x","parentId":"#x"}}}""");
        var (a, c) = (result["created"]!["a"]!.AsObject(), result["created"]!["c"]!.AsObject());
        Assert.Equal(["parentId"], result["notCreated"]!["x"]!["properties"]!.AsArray().Select(p => (string)p!));
        Assert.Equal((before, await mail.StateAsync()), ((string)result["oldState"]!, (string)result["newState"]!));

        // What the client has not said itself.
        Assert.Equal(["id", "parentId", "role", "totalEmails", "unreadEmails", "totalThreads", "unreadThreads", "myRights"], a.Select(p => p.Key));
        Assert.Equal(["id", "role", "sortOrder", "totalEmails", "unreadEmails", "totalThreads", "unreadThreads", "myRights", "isSubscribed"], c.Select(p => p.Key));
        var folders = await (await mail.FoldersAsync()).ListFoldersAsync();
        Assert.Equal(("收据", true), (Named(folders, a).Name, Named(folders, a).Subscribed));
        Assert.Equal(("收据/b/c", false), (Named(folders, c).Name, Named(folders, c).Subscribed));
    }

    [Fact]
    public async Task Names_parents_roles_and_the_rest_change()
    {
        var mail = await WrittenMail.MakeAsync(server, "mailbox-update");
        var (a, b) = (await mail.MakeFolderAsync("a"), await mail.MakeFolderAsync("b"));
        var before = (await (await mail.FoldersAsync()).ListFoldersAsync()).FirstOrDefault(f => f.SpecialUse == "\\Archive");
        if (before is not null)
        {
            await SetAsync(mail, $$$$"""{"update":{"f{{{{before.Id}}}}":{"role":null}}}""");
        }

        var result = await SetAsync(mail, $$$"""{"update":{"{{{b}}}":{"name":"Cafe\u0301","parentId":"{{{a}}}","role":"archive","sortOrder":3,"isSubscribed":true},"{{{a}}}":{"name":"top"} }}""");
        Assert.Equal("Café", (string)result["updated"]![b]!["name"]!);
        Assert.True(result["updated"]!.AsObject().ContainsKey(a));
        var folder = (await (await mail.EmailsAsync()).GetFoldersAsync())!.Folders.Single(f => ObjectIds.OfFolder(f.Id) == b);
        Assert.Equal(("top/Café", "\\Archive", 3, true), (folder.Name, folder.SpecialUse, folder.SortOrder, folder.Subscribed));
        await SetAsync(mail, $$$"""{"update":{"{{{b}}}":{"parentId":null,"role":null,"isSubscribed":false} }}""");
        folder = (await (await mail.EmailsAsync()).GetFoldersAsync())!.Folders.Single(f => ObjectIds.OfFolder(f.Id) == b);
        Assert.Equal(("Café", null, 3, false), (folder.Name, folder.SpecialUse, folder.SortOrder, folder.Subscribed));
    }

    [Theory]
    [InlineData("name", """{}""")]
    [InlineData("name", """{"name":""}""")]
    [InlineData("name", """{"name":7}""")]
    [InlineData("name", """{"name":"a/b"}""")]
    [InlineData("name", """{"name":"a\u0000"}""")]
    [InlineData("name", """{"name":"INBOX"}""")]
    [InlineData("parentId", """{"name":"a","parentId":"f77"}""")]
    [InlineData("parentId", """{"name":"a","parentId":"#x"}""")]
    [InlineData("role", """{"name":"a","role":"inbox"}""")]
    [InlineData("role", """{"name":"a","role":"Trash"}""")]
    [InlineData("role", """{"name":"a","role":"all"}""")]
    [InlineData("sortOrder", """{"name":"a","sortOrder":-1}""")]
    [InlineData("sortOrder", """{"name":"a","sortOrder":2147483648}""")]
    [InlineData("isSubscribed", """{"name":"a","isSubscribed":1}""")]
    [InlineData("totalEmails", """{"name":"a","totalEmails":0}""")]
    [InlineData("myRights", """{"name":"a","myRights":{}}""")]
    [InlineData("id", """{"name":"a","id":"f9"}""")]
    [InlineData("other", """{"name":"a","other":1}""")]
    public async Task A_wrong_property_is_named(string property, string create)
    {
        var mail = refusing ??= await WrittenMail.MakeAsync(server, "mailbox-refused");
        var result = await SetAsync(mail, $$$"""{"create":{"k":{{{create}}}}}""");
        Assert.Null(result["created"]);
        Assert.Equal("invalidProperties", (string)result["notCreated"]!["k"]!["type"]!);
        Assert.Equal([property], result["notCreated"]!["k"]!["properties"]!.AsArray().Select(p => (string)p!));
    }

    private static WrittenMail? refusing;

    [Fact]
    public async Task A_name_or_a_role_is_taken_once()
    {
        var mail = await WrittenMail.MakeAsync(server, "mailbox-taken");
        var (a, b) = (await mail.MakeFolderAsync("a"), await mail.MakeFolderAsync("b"));
        Assert.Equal(["name"], await NotUpdatedAsync(mail, b, """{"name":"a"}"""));
        Assert.Equal(["parentId"], await NotUpdatedAsync(mail, a, $$"""{"parentId":"{{a}}"}"""));
        var taken = (await (await mail.FoldersAsync()).ListFoldersAsync()).Any(f => f.SpecialUse == "\\Trash");
        var first = await SetAsync(mail, $$$"""{"update":{"{{{a}}}":{"role":"trash"} }}""");
        Assert.Equal(taken, first["updated"] is null);
        Assert.Equal(["role"], await NotUpdatedAsync(mail, b, """{"role":"trash"}"""));
        Assert.Equal(["unreadEmails"], await NotUpdatedAsync(mail, b, """{"unreadEmails":3}"""));
        Assert.Equal(["role"], await NotUpdatedAsync(mail, mail.Inbox, """{"role":"sent"}"""));
        Assert.Equal("forbidden", (string)(await SetAsync(mail, $$$"""{"update":{"{{{mail.Inbox}}}":{"name":"other"} }}"""))["notUpdated"]![mail.Inbox]!["type"]!);
        Assert.Equal("invalidPatch", (string)(await SetAsync(mail, $$$"""{"update":{"{{{a}}}":{"name/x":"other"} }}"""))["notUpdated"]![a]!["type"]!);
        Assert.Equal("notFound", (string)(await SetAsync(mail, """{"update":{"f88":{"name":"other"} }}"""))["notUpdated"]!["f88"]!["type"]!);
    }

    [Fact]
    public async Task What_is_not_empty_is_destroyed_only_where_the_client_says_so()
    {
        var mail = await WrittenMail.MakeAsync(server, "mailbox-destroy");
        var created = (await SetAsync(mail, """{"create":{"a":{"name":"a"},"b":{"name":"b","parentId":"#a"}}}"""))["created"]!;
        var (a, b) = ((string)created["a"]!["id"]!, (string)created["b"]!["id"]!);
        var only = (string)(await mail.CreateAsync($$$"""{"mailboxIds":{"{{{b}}}":true}}"""))["id"]!;
        var both = (string)(await mail.CreateAsync($$$"""{"mailboxIds":{"{{{b}}}":true,"{{{mail.Inbox}}}":true}}"""))["id"]!;
        Assert.Equal("mailboxHasChild", await NotDestroyedAsync(mail, a));
        Assert.Equal("mailboxHasEmail", await NotDestroyedAsync(mail, b));
        Assert.Equal("forbidden", await NotDestroyedAsync(mail, mail.Inbox));
        Assert.Equal("notFound", await NotDestroyedAsync(mail, "f88"));
        Assert.Equal("notFound", await NotDestroyedAsync(mail, "nonsense"));
        var result = await SetAsync(mail, $$$"""{"destroy":["{{{a}}}","{{{b}}}"],"onDestroyRemoveEmails":true,"update":{"{{{a}}}":{"name":"x"} }}""");
        Assert.Equal([b, a], result["destroyed"]!.AsArray().Select(id => (string)id!));
        Assert.Equal("willDestroy", (string)result["notUpdated"]![a]!["type"]!);
        Assert.Null(await mail.FindAsync(only));
        Assert.Equal(1, Assert.Single((await mail.FindAsync(both))!.Folders));
    }

    [Fact]
    public async Task An_old_state_is_refused()
    {
        var mail = await WrittenMail.MakeAsync(server, "mailbox-state");
        var before = await mail.StateAsync();
        await SetAsync(mail, $$$$"""{"ifInState":"{{{{before}}}}","create":{"a":{"name":"a"}}}""");
        Assert.Equal("stateMismatch", await mail.Client.FailAsync("Mailbox/set", JsonNode.Parse($$$$"""{"ifInState":"{{{{before}}}}","create":{"b":{"name":"b"}}}""")!.AsObject()));
    }

    private static Task<JsonObject> SetAsync(WrittenMail mail, string arguments) => mail.Client.CallAsync("Mailbox/set", JsonNode.Parse(arguments)!.AsObject());

    private static async Task<IEnumerable<string>> NotUpdatedAsync(WrittenMail mail, string id, string patch)
    {
        var result = await SetAsync(mail, $$$"""{"update":{"{{{id}}}":{{{patch}}}}}""");
        Assert.True(result["notUpdated"] is not null, result.ToJsonString());
        return result["notUpdated"]![id]!["properties"]?.AsArray().Select(p => (string)p!) ?? [];
    }

    private static async Task<string> NotDestroyedAsync(WrittenMail mail, string id) => (string)(await SetAsync(mail, $$"""{"destroy":["{{id}}"]}"""))["notDestroyed"]![id]!["type"]!;

    private static FolderInfo Named(IReadOnlyList<FolderInfo> folders, JsonObject created) => folders.Single(f => ObjectIds.OfFolder(f.Id) == (string)created["id"]!);
}
