using System.Text.Json.Nodes;
using MailCloud.Web.Tests.Jmap.Mail;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>How many octets of blobs one request has read and copied, on a server where that is 2,000,000, and one upload has half of it.</summary>
public sealed class OctetBudgetTests(OctetBudgetTests.SmallServer small) : IClassFixture<OctetBudgetTests.SmallServer>
{
    private const int Large = 900_000;

    private WebServer Server => small.Server;

    [Fact]
    public async Task Blobs_put_together_in_one_request_have_so_many_octets_and_no_more()
    {
        var client = await JmapClient.MakeAsync(Server, "budget-upload");
        var blob = await client.UploadAsync(new byte[Large]);
        var result = await UploadAsync(client, Copies(blob, "a", "b", "c"), ("text", """{"data":[{"data:asText":"x"}]}"""));
        Assert.Equal(["a", "b", "text"], result["created"]!.AsObject().Select(made => made.Key));
        Assert.Equal("rateLimit", (string)result["notCreated"]!["c"]!["type"]!);

        // In calls of one request they count together, in another request anew.
        var response = await client.RunAsync([.. ((string[])["a", "b", "c"]).Select(name => Call(client, "Blob/upload", new() { ["create"] = Creations(Copies(blob, name)) }, name))]);
        Assert.Equal([true, true, false], response["methodResponses"]!.AsArray().Select(each => each![1]!["created"] is not null));
        Assert.NotNull((await UploadAsync(client, Copies(blob, "a")))["created"]);
    }

    [Fact]
    public async Task What_is_known_to_be_too_large_is_not_begun()
    {
        // RFC 9404 §2: maxSizeBlobSet. Had the first been copied up to its limit, the others would have had no room.
        var client = await JmapClient.MakeAsync(Server, "budget-known");
        var blob = await client.UploadAsync(new byte[Large]);
        var twice = $$"""{"data":[{"blobId":"{{blob}}"},{"blobId":"{{blob}}"}]}""";
        var result = await UploadAsync(client, ("twice", twice), ("again", twice), Copies(blob, "a")[0], Copies(blob, "b")[0]);
        Assert.Equal(["a", "b"], result["created"]!.AsObject().Select(made => made.Key));
        Assert.Equal(["tooLarge", "tooLarge"], result["notCreated"]!.AsObject().Select(refused => (string)refused.Value!["type"]!));

        // An overflow is no way around it.
        var most = (1L << 53) - 1;
        result = await UploadAsync(client, [.. ((string[])["9223372036854775807", $"{most}", "1e300", "-1", "0.5"]).Select((offset, i) => ($"o{i}", $$"""{"data":[{"blobId":"{{blob}}","offset":{{offset}},"length":1}]}"""))]);
        Assert.All(result["notCreated"]!.AsObject(), refused => Assert.Equal("invalidProperties", (string)refused.Value!["type"]!));
        Assert.Equal(5, result["notCreated"]!.AsObject().Count);
    }

