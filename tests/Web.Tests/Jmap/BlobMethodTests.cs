using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>Blob/copy (RFC 8620 §6.3), Blob/upload, Blob/get and Blob/lookup (RFC 9404 §4).</summary>
[Collection(nameof(WebServer))]
public sealed class BlobMethodTests(WebServer server)
{
    [Fact]
    public async Task Blobs_are_put_together_of_text_octets_and_each_other()
    {
        // RFC 9404 §4.1.1 and §4.1.2.
        var client = await JmapClient.MakeAsync(server, "blob-upload");
        var response = await client.RunAsync(JsonNode.Parse($$"""
            [ [ "Blob/upload", { "accountId": "{{client.Account}}", "create": {
                "b4": { "data": [ { "data:asText": "The quick brown fox jumped over the lazy dog." } ], "type": "text/plain" },
                "cat": { "data": [ { "data:asText": "How" }, { "blobId": "#b4", "length": 7, "offset": 3 }, { "data:asBase64": "d2Fz" }, { "data:asText": " t" }, { "blobId": "#b4", "length": 1, "offset": 1 }, { "data:asBase64": "YXQ/" } ] } } }, "S4" ],
              [ "Blob/get", { "accountId": "{{client.Account}}", "properties": [ "data:asText", "size" ], "ids": [ "#cat" ] }, "G4" ] ]
            """)!.AsArray());
        var created = response["methodResponses"]![0]![1]!["created"]!;
        Assert.Equal(("text/plain", 45), ((string)created["b4"]!["type"]!, (int)created["b4"]!["size"]!));
        Assert.Equal("application/octet-stream", (string)created["cat"]!["type"]!);
        var got = response["methodResponses"]![1]![1]!["list"]![0]!;
        Assert.Equal("How quick was that?", (string)got["data:asText"]!);
        Assert.Equal(((string)created["cat"]!["id"]!, 19), ((string)got["id"]!, (int)got["size"]!));
        Assert.Equal("How quick was that?"u8.ToArray(), (await client.DownloadAsync((string)created["cat"]!["id"]!)).Body);
    }

    [Theory]
    [InlineData("""{"data":[]}""")]
    [InlineData("""{"type":"text/plain"}""")]
    [InlineData("""{"data":[{}]}""")]
    [InlineData("""{"data":[{"data:asText":"a","data:asBase64":"YQ=="}]}""")]
    [InlineData("""{"data":[{"data:asBase64":"?"}]}""")]
    [InlineData("""{"data":[{"data:asText":1}]}""")]
    [InlineData("""{"data":[{"blobId":"u00000000000000000000000000000001"}]}""")]
    [InlineData("""{"data":[{"blobId":"#none"}]}""")]
    [InlineData("""{"data":[{"blobId":"#ten","offset":8,"length":3}]}""")]
    [InlineData("""{"data":[{"blobId":"#ten","offset":11}]}""")]
    [InlineData("""{"data":[{"blobId":"#ten","offset":-1}]}""")]
    [InlineData("""{"data":[{"data:asText":"a"}],"type":1}""")]
    [InlineData("""{"data":[{"data:asText":"a"}],"size":1}""")]
    [InlineData("5")]
    public async Task What_makes_no_blob_is_not_made(string upload)
    {
        var client = await JmapClient.MakeAsync(server, "blob-bad");
        var create = new JsonObject { ["ten"] = JsonNode.Parse("""{"data":[{"data:asText":"0123456789"}]}"""), ["bad"] = JsonNode.Parse(upload) };
        var result = await client.CallAsync("Blob/upload", new() { ["create"] = create });
        Assert.True(result["created"]!.AsObject().ContainsKey("ten"));
        Assert.Equal("invalidProperties", (string)result["notCreated"]!["bad"]!["type"]!);
    }

