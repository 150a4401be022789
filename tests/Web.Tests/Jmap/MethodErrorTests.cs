using System.Net;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap;
using MailCloud.Web.Tests.Jmap.Mail;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>Errors of methods (RFC 8620 §3.6.2) that no argument causes: who asks may not, and what is asked does not answer, or only at first.</summary>
[Collection(nameof(WebServer))]
public sealed class MethodErrorTests(WebServer server)
{
    /// <summary>What each is given beside the account; for who may only read it does not matter.</summary>
    private static readonly string[] changing =
    [
        "Blob/copy", "Blob/upload", "Email/copy", "Email/import", "Email/set", "EmailSubmission/set", "Identity/set", "Mailbox/set", "VacationResponse/set",
    ];

    [Fact]
    public async Task Who_may_only_read_changes_nothing()
    {
        var owner = await WrittenMail.MakeAsync(server, "error-readonly");
        var id = (string)(await owner.CreateAsync("{}"))["id"]!;
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", $$"""{"role":"user","address":"{{owner.Client.Address}}","name":"reader","readOnly":true}""");
        var reader = JmapClient.ByToken(server, owner.Client.Address, made.GetProperty("secret").GetString()!);
        Assert.True((bool)(await reader.GetSessionAsync())["accounts"]![reader.Account]!["isReadOnly"]!);

        // Each that may change something of an account is here, so that a new one is thought of.
        Assert.Equal(changing, JmapMethods.All.Values.Where(method => method.Changes).Select(method => method.Name).Order(StringComparer.Ordinal));
        var before = await owner.StateAsync();
        foreach (var method in changing)
        {
            Assert.Equal("accountReadOnly", await reader.FailAsync(method));
            Assert.Equal("accountReadOnly", await reader.FailAsync(method, new() { ["create"] = new JsonObject(), ["destroy"] = new JsonArray(id) }));

            // Of an account that is not there it is not said whether it may be changed.
            Assert.Equal("accountNotFound", await reader.FailAsync(method, new() { ["accountId"] = "a0", ["fromAccountId"] = reader.Account }));
        }

        Assert.Equal(before, await owner.StateAsync());
        Assert.Single((await reader.CallAsync("Email/get", new() { ["ids"] = new JsonArray(id) }))["list"]!.AsArray());

        // A push subscription is of no account (RFC 8620 §7.2).
        var response = await reader.RunAsync([new JsonArray("PushSubscription/set", new JsonObject(), "c")]);
        Assert.Equal("PushSubscription/set", (string)response["methodResponses"]![0]![0]!);
    }

    [Fact]
    public async Task What_fails_in_the_middle_is_told_as_partly_done()
    {
        var mail = await WrittenMail.MakeAsync(server, "error-partial");
        var account = (await JmapAccounts.FindAsync(server, mail.Client.Address)).Value;
        var blob = await mail.Client.UploadAsync("Subject: s\r\n\r\n"u8.ToArray());
        var email = $$$"""{"mailboxIds":{"{{{mail.Inbox}}}":true}}""";
        var import = $$$"""{"blobId":"{{{blob}}}","mailboxIds":{"{{{mail.Inbox}}}":true}}""";
        var identity = $$"""{"email":"{{mail.Client.Address}}"}""";

        using (server.Failing.Fail<IEmailGrain>(account, nameof(IEmailGrain.AddAsync), let: 1))
        {
            Assert.Equal("serverPartialFail", await mail.Client.FailAsync("Email/set", Two("create", email)));
        }

        using (server.Failing.Fail<IEmailGrain>(account, nameof(IEmailGrain.AddAsync), let: 1))
        {
            Assert.Equal("serverPartialFail", await mail.Client.FailAsync("Email/import", Two("emails", import)));
        }

        using (server.Failing.Fail<IEmailGrain>(account, nameof(IEmailGrain.UpdateAsync)))
        {
            var both = Two("create", email);
            both["create"]!.AsObject().Remove("b");
            both["destroy"] = new JsonArray($"e{Guid.NewGuid():N}");
            Assert.Equal("serverPartialFail", await mail.Client.FailAsync("Email/set", both));
        }

        using (server.Failing.Fail<IEmailGrain>(account, nameof(IEmailGrain.AddFolderAsync), let: 1))
        {
            var folders = new JsonObject { ["a"] = new JsonObject { ["name"] = "one" }, ["b"] = new JsonObject { ["name"] = "two" } };
            Assert.Equal("serverPartialFail", await mail.Client.FailAsync("Mailbox/set", new() { ["create"] = folders }));
        }

        using (server.Failing.Fail<ISubmissionsGrain>(account, nameof(ISubmissionsGrain.PutIdentityAsync), let: 1))
        {
            Assert.Equal("serverPartialFail", await mail.Client.FailAsync("Identity/set", Two("create", identity)));
        }

        // RFC 8620 §3.6.2: the client finds out what was done. It is whole, and all of it.
        Assert.Equal(3, (await mail.Client.CallAsync("Email/query"))["ids"]!.AsArray().Count);
        Assert.Contains("one", (await mail.Client.CallAsync("Mailbox/get"))["list"]!.AsArray().Select(folder => (string)folder!["name"]!));
        Assert.Equal(2, (await mail.Client.CallAsync("Identity/get"))["list"]!.AsArray().Count);
    }

    [Fact]
    public async Task What_fails_before_anything_was_done_is_unavailable()
    {
        var mail = await WrittenMail.MakeAsync(server, "error-unavailable");
        var account = (await JmapAccounts.FindAsync(server, mail.Client.Address)).Value;
        using (server.Failing.Fail<IEmailGrain>(account))
        using (server.Failing.Fail<ISubmissionsGrain>(account))
        {
            foreach (var (method, arguments) in ((string, string)[])[
                ("Email/set", $$$$$"""{"create":{"a":{"mailboxIds":{"{{{{{mail.Inbox}}}}}":true}}}}"""), ("Email/get", """{"ids":["e00000000000000000000000000000001"]}"""), ("Mailbox/get", "{}"),
                ("Email/changes", """{"sinceState":"1"}"""), ("Identity/set", """{"create":{"a":{}}}""")])
            {
                Assert.Equal("serverUnavailable", await mail.Client.FailAsync(method, JsonNode.Parse(arguments)!.AsObject()));
            }
        }

        Assert.Empty((await mail.Client.CallAsync("Email/query"))["ids"]!.AsArray());
    }

    [Fact]
    public async Task An_Email_is_put_into_so_many_mailboxes_and_no_more()
    {
        // RFC 8621 §4.6: tooManyMailboxes.
        var mail = await WrittenMail.MakeAsync(server, "error-folders");
        var most = (int)(await mail.Client.GetSessionAsync())["accounts"]![mail.Client.Account]!["accountCapabilities"]![JmapClient.Mail]!["maxMailboxesPerEmail"]!;
        var create = new JsonObject(Enumerable.Range(0, most).Select(i => KeyValuePair.Create($"f{i}", (JsonNode?)new JsonObject { ["name"] = $"folder {i}" })));
        var made = (await mail.Client.CallAsync("Mailbox/set", new() { ["create"] = create }))["created"]!.AsObject();
        var all = new JsonObject([.. made.Select(folder => KeyValuePair.Create((string)folder.Value!["id"]!, (JsonNode?)true)), KeyValuePair.Create(mail.Inbox, (JsonNode?)true)]);
        Assert.Equal(most + 1, all.Count);
        Assert.Equal("tooManyMailboxes", (string)(await mail.RefuseAsync(new JsonObject { ["mailboxIds"] = all.DeepClone() }.ToJsonString()))["type"]!);

        var fewer = all.DeepClone().AsObject();
        fewer.Remove(mail.Inbox);
        var id = (string)(await mail.CreateAsync(new JsonObject { ["mailboxIds"] = fewer }.ToJsonString()))["id"]!;
        Assert.Equal(most, (await mail.FindAsync(id))!.Folders.Length);
        foreach (var patch in (JsonObject[])[new() { ["mailboxIds"] = all }, new() { [$"mailboxIds/{mail.Inbox}"] = true }])
        {
            var result = await mail.Client.CallAsync("Email/set", new() { ["update"] = new JsonObject { [id] = patch } });
            Assert.Equal("tooManyMailboxes", (string)result["notUpdated"]![id]!["type"]!);
        }

        Assert.Equal(most, (await mail.FindAsync(id))!.Folders.Length);
        var moved = new JsonObject { [$"mailboxIds/{mail.Inbox}"] = true, [$"mailboxIds/{(string)made.First().Value!["id"]!}"] = null };
        Assert.NotNull((await mail.Client.CallAsync("Email/set", new() { ["update"] = new JsonObject { [id] = moved } }))["updated"]);

        var blob = await mail.Client.UploadAsync("Subject: s\r\n\r\n"u8.ToArray());
        var imported = await mail.Client.CallAsync("Email/import", new() { ["emails"] = new JsonObject { ["k"] = new JsonObject { ["blobId"] = blob, ["mailboxIds"] = all.DeepClone() } } });
        Assert.Equal("tooManyMailboxes", (string)imported["notCreated"]!["k"]!["type"]!);
    }

    [Fact]
    public async Task What_the_server_did_not_expect_is_told_without_a_word_of_it()
    {
        var client = await JmapClient.MakeAsync(server, "error-fault");
        var account = (await JmapAccounts.FindAsync(server, client.Address)).Value;
        using (server.Failing.GiveNothing<IVacationGrain>(account, nameof(IVacationGrain.GetAsync)))
        {
            var (name, result) = await client.TryCallAsync("VacationResponse/get");
            Assert.Equal(("error", "serverFail"), (name, (string)result["type"]!));
            Assert.DoesNotContain("Exception", result.ToJsonString(), StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("reference", result.ToJsonString(), StringComparison.OrdinalIgnoreCase);

            // The calls beside it are answered.
            var response = await client.RunAsync([new JsonArray("VacationResponse/get", new JsonObject { ["accountId"] = client.Account }, "a"), new JsonArray("Core/echo", new JsonObject(), "b")]);
            Assert.Equal(["error a", "Core/echo b"], response["methodResponses"]!.AsArray().Select(each => $"{each![0]} {each[2]}"));
        }
    }

    private static JsonObject Two(string argument, string json) => new() { [argument] = new JsonObject { ["a"] = JsonNode.Parse(json), ["b"] = JsonNode.Parse(json) } };
}
