using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>Requests of JMAP as a whole (RFC 8620 §3): what is answered to each, and in which order.</summary>
[Collection(nameof(WebServer))]
public sealed class RequestTests(WebServer server)
{
    private const string Error = "urn:ietf:params:jmap:error:";

    [Fact]
    public async Task An_echo_gives_its_arguments_back()
    {
        // RFC 8620 §4.1.
        var client = await JmapClient.MakeAsync(server, "jmap-echo");
        var response = await client.PostAsync(JsonNode.Parse("""
            { "using": [ "urn:ietf:params:jmap:core" ], "methodCalls": [ [ "Core/echo", { "hello": true, "high": 5, "text": "Ω ~ \ud83d\ude00", "none": null }, "b3ff" ] ] }
            """)!);
        var expected = JsonNode.Parse("""[ [ "Core/echo", { "hello": true, "high": 5, "text": "Ω ~ 😀", "none": null }, "b3ff" ] ]""");
        Assert.True(JsonNode.DeepEquals(expected, response["methodResponses"]), response.ToJsonString());
        Assert.Equal((string)(await client.GetSessionAsync())["state"]!, (string)response["sessionState"]!);
        Assert.False(response.ContainsKey("createdIds"));
    }

    [Fact]
    public async Task Calls_run_in_order_each_with_its_own_answer()
    {
        // RFC 8620 §3.3.1 and §3.4.1: what is unknown fails alone.
        var client = await JmapClient.MakeAsync(server, "jmap-order");
        var response = await client.PostAsync(JsonNode.Parse("""
            { "using": [ "urn:ietf:params:jmap:core" ], "createdIds": { "k": "v" },
              "methodCalls": [ [ "Core/echo", { "a": 1 }, "c1" ], [ "method2", { "arg1": "foo" }, "c2" ], [ "Email/get", {}, "c3" ], [ "Core/echo", { "a": 2 }, "c1" ] ] }
            """)!);
        Assert.Equal(["Core/echo c1", "error c2", "error c3", "Core/echo c1"], response["methodResponses"]!.AsArray().Select(each => $"{each![0]} {each[2]}"));
        Assert.All(response["methodResponses"]!.AsArray().Skip(1).Take(2), each => Assert.Equal("unknownMethod", (string)each![1]!["type"]!));
        Assert.Equal("v", (string)response["createdIds"]!["k"]!);
    }

    [Theory]
    [InlineData("notJSON", "")]
    [InlineData("notJSON", "{")]
    [InlineData("notJSON", """{"using":[],"methodCalls":[]} {}""")]
    [InlineData("notJSON", """{"using":[],"using":[],"methodCalls":[]}""")]
    [InlineData("notJSON", """{"using":[],"methodCalls":[["Core/echo",{"a":{"b":1,"b":2}},"c"]]}""")]
    [InlineData("notJSON", """{"using":[],"methodCalls":[["Core/echo",{"a":"\ud800"},"c"]]}""")]
    [InlineData("notJSON", """{"using":[],"methodCalls":[["Core/echo",{"\udc00":1},"c"]]}""")]
    [InlineData("notRequest", "null")]
    [InlineData("notRequest", "[]")]
    [InlineData("notRequest", "{}")]
    [InlineData("notRequest", """{"using":[]}""")]
    [InlineData("notRequest", """{"using":[1],"methodCalls":[]}""")]
    [InlineData("notRequest", """{"using":"x","methodCalls":[]}""")]
    [InlineData("notRequest", """{"using":[],"methodCalls":[["Core/echo",{}]]}""")]
    [InlineData("notRequest", """{"using":[],"methodCalls":[["Core/echo",[],"c"]]}""")]
    [InlineData("notRequest", """{"using":[],"methodCalls":[["Core/echo",{},1]]}""")]
    [InlineData("notRequest", """{"using":[],"methodCalls":[],"createdIds":{"a":1}}""")]
    [InlineData("unknownCapability", """{"using":["https://example.com/apis/foobar"],"methodCalls":[]}""")]
    public async Task What_is_no_request_is_refused_as_a_whole(string error, string json) =>
        Assert.Equal((400, Error + error), await RefusalAsync(JmapClient.Json(json)));