    [Fact]
    public async Task Emails_that_are_made_and_imported_count_too()
    {
        var mail = await WrittenMail.MakeAsync(Server, "budget-mail");
        var message = new byte[Large];
        "Subject: s\r\n\r\n"u8.CopyTo(message);
        var blob = await mail.Client.UploadAsync(message);
        var import = new JsonObject(((string[])["a", "b", "c"]).Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonObject { ["blobId"] = blob, ["mailboxIds"] = new JsonObject { [mail.Inbox] = true } })));
        var imported = await mail.Client.CallAsync("Email/import", new() { ["emails"] = import });
        Assert.Equal(["a", "b"], imported["created"]!.AsObject().Select(made => made.Key));
        Assert.Equal("rateLimit", (string)imported["notCreated"]!["c"]!["type"]!);

        var attached = await SetAsync(mail, ((string[])["a", "b", "c"]).Select(name => (name, $$"""{"attachments":[{"blobId":"{{blob}}","type":"image/png"}]}""")));
        Assert.Equal(["a", "b"], attached["created"]!.AsObject().Select(made => made.Key));
        Assert.Equal("rateLimit", (string)attached["notCreated"]!["c"]!["type"]!);

        // One text of the request, that of many parts.
        var parts = string.Join(',', Enumerable.Repeat("""{"type":"text/plain","partId":"t"}""", 30));
        var texts = await SetAsync(mail, [("a", $$$$"""{"bodyStructure":{"type":"multipart/mixed","subParts":[{{{{parts}}}}]},"bodyValues":{"t":{"value":"{{{{new string('x', 100_000)}}}}"}}}""")]);
        Assert.Equal("rateLimit", (string)texts["notCreated"]!["a"]!["type"]!);
    }

    [Fact]
    public async Task What_has_no_room_is_not_read()
    {
        // Were a message read before its room is asked for, the third of a request would be beyond what one has read.
        var mail = await WrittenMail.MakeAsync(Server, "budget-quota");
        var message = new byte[Large];
        "Subject: s\r\n\r\n"u8.CopyTo(message);
        var blob = await mail.Client.UploadAsync(message);
        await (await mail.FoldersAsync()).CreateAsync(new() { QuotaBytes = 100_000 });
        var import = new JsonObject(((string[])["a", "b", "c"]).Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonObject { ["blobId"] = blob, ["mailboxIds"] = new JsonObject { [mail.Inbox] = true } })));
        var imported = await mail.Client.CallAsync("Email/import", new() { ["emails"] = import });
        Assert.Equal(["overQuota", "overQuota", "overQuota"], imported["notCreated"]!.AsObject().Select(refused => (string)refused.Value!["type"]!));
        var attached = await SetAsync(mail, ((string[])["a", "b", "c"]).Select(name => (name, $$"""{"attachments":[{"blobId":"{{blob}}","type":"image/png"}]}""")));
        Assert.Equal(["overQuota", "overQuota", "overQuota"], attached["notCreated"]!.AsObject().Select(refused => (string)refused.Value!["type"]!));
    }

    [Fact]
    public async Task Digests_and_messages_that_are_parsed_count_too()
    {
        var client = await JmapClient.MakeAsync(Server, "budget-read");
        var message = new byte[Large];
        "Subject: s\r\n\r\n"u8.CopyTo(message);
        string[] blobs = [await client.UploadAsync(message), await client.UploadAsync(message), await client.UploadAsync(message)];
        Assert.Equal(2, (await client.CallAsync("Blob/get", new() { ["ids"] = JmapMailbox.Texts(blobs[..2]), ["properties"] = new JsonArray("digest:sha-256") }))["list"]!.AsArray().Count);
        Assert.Equal("requestTooLarge", await client.FailAsync("Blob/get", new() { ["ids"] = JmapMailbox.Texts(blobs), ["properties"] = new JsonArray("digest:sha-256") }));
        Assert.Equal(3, (await client.CallAsync("Blob/get", new() { ["ids"] = JmapMailbox.Texts(blobs), ["properties"] = new JsonArray("size") }))["list"]!.AsArray().Count);
        Assert.Equal("requestTooLarge", await client.FailAsync("Email/parse", new() { ["blobIds"] = JmapMailbox.Texts(blobs) }));
    }

    private static (string, string)[] Copies(string blob, params string[] names) => [.. names.Select(name => (name, $$"""{"data":[{"blobId":"{{blob}}"}]}"""))];

    private static JsonObject Creations(params IEnumerable<(string Name, string Json)> creations) =>
        new(creations.Select(creation => KeyValuePair.Create(creation.Name, JsonNode.Parse(creation.Json))));

    private static JsonArray Call(JmapClient client, string method, JsonObject arguments, string id)
    {
        arguments["accountId"] = client.Account;
        return [method, arguments, id];
    }

    private static Task<JsonObject> UploadAsync(JmapClient client, (string, string)[] creations, params (string, string)[] more) =>
        client.CallAsync("Blob/upload", new() { ["create"] = Creations([.. creations, .. more]) });

    private static Task<JsonObject> UploadAsync(JmapClient client, params (string, string)[] creations) => UploadAsync(client, creations, []);

    private static Task<JsonObject> SetAsync(WrittenMail mail, IEnumerable<(string Name, string Json)> creations)
    {
        var create = Creations(creations);
        foreach (var (_, email) in create)
        {
            email!["mailboxIds"] = new JsonObject { [mail.Inbox] = true };
        }

        return mail.Client.CallAsync("Email/set", new() { ["create"] = create });
    }

    public sealed class SmallServer : IAsyncLifetime
    {
        public WebServer Server { get; } = new() { Settings = [new("Web:Jmap:MaxSizeUpload", "1000000"), new("Web:Jmap:MaxOctetsRead", "2000000")] };

        public Task InitializeAsync() => Server.InitializeAsync();

        public Task DisposeAsync() => Server.DisposeAsync();
    }
}