    [Fact]
    public async Task Limits_are_those_of_the_session()
    {
        var client = await JmapClient.MakeAsync(server, "blob-limits");
        var most = (await client.GetSessionAsync())["accounts"]![client.Account]!["accountCapabilities"]![JmapClient.Blob]!;
        var sources = Enumerable.Range(0, (int)most["maxDataSources"]!).Select(_ => (JsonNode)new JsonObject { ["data:asText"] = "x" });
        var whole = new JsonObject { ["data"] = new JsonArray([.. sources]) };
        var more = whole.DeepClone().AsObject();
        more["data"]!.AsArray().Add(new JsonObject { ["data:asText"] = "x" });
        var blob = await client.UploadAsync(new byte[(int)most["maxSizeBlobSet"]!]);
        var large = new JsonObject { ["data"] = new JsonArray(new JsonObject { ["blobId"] = blob }, new JsonObject { ["data:asText"] = "x" }) };
        var result = await client.CallAsync("Blob/upload", new() { ["create"] = new JsonObject { ["whole"] = whole, ["more"] = more, ["large"] = large } });
        Assert.Equal(["whole"], result["created"]!.AsObject().Select(each => each.Key));
        Assert.Equal(["invalidProperties", "tooLarge"], ((string[])["more", "large"]).Select(name => (string)result["notCreated"]![name]!["type"]!));
        Assert.Equal("requestTooLarge", await client.FailAsync("Blob/get", new() { ["ids"] = new JsonArray(blob) }));
        var sized = await client.CallAsync("Blob/get", new() { ["ids"] = new JsonArray(blob), ["properties"] = new JsonArray("size") });
        Assert.Equal((int)most["maxSizeBlobSet"]!, (int)sized["list"]![0]!["size"]!);
    }

    [Fact]
    public async Task Octets_are_given_as_text_if_they_are_text()
    {
        // RFC 9404 §4.2.
        var client = await JmapClient.MakeAsync(server, "blob-get");
        byte[] text = Encoding.UTF8.GetBytes("Grüße, 世界"), binary = [0xFF, 0, 1];
        var (one, other) = (await client.UploadAsync(text), await client.UploadAsync(binary));
        var result = await client.CallAsync("Blob/get", new() { ["ids"] = new JsonArray(one, other, "u1", one) });
        Assert.True(JsonNode.DeepEquals(
            new JsonArray(
                new JsonObject { ["id"] = one, ["data:asText"] = "Grüße, 世界", ["size"] = text.Length },
                new JsonObject { ["id"] = other, ["data:asBase64"] = "/wAB", ["isEncodingProblem"] = true, ["size"] = 3 }),
            result["list"]), result.ToJsonString());
        Assert.Equal("u1", (string)result["notFound"]!.AsArray().Single()!);

        result = await client.CallAsync("Blob/get", new() { ["ids"] = new JsonArray(other), ["properties"] = new JsonArray("data:asText", "digest:sha", "digest:sha-256", "digest:sha-512") });
        var asked = result["list"]![0]!.AsObject();
        Assert.True(asked.ContainsKey("data:asText") && asked["data:asText"] is null && (bool)asked["isEncodingProblem"]!);
        Assert.Equal("JwZbDCgyE492TJwfpfnK/BgLLyQ=", (string)asked["digest:sha"]!);
        Assert.Equal(Convert.ToBase64String(SHA256.HashData(binary)), (string)asked["digest:sha-256"]!);
        Assert.Equal(Convert.ToBase64String(SHA512.HashData(binary)), (string)asked["digest:sha-512"]!);
        Assert.False(asked.ContainsKey("size"));
        Assert.Equal("invalidArguments", await client.FailAsync("Blob/get", new() { ["ids"] = new JsonArray(one), ["properties"] = new JsonArray("digest:md5") }));
        Assert.Equal("invalidArguments", await client.FailAsync("Blob/get", new() { ["ids"] = new JsonArray(one), ["other"] = 1 }));
        Assert.Equal("invalidArguments", await client.FailAsync("Blob/get"));
    }