    [Fact]
    public async Task JSON_is_UTF8_and_said_to_be_JSON()
    {
        const string request = """{"using":[],"methodCalls":[]}""";
        Assert.Equal((400, Error + "notJSON"), await RefusalAsync(new ByteArrayContent(Encoding.Latin1.GetBytes(request.Replace("[]}", """[["é",{},"c"]]}"""))) { Headers = { ContentType = new("application/json") } }));
        Assert.Equal((400, Error + "notJSON"), await RefusalAsync(new StringContent(request, Encoding.UTF8, "text/plain")));
        Assert.Equal((400, Error + "notJSON"), await RefusalAsync(new ByteArrayContent(Encoding.UTF8.GetBytes(request))));
    }

    [Fact]
    public async Task Limits_are_those_of_the_session()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-limits");
        var limits = (await client.GetSessionAsync())["capabilities"]![JmapClient.Core]!;
        var calls = Enumerable.Range(0, (int)limits["maxCallsInRequest"]!).Select(i => (JsonNode)new JsonArray("Core/echo", new JsonObject(), $"{i}")).ToArray();
        var most = new JsonObject { ["using"] = new JsonArray(JmapClient.Core), ["methodCalls"] = new JsonArray(calls) };
        Assert.Equal(calls.Length, (await client.PostAsync(most))["methodResponses"]!.AsArray().Count);
        most["methodCalls"]!.AsArray().Add(new JsonArray("Core/echo", new JsonObject(), "x"));
        Assert.Equal("maxCallsInRequest", await LimitAsync(client, JmapClient.Json(most.ToJsonString())));

