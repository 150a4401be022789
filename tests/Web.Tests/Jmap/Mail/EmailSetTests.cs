using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Email/set beside what it makes: updates, destroys, states and errors (RFC 8620 §5.3, RFC 8621 §4.6).</summary>
[Collection(nameof(WebServer))]
public sealed class EmailSetTests(WebServer server)
{
    [Fact]
    public async Task Keywords_and_mailboxes_are_patched_or_replaced()
    {
        var mail = await WrittenMail.MakeAsync(server, "set-patch");
        var (a, b) = (await mail.MakeFolderAsync("a"), await mail.MakeFolderAsync("b"));
        var id = (string)(await mail.CreateAsync("""{"keywords":{"$Draft":true}}"""))["id"]!;
        var result = await UpdateAsync(mail, id, $$"""{"keywords/$seen":true,"keywords/$draft":null,"keywords/todo~1later":true,"mailboxIds/{{a}}":true}""");
        Assert.Null(result["updated"]![id]);
        var record = (await mail.FindAsync(id))!;
        Assert.Equal([Folder(mail.Inbox), Folder(a)], record.Folders);
        Assert.Equal(MessageFlags.Seen, record.Flags & MessageFlags.System);
        Assert.Equal(["todo/later"], await mail.KeywordsAsync());
        await UpdateAsync(mail, id, $$$"""{"keywords":{"$FLAGGED":true},"mailboxIds":{"{{{b}}}":true}}""");
        record = (await mail.FindAsync(id))!;
        Assert.Equal([Folder(b)], record.Folders);
        Assert.Equal(MessageFlags.Flagged, record.Flags);
        await UpdateAsync(mail, id, """{"keywords":null}""");
        Assert.Equal(MessageFlags.None, (await mail.FindAsync(id))!.Flags);
    }

    [Fact]
    public async Task Creations_are_referred_to_and_come_before_updates_and_destroys()
    {
        var mail = await WrittenMail.MakeAsync(server, "set-order");
        var old = (string)(await mail.CreateAsync("{}"))["id"]!;
        var response = await mail.Client.RunAsync(JsonNode.Parse($$"""
            [ [ "Mailbox/set", { "accountId": "{{mail.Client.Account}}", "create": { "m": { "name": "made" } } }, "0" ],
              [ "Email/set", { "accountId": "{{mail.Client.Account}}", "create": { "e": { "mailboxIds": { "#m": true }, "subject": "one" } },
                "update": { "#e": { "keywords/$seen": true }, "{{old}}": { "keywords/$seen": true } }, "destroy": [ "{{old}}", "{{old}}" ] }, "1" ] ]
            """)!.AsArray());
        var set = response["methodResponses"]![1]![1]!;
        var id = (string)set["created"]!["e"]!["id"]!;
        Assert.True(set["updated"]!.AsObject().ContainsKey(id), set.ToJsonString());
        Assert.Equal("willDestroy", (string)set["notUpdated"]![old]!["type"]!);
        Assert.Equal([old], set["destroyed"]!.AsArray().Select(d => (string)d!));
        Assert.Equal(MessageFlags.Seen, (await mail.FindAsync(id))!.Flags);
        Assert.Null(await mail.FindAsync(old));
    }

    [Fact]
    public async Task States_join_and_an_old_one_is_refused()
    {
        var mail = await WrittenMail.MakeAsync(server, "set-states");
        var before = await mail.StateAsync();
        var result = await mail.Client.CallAsync("Email/set", new() { ["ifInState"] = before, ["create"] = JsonNode.Parse($$$$"""{"a":{"mailboxIds":{"{{{{mail.Inbox}}}}":true}},"b":{"mailboxIds":{"{{{{mail.Inbox}}}}":true}}}""") });
        Assert.Equal((before, await mail.StateAsync()), ((string)result["oldState"]!, (string)result["newState"]!));
        Assert.Equal(2, result["created"]!.AsObject().Count);
        Assert.Null(result["notCreated"]);
        Assert.Equal("stateMismatch", await mail.Client.FailAsync("Email/set", new() { ["ifInState"] = before, ["destroy"] = new JsonArray() }));
        Assert.Equal("stateMismatch", await mail.Client.FailAsync("Email/set", new() { ["ifInState"] = "nonsense" }));
        var nothing = await mail.Client.CallAsync("Email/set", new() { ["create"] = null });
        Assert.Equal((string)nothing["oldState"]!, (string)nothing["newState"]!);
    }