    [Theory]
    [InlineData(4, 9, "quick bro", false)]
    [InlineData(0, null, "The quick brown fox", false)]
    [InlineData(16, null, "fox", false)]
    [InlineData(16, 10, "fox", true)]
    [InlineData(19, null, "", false)]
    [InlineData(20, null, "", true)]
    [InlineData(3, 0, "", false)]
    public async Task A_range_is_given_and_hashed(int offset, int? length, string text, bool isTruncated)
    {
        var client = await JmapClient.MakeAsync(server, "blob-range");
        var blob = await client.UploadAsync("The quick brown fox"u8.ToArray());
        var result = await client.CallAsync(
            "Blob/get", new() { ["ids"] = new JsonArray(blob), ["offset"] = offset, ["length"] = length, ["properties"] = new JsonArray("data:asText", "digest:sha-256", "size") });
        var got = result["list"]![0]!;
        Assert.Equal((text, 19, isTruncated), ((string)got["data:asText"]!, (int)got["size"]!, (bool?)got["isTruncated"] ?? false));
        Assert.Equal(Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text))), (string)got["digest:sha-256"]!);
    }

    [Fact]
    public async Task A_response_ends_when_it_has_enough()
    {
        var client = await JmapClient.MakeAsync(server, "blob-response");
        var blob = await client.UploadAsync(Enumerable.Repeat((byte)0xFF, 9_000_000).ToArray());
        var calls = Enumerable.Range(0, 10).Select(i => (JsonNode)new JsonArray("Blob/get", new JsonObject { ["accountId"] = client.Account, ["ids"] = new JsonArray(blob) }, $"{i}"));
        var names = (await client.RunAsync(new([.. calls])))["methodResponses"]!.AsArray().Select(each => (string?)each![1]!["type"] ?? (string)each[0]!).ToList();
        Assert.Equal([.. Enumerable.Repeat("Blob/get", 5), .. Enumerable.Repeat("requestTooLarge", 5)], names);
    }

    [Fact]
    public async Task A_copy_is_of_the_one_account_there_is()
    {
        var client = await JmapClient.MakeAsync(server, "blob-copy");
        var blob = await client.UploadAsync([1]);
        var result = await client.CallAsync("Blob/copy", new() { ["fromAccountId"] = client.Account, ["blobIds"] = new JsonArray(blob, "u1") });
        Assert.Equal(blob, (string)result["copied"]![blob]!);
        Assert.Equal("notFound", (string)result["notCopied"]!["u1"]!["type"]!);
        Assert.Equal("fromAccountNotFound", await client.FailAsync("Blob/copy", new() { ["fromAccountId"] = "aother", ["blobIds"] = new JsonArray(blob) }));
        Assert.Equal("accountNotFound", await client.FailAsync("Blob/copy", new() { ["fromAccountId"] = client.Account, ["accountId"] = "aother", ["blobIds"] = new JsonArray(blob) }));
    }

    [Fact]
    public async Task An_upload_is_of_nothing_yet()
    {
        var client = await JmapClient.MakeAsync(server, "blob-lookup");
        var blob = await client.UploadAsync([1]);
        var result = await client.CallAsync("Blob/lookup", new() { ["typeNames"] = new JsonArray("Mailbox", "Thread", "Email"), ["ids"] = new JsonArray(blob, "u1") });

        // RFC 9404 §4.3: what there is not matches nothing as well.
        var nothing = new JsonObject { ["Mailbox"] = new JsonArray(), ["Thread"] = new JsonArray(), ["Email"] = new JsonArray() };
        Assert.True(JsonNode.DeepEquals(
            new JsonArray(new JsonObject { ["id"] = blob, ["matchedIds"] = nothing }, new JsonObject { ["id"] = "u1", ["matchedIds"] = nothing.DeepClone() }),
            result["list"]), result.ToJsonString());
        Assert.Equal("u1", (string)result["notFound"]!.AsArray().Single()!);
        Assert.Equal("unknownDataType", await client.FailAsync("Blob/lookup", new() { ["typeNames"] = new JsonArray("Contact"), ["ids"] = new JsonArray(blob) }));
        Assert.Equal("unknownDataType", await client.FailAsync("Blob/lookup", new() { ["typeNames"] = new JsonArray("Email"), ["ids"] = new JsonArray(blob) }, [JmapClient.Core, JmapClient.Blob]));
    }

    [Theory]
    [InlineData("Blob/get", """{ "ids": "u1" }""")]
    [InlineData("Blob/get", """{ "ids": [1] }""")]
    [InlineData("Blob/get", """{ "properties": ["size"] }""")]
    [InlineData("Blob/get", """{ "ids": [], "properties": "size" }""")]
    [InlineData("Blob/get", """{ "ids": [], "properties": ["none"] }""")]
    [InlineData("Blob/get", """{ "ids": [], "properties": ["digest:"] }""")]
    [InlineData("Blob/get", """{ "ids": [], "properties": ["digest:SHA"] }""")]
    [InlineData("Blob/get", """{ "ids": [], "offset": -1 }""")]
    [InlineData("Blob/get", """{ "ids": [], "offset": "1" }""")]
    [InlineData("Blob/get", """{ "ids": [], "length": 1.5 }""")]
    [InlineData("Blob/get", """{ "ids": [], "length": 9007199254740992 }""")]
    [InlineData("Blob/get", """{ "ids": [], "none": null }""")]
    [InlineData("Blob/lookup", """{ "ids": [] }""")]
    [InlineData("Blob/lookup", """{ "typeNames": ["Email"] }""")]
    [InlineData("Blob/lookup", """{ "typeNames": "Email", "ids": [] }""")]
    [InlineData("Blob/lookup", """{ "typeNames": [null], "ids": [] }""")]
    [InlineData("Blob/lookup", """{ "typeNames": ["Email"], "ids": {} }""")]
    [InlineData("Blob/lookup", """{ "typeNames": ["Email"], "ids": [], "none": 1 }""")]
    [InlineData("Blob/upload", "{}")]
    [InlineData("Blob/upload", """{ "create": [] }""")]
    [InlineData("Blob/upload", """{ "create": {}, "update": {} }""")]
    [InlineData("Blob/copy", """{ "blobIds": [] }""")]
    [InlineData("Blob/copy", """{ "fromAccountId": "OWN" }""")]
    [InlineData("Blob/copy", """{ "fromAccountId": "OWN", "blobIds": "x" }""")]
    [InlineData("Blob/copy", """{ "fromAccountId": "OWN", "blobIds": [], "none": 1 }""")]
    public async Task Arguments_are_checked(string method, string arguments)
    {
        var client = await JmapClient.MakeAsync(server, "blob-arguments");
        Assert.Equal("invalidArguments", await client.FailAsync(method, JsonNode.Parse(arguments.Replace("OWN", client.Account, StringComparison.Ordinal))!.AsObject()));
    }

    [Theory]
    [InlineData("Blob/get", """{ "ids": ["u1"] }""", "ids")]
    [InlineData("Blob/lookup", """{ "typeNames": ["Email"], "ids": ["u1"] }""", "ids")]
    [InlineData("Blob/copy", """{ "fromAccountId": "OWN", "blobIds": ["u1"] }""", "blobIds")]
    [InlineData("Blob/upload", """{ "create": {} }""", "create")]
    public async Task More_than_one_call_takes_is_too_large_and_the_account_is_the_users_own(string method, string arguments, string many)
    {
        var client = await JmapClient.MakeAsync(server, "blob-arguments");
        var json = JsonNode.Parse(arguments.Replace("OWN", client.Account, StringComparison.Ordinal))!.AsObject();
        await client.CallAsync(method, json.DeepClone().AsObject());
        var other = json.DeepClone().AsObject();
        other["accountId"] = "a0";
        Assert.Equal("accountNotFound", await client.FailAsync(method, other));
        var names = Enumerable.Range(0, 1001).Select(i => $"x{i}").ToList();
        json[many] = many == "create" ? new JsonObject(names.Select(name => KeyValuePair.Create(name, (JsonNode?)null))) : new JsonArray([.. names.Select(name => JsonValue.Create(name))]);
        Assert.Equal("requestTooLarge", await client.FailAsync(method, json));
    }

    [Fact]
    public async Task What_is_asked_for_by_name_is_said_also_where_it_is_not_so()
    {
        var client = await JmapClient.MakeAsync(server, "blob-flags");
        var blob = await client.UploadAsync("text"u8.ToArray());
        var asked = new JsonArray("id", "data", "isEncodingProblem", "isTruncated");
        var got = (await client.CallAsync("Blob/get", new() { ["ids"] = new JsonArray(blob), ["properties"] = asked.DeepClone(), ["offset"] = 1, ["length"] = 2 }))["list"]!.AsArray().Single();
        Assert.True(JsonNode.DeepEquals(new JsonObject { ["id"] = blob, ["data:asText"] = "ex", ["isEncodingProblem"] = false, ["isTruncated"] = false }, got), got!.ToJsonString());
        got = (await client.CallAsync("Blob/get", new() { ["ids"] = new JsonArray(blob), ["properties"] = asked, ["offset"] = 1, ["length"] = 20 }))["list"]!.AsArray().Single();
        Assert.True((bool)got!["isTruncated"]!);
    }

    [Fact]
    public async Task What_is_null_in_a_source_is_as_if_it_were_not_there()
    {
        // RFC 9404 §4.1.
        var client = await JmapClient.MakeAsync(server, "blob-nulls");
        var blob = await client.UploadAsync("0123456789"u8.ToArray());
        var create = JsonNode.Parse($$"""
            { "k": { "type": null, "data": [ { "data:asText": "a", "data:asBase64": null, "blobId": null }, { "blobId": "{{blob}}", "offset": null, "length": null, "data:asText": null } ] } }
            """);
        var made = await client.CallAsync("Blob/upload", new() { ["create"] = create });
        Assert.Equal("a0123456789"u8.ToArray(), (await client.DownloadAsync((string)made["created"]!["k"]!["id"]!)).Body);
    }
}