        var octets = new byte[(int)limits["maxSizeRequest"]! + 1];
        Array.Fill(octets, (byte)' ');
        Assert.Equal("maxSizeRequest", await LimitAsync(client, new ByteArrayContent(octets) { Headers = { ContentType = new("application/json") } }));
        Assert.Equal("maxSizeRequest", await LimitAsync(client, new StreamContent(new Unsized(octets)) { Headers = { ContentType = new("application/json") } }));
    }

    [Fact]
    public async Task One_request_too_many_at_a_time_is_refused()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-turns");
        var other = await JmapClient.MakeAsync(server, "jmap-turns-other");
        var most = (int)(await client.GetSessionAsync())["capabilities"]![JmapClient.Core]!["maxConcurrentRequests"]!;
        var turns = (Web.Jmap.Requests.RequestTurns)server.Services.GetService(typeof(Web.Jmap.Requests.RequestTurns))!;
        var account = await JmapAccounts.FindAsync(server, client.Address);
        var taken = Enumerable.Range(0, most).Select(_ => turns.TryEnter(account, "request", most)!).ToList();
        Assert.Equal("maxConcurrentRequests", await LimitAsync(client, JmapClient.Json("""{"using":[],"methodCalls":[]}""")));
        await other.RunAsync([]);
        taken[0].Dispose();
        await client.RunAsync([]);
        taken.ForEach(turn => turn.Dispose());
    }

    [Fact]
    public async Task An_answer_that_is_not_read_has_its_place_among_the_requests()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-unread");
        var most = (int)(await client.GetSessionAsync())["capabilities"]![JmapClient.Core]!["maxConcurrentRequests"]!;
        var calls = new JsonArray { new JsonArray("Core/echo", new JsonObject { ["x"] = new string('x', 3_000_000) }, "c0") };
        for (var i = 1; i < 4; i++)
        {
            calls.Add(new JsonArray("Core/echo", new JsonObject { ["#x"] = Reference("c0", "Core/echo", "/x") }, $"c{i}"));
        }

        // Far more than the buffers of both ends hold.
        var request = new JsonObject { ["using"] = new JsonArray(JmapClient.Core), ["methodCalls"] = calls }.ToJsonString();
        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < most; i++)
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, "/jmap/api") { Content = JmapClient.Json(request) };
            message.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client.Address}:{JmapClient.Password}")));
            answers.Add(await server.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead));
        }

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal("maxConcurrentRequests", await LimitAsync(client, JmapClient.Json("""{"using":[],"methodCalls":[]}""")));
        answers.ForEach(answer => answer.Dispose());
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while ((await client.SendAsync(HttpMethod.Post, "/jmap/api", JmapClient.Json("""{"using":[],"methodCalls":[]}"""))).Status != HttpStatusCode.OK)
        {
            Assert.True(DateTime.UtcNow < deadline);
        }
    }

    [Theory]
    [InlineData("/ids", """["a","b"]""")]
    [InlineData("/list/1/id", "\"y\"")]
    [InlineData("/list/*/id", """["x","y"]""")]
    [InlineData("/list/*/threads", """["1","2","3"]""")]
    [InlineData("/list/*/deep/*/v", "[1,2,3]")]
    [InlineData("/a~1b", "5")]
    [InlineData("/~01", "6")]
    [InlineData("/*", "7")]
    [InlineData("/none", "null")]
    [InlineData("", null)]
    public async Task A_reference_takes_what_an_earlier_call_gave(string path, string? expected)
    {
        // RFC 8620 §3.7.
        const string first = """
            {"ids":["a","b"],"list":[{"id":"x","threads":["1","2"],"deep":[{"v":1},{"v":2}]},{"id":"y","threads":["3"],"deep":[{"v":3}]}],"a/b":5,"~1":6,"*":7,"none":null}
            """;
        var result = await ReferAsync(first, new JsonObject { ["#taken"] = Reference("c1", "Core/echo", path), ["own"] = 1 });
        Assert.Equal("Core/echo", (string)result[0]!);
        Assert.Equal(1, (int)result[1]!["own"]!);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected ?? first), result[1]!["taken"]), result.ToJsonString());
        Assert.False(result[1]!.AsObject().ContainsKey("#taken"));
    }

    [Theory]
    [InlineData("invalidResultReference", """{"#a":{"resultOf":"c9","name":"Core/echo","path":"/ids"}}""")]
    [InlineData("invalidResultReference", """{"#a":{"resultOf":"c1","name":"Foo/get","path":"/ids"}}""")]
    [InlineData("invalidResultReference", """{"#a":{"resultOf":"c1","name":"Core/echo","path":"/missing"}}""")]
    [InlineData("invalidResultReference", """{"#a":{"resultOf":"c1","name":"Core/echo","path":"/ids/2"}}""")]
    [InlineData("invalidResultReference", """{"#a":{"resultOf":"c1","name":"Core/echo","path":"/ids/00"}}""")]
    [InlineData("invalidResultReference", """{"#a":{"resultOf":"c1","name":"Core/echo","path":"/ids/*/x"}}""")]
    [InlineData("invalidResultReference", """{"#a":{"resultOf":"c1","name":"Core/echo","path":"ids"}}""")]
    [InlineData("invalidResultReference", """{"#a":{"resultOf":"c1","name":"Core/echo"}}""")]
    [InlineData("invalidResultReference", """{"#a":"c1"}""")]
    [InlineData("invalidArguments", """{"a":1,"#a":{"resultOf":"c1","name":"Core/echo","path":"/ids"}}""")]
    [InlineData("invalidArguments", """{"#a":{"resultOf":"c1","name":"Core/echo","path":"/ids"},"a":1}""")]
    public async Task A_reference_to_nothing_fails(string error, string arguments)
    {
        var result = await ReferAsync("""{"ids":["a","b"]}""", JsonNode.Parse(arguments)!.AsObject());
        Assert.Equal(("error", error, "c2"), ((string)result[0]!, (string)result[1]!["type"]!, (string)result[2]!));
    }

    [Fact]
    public async Task References_that_double_with_each_call_end()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-bomb");
        var calls = new JsonArray { new JsonArray("Core/echo", new JsonObject { ["x"] = new string('x', 1000) }, "c0") };
        for (var i = 1; i < 64; i++)
        {
            calls.Add(new JsonArray("Core/echo", new JsonObject { ["#a"] = Reference($"c{i - 1}", "Core/echo", ""), ["#b"] = Reference($"c{i - 1}", "Core/echo", "") }, $"c{i}"));
        }

        var responses = (await client.RunAsync(calls))["methodResponses"]!.AsArray();
        Assert.Equal(64, responses.Count);
        Assert.Equal("requestTooLarge", responses.Select(each => (string?)each![1]!["type"]).First(type => type is not null));
    }

    [Fact]
    public async Task References_to_long_numbers_end_as_those_to_texts_do()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-digits");
        var calls = new JsonArray { new JsonArray("Core/echo", new JsonObject { ["x"] = JsonNode.Parse(new string('1', 1_000_000)) }, "c0") };
        for (var i = 1; i < 16; i++)
        {
            calls.Add(new JsonArray("Core/echo", new JsonObject { ["#a"] = Reference($"c{i - 1}", "Core/echo", ""), ["#b"] = Reference($"c{i - 1}", "Core/echo", "") }, $"c{i}"));
        }

        var responses = (await client.RunAsync(calls))["methodResponses"]!.AsArray();
        Assert.Equal("requestTooLarge", responses.Select(each => (string?)each![1]!["type"]).First(type => type is not null));
        Assert.InRange(responses.Sum(each => each!.ToJsonString().Length), 1_000_000, 20_000_000);
    }

    [Fact]
    public async Task References_that_look_at_much_and_take_nothing_end()
    {
        // Each would walk a list of a hundred thousand, and gives nothing at all.
        var client = await JmapClient.MakeAsync(server, "jmap-walk");
        var list = new JsonArray([.. Enumerable.Range(0, 100_000).Select(_ => new JsonArray())]);
        var references = new JsonObject(Enumerable.Range(0, 10_000).Select(i => KeyValuePair.Create($"#a{i}", (JsonNode?)Reference("c0", "Core/echo", "/list/*"))));
        var responses = (await client.RunAsync([new JsonArray("Core/echo", new JsonObject { ["list"] = list }, "c0"), new JsonArray("Core/echo", references, "c1")]))["methodResponses"]!.AsArray();
        Assert.Equal("requestTooLarge", (string)responses[1]![1]!["type"]!);
    }

    [Fact]
    public async Task A_reference_takes_a_number_that_the_server_has_made()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-number");
        var response = await client.RunAsync([
            new JsonArray("Quota/query", new JsonObject { ["accountId"] = client.Account, ["calculateTotal"] = true }, "c0"),
            new JsonArray("Mailbox/query", new JsonObject { ["accountId"] = client.Account, ["#limit"] = Reference("c0", "Quota/query", "/total"), ["#position"] = Reference("c0", "Quota/query", "/position") }, "c1"),
        ]);
        Assert.Equal("Mailbox/query", (string)response["methodResponses"]![1]![0]!);
        Assert.Empty(response["methodResponses"]![1]![1]!["ids"]!.AsArray());
    }

    [Theory]
    [InlineData("-9223372036854775808")]
    [InlineData("9223372036854775807")]
    [InlineData("9007199254740992")]
    [InlineData("-9007199254740992")]
    [InlineData("1e400")]
    [InlineData("-1e400")]
    [InlineData("1.5")]
    [InlineData("99999999999999999999999999999999999999999999999999")]
    public async Task What_is_no_integer_of_JSON_is_none(string number)
    {
        // RFC 8620 §1.3.
        var client = await JmapClient.MakeAsync(server, "jmap-integers");
        Assert.Equal("invalidArguments", await client.FailAsync("Mailbox/query", new() { ["position"] = JsonNode.Parse(number) }));
    }

    [Fact]
    public async Task JSON_that_is_deep_is_refused_and_what_it_takes_is_bounded()
    {
        foreach (var (open, close) in ((string, string)[])[("[", "]"), ("""{"a":""", "}")])
        {
            var deep = string.Concat(Enumerable.Repeat(open, 1_000_000)) + "1" + string.Concat(Enumerable.Repeat(close, 1_000_000));
            Assert.Equal((400, Error + "notJSON"), await RefusalAsync(JmapClient.Json($$"""{"using":[],"methodCalls":[["Core/echo",{"x":{{deep}}},"c"]]}""")));
        }
    }

    private static JsonObject Reference(string resultOf, string name, string path) => new() { ["resultOf"] = resultOf, ["name"] = name, ["path"] = path };

    private async Task<JsonArray> ReferAsync(string first, JsonObject second)
    {
        var client = await JmapClient.MakeAsync(server, "jmap-refer");
        var response = await client.RunAsync([new JsonArray("Core/echo", JsonNode.Parse(first), "c1"), new JsonArray("Core/echo", second, "c2")]);
        return response["methodResponses"]!.AsArray()[1]!.AsArray();
    }

    private async Task<(int Status, string Type)> RefusalAsync(HttpContent content)
    {
        var client = await JmapClient.MakeAsync(server, "jmap-refusal");
        var (status, answer, body) = await client.SendAsync(HttpMethod.Post, "/jmap/api", content);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = JsonNode.Parse(body)!;
        Assert.Equal((int)status, (int)problem["status"]!);
        return ((int)status, (string)problem["type"]!);
    }

    private static async Task<string> LimitAsync(JmapClient client, HttpContent content)
    {
        var (status, _, body) = await client.SendAsync(HttpMethod.Post, "/jmap/api", content);
        var problem = JsonNode.Parse(body)!;
        Assert.Equal((HttpStatusCode.BadRequest, Error + "limit"), (status, (string)problem["type"]!));
        return (string)problem["limit"]!;
    }

    /// <summary>Of which nobody knows the length before it ends.</summary>
    private sealed class Unsized(byte[] octets) : MemoryStream(octets)
    {
        public override bool CanSeek => false;
    }
}