    [Theory]
    [InlineData("invalidPatch", null, """{"keywords":{},"keywords/$seen":true}""")]
    [InlineData("invalidPatch", null, """{"keywords/a/b":true}""")]
    [InlineData("invalidPatch", null, """{"nothing/a":true}""")]
    [InlineData("invalidPatch", null, """7""")]
    [InlineData("invalidProperties", "keywords", """{"keywords/$seen":false}""")]
    [InlineData("invalidProperties", "keywords", """{"keywords/a b":true}""")]
    [InlineData("invalidProperties", "mailboxIds", """{"mailboxIds":{}}""")]
    [InlineData("invalidProperties", "mailboxIds", """{"mailboxIds/f99":true}""")]
    [InlineData("invalidProperties", "mailboxIds", """{"mailboxIds/#no":true}""")]
    [InlineData("invalidProperties", "mailboxIds", """{"mailboxIds/f1":null}""")]
    [InlineData("invalidProperties", "subject", """{"subject":"other"}""")]
    [InlineData("invalidProperties", "receivedAt", """{"receivedAt":"2018-07-10T01:05:08Z"}""")]
    public async Task A_wrong_patch_changes_nothing(string type, string? property, string patch)
    {
        var mail = patched ??= await WrittenMail.MakeAsync(server, "set-wrong");
        var id = (string)(await mail.CreateAsync("{}"))["id"]!;
        var result = await UpdateAsync(mail, id, patch.Replace("\"f1\"", $"\"{mail.Inbox}\"", StringComparison.Ordinal).Replace("/f1", $"/{mail.Inbox}", StringComparison.Ordinal));
        var error = result["notUpdated"]![id]!;
        Assert.Equal(type, (string)error["type"]!);
        Assert.Equal(property is null ? [] : [property], error["properties"]?.AsArray().Select(p => (string)p!) ?? []);
        Assert.Null(result["updated"]);
    }

    private static WrittenMail? patched;

    [Fact]
    public async Task What_is_not_there_is_told_one_by_one()
    {
        var mail = await WrittenMail.MakeAsync(server, "set-gone");
        var gone = $"e{Guid.NewGuid():N}";
        var result = await mail.Client.CallAsync("Email/set", new() { ["update"] = JsonNode.Parse($$$"""{"{{{gone}}}":{"keywords/a":true},"#x":{}}"""), ["destroy"] = new JsonArray("nonsense", $"e{Guid.NewGuid():N}") });
        Assert.Equal(["notFound", "notFound"], result["notUpdated"]!.AsObject().Select(e => (string)e.Value!["type"]!));
        Assert.Equal(["notFound", "notFound"], result["notDestroyed"]!.AsObject().Select(e => (string)e.Value!["type"]!));
    }

    [Fact]
    public async Task Limits_are_told_by_name()
    {
        var mail = await WrittenMail.MakeAsync(server, "set-limits");
        var keywords = string.Join(',', Enumerable.Range(0, 57).Select(i => $"\"k{i}\":true"));
        Assert.Equal("tooManyKeywords", (string)(await mail.RefuseAsync($$$"""{"keywords":{ {{{keywords}}} }}"""))["type"]!);
        var id = (string)(await mail.CreateAsync("{}"))["id"]!;
        Assert.Equal("tooManyKeywords", (string)(await UpdateAsync(mail, id, $$$"""{"keywords":{ {{{keywords}}} }}"""))["notUpdated"]![id]!["type"]!);
        await (await mail.FoldersAsync()).CreateAsync(new() { QuotaBytes = 100 });
        Assert.Equal("overQuota", (string)(await mail.RefuseAsync("{}"))["type"]!);
        var other = await mail.MakeFolderAsync("other");
        Assert.Equal("overQuota", (string)(await UpdateAsync(mail, id, $$"""{"mailboxIds/{{other}}":true}"""))["notUpdated"]![id]!["type"]!);
        var many = new JsonArray([.. Enumerable.Range(0, 1001).Select(i => JsonValue.Create($"e{i}"))]);
        Assert.Equal("requestTooLarge", await mail.Client.FailAsync("Email/set", new() { ["destroy"] = many }));
        Assert.Equal("invalidArguments", await mail.Client.FailAsync("Email/set", new() { ["something"] = 1 }));
        Assert.Equal("accountNotFound", await mail.Client.FailAsync("Email/set", new() { ["accountId"] = "other" }));
    }

    [Fact]
    public async Task An_Email_is_copied_between_accounts_only()
    {
        // RFC 8620 §5.4.
        var mail = await WrittenMail.MakeAsync(server, "set-copy");
        Assert.Equal("fromAccountNotFound", await mail.Client.FailAsync("Email/copy", new() { ["fromAccountId"] = "x", ["create"] = new JsonObject() }));
        Assert.Equal("invalidArguments", await mail.Client.FailAsync("Email/copy", new() { ["fromAccountId"] = mail.Client.Account, ["create"] = new JsonObject() }));
        Assert.Equal("accountNotFound", await mail.Client.FailAsync("Email/copy", new() { ["accountId"] = "x", ["fromAccountId"] = mail.Client.Account, ["create"] = new JsonObject() }));
    }

    private static Task<JsonObject> UpdateAsync(WrittenMail mail, string id, string patch) =>
        mail.Client.CallAsync("Email/set", new() { ["update"] = new JsonObject { [id] = JsonNode.Parse(patch) } });

    private static int Folder(string id) => ObjectIds.TryParseFolder(id, out var folder) ? folder : 0;
}
