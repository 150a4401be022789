using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Arguments that are missing, of another type or unknown (RFC 8620 §3.6.2), for each method.</summary>
[Collection(nameof(WebServer))]
public sealed class ArgumentTests(WebServer server)
{
    private const string Query = """ "filter": 1, "sort": {}, "position": "1", "anchor": 1, "anchorOffset": "1", "limit": -1, "calculateTotal": 1 """;

    private const string Changes = """ "maxChanges": 0, "sinceState": 1 """;

    private const string QueryChanges = """ "filter": [], "sort": 1, "sinceQueryState": 1, "maxChanges": -1, "upToId": 1, "calculateTotal": "x" """;

    private const string Set = """ "ifInState": 1, "create": [], "update": "x", "destroy": {} """;

    private const string Bodies = """ "properties": ["none"], "bodyProperties": ["none"], "fetchTextBodyValues": 1, "fetchHTMLBodyValues": 1, "fetchAllBodyValues": 1, "maxBodyValueBytes": -1 """;

    /// <summary>Each method, the arguments that must be there, and for every argument a value that it cannot have.</summary>
    public static readonly TheoryData<string, string, string> Methods = new()
    {
        { "Mailbox/get", "{}", """{ "ids": "x", "properties": ["none"] }""" },
        { "Mailbox/changes", """{ "sinceState": "1" }""", $"{{ {Changes} }}" },
        { "Mailbox/query", "{}", $$"""{ {{Query}}, "sortAsTree": 1, "filterAsTree": 1 }""" },
        { "Mailbox/queryChanges", """{ "sinceQueryState": "1" }""", $$"""{ {{QueryChanges}}, "sortAsTree": 1, "filterAsTree": 1 }""" },
        { "Thread/get", """{ "ids": [] }""", """{ "ids": [1], "properties": ["none"] }""" },
        { "Thread/changes", """{ "sinceState": "1" }""", $"{{ {Changes} }}" },
        { "Email/get", """{ "ids": [] }""", $$"""{ "ids": {}, {{Bodies}} }""" },
        { "Email/changes", """{ "sinceState": "1" }""", $"{{ {Changes} }}" },
        { "Email/query", "{}", $$"""{ {{Query}}, "collapseThreads": 1 }""" },
        { "Email/queryChanges", """{ "sinceQueryState": "1" }""", $$"""{ {{QueryChanges}}, "collapseThreads": 1 }""" },
        { "Email/parse", """{ "blobIds": [] }""", $$"""{ "blobIds": "x", {{Bodies}} }""" },
        { "SearchSnippet/get", """{ "emailIds": [] }""", """{ "emailIds": "x", "filter": 1 }""" },
        { "Mailbox/set", "{}", $$"""{ {{Set}}, "onDestroyRemoveEmails": 1 }""" },
        { "Email/set", "{}", $"{{ {Set} }}" },
        { "Email/import", """{ "emails": {} }""", """{ "emails": [], "ifInState": 1 }""" },
        { "Identity/get", "{}", """{ "ids": "x", "properties": ["none"] }""" },
        { "Identity/changes", """{ "sinceState": "1" }""", $"{{ {Changes} }}" },
        { "Identity/set", "{}", $"{{ {Set} }}" },
        { "EmailSubmission/get", "{}", """{ "ids": "x", "properties": ["none"] }""" },
        { "EmailSubmission/changes", """{ "sinceState": "1" }""", $"{{ {Changes} }}" },
        { "EmailSubmission/query", "{}", $"{{ {Query} }}" },
        { "EmailSubmission/queryChanges", """{ "sinceQueryState": "1" }""", $"{{ {QueryChanges} }}" },
        { "EmailSubmission/set", "{}", $$"""{ {{Set}}, "onSuccessUpdateEmail": [], "onSuccessDestroyEmail": "x" }""" },
        { "VacationResponse/get", "{}", """{ "ids": "x", "properties": ["none"] }""" },
        { "VacationResponse/set", "{}", $"{{ {Set} }}" },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Arguments_are_checked(string method, string valid, string wrong)
    {
        var client = await JmapClient.MakeAsync(server, $"args-{method.Replace('/', '-').ToLowerInvariant()}");
        foreach (var (name, value) in JsonNode.Parse(wrong)!.AsObject())
        {
            var arguments = JsonNode.Parse(valid)!.AsObject();
            arguments[name] = value?.DeepClone();
            Assert.True("invalidArguments" == await client.FailAsync(method, arguments), $"{method} with {name} {value?.ToJsonString()}");
        }

        foreach (var (name, _) in JsonNode.Parse(valid)!.AsObject().Where(p => p.Key != "ids"))
        {
            var arguments = JsonNode.Parse(valid)!.AsObject();
            arguments.Remove(name);
            Assert.True("invalidArguments" == await client.FailAsync(method, arguments), $"{method} without {name}");
        }

        var unknown = JsonNode.Parse(valid)!.AsObject();
        unknown["none"] = null;
        Assert.Equal("invalidArguments", await client.FailAsync(method, unknown));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task The_account_is_the_users_own(string method, string valid, string wrong)
    {
        Assert.NotEmpty(wrong);
        var client = await JmapClient.MakeAsync(server, $"account-{method.Replace('/', '-').ToLowerInvariant()}");
        var other = JsonNode.Parse(valid)!.AsObject();
        other["accountId"] = "a0";
        Assert.Equal("accountNotFound", await client.FailAsync(method, other));

        var response = await client.RunAsync([new JsonArray(method, JsonNode.Parse(valid), "c")]);
        Assert.Equal("invalidArguments", (string)response["methodResponses"]![0]![1]!["type"]!);

        var without = await client.RunAsync([new JsonArray(method, JsonNode.Parse(valid), "c")], [JmapClient.Core]);
        Assert.Equal("unknownMethod", (string)without["methodResponses"]![0]![1]!["type"]!);
    }

    [Theory]
    [InlineData("Mailbox/query")]
    [InlineData("Email/query")]
    public async Task Filters_and_orders_are_checked(string method)
    {
        var client = await JmapClient.MakeAsync(server, $"filter-{method.Replace('/', '-').ToLowerInvariant()}");
        async Task<string> WithAsync(string argument, string json) => await client.FailAsync(method, new() { [argument] = JsonNode.Parse(json) });
        Assert.Equal("unsupportedFilter", await WithAsync("filter", """{ "none": 1 }"""));
        Assert.Equal("unsupportedFilter", await WithAsync("filter", """{ "operator": "AND", "conditions": [{ "none": 1 }] }"""));
        Assert.Equal("invalidArguments", await WithAsync("filter", """{ "operator": "XOR", "conditions": [] }"""));
        Assert.Equal("invalidArguments", await WithAsync("filter", """{ "operator": "AND" }"""));
        Assert.Equal("invalidArguments", await WithAsync("filter", """{ "operator": "AND", "conditions": [1] }"""));
        Assert.Equal("invalidArguments", await WithAsync("filter", """{ "operator": "AND", "conditions": [], "more": 1 }"""));
        Assert.Equal("unsupportedFilter", await WithAsync("filter", string.Concat(Enumerable.Repeat("""{"operator":"NOT","conditions":[""", 25)) + "{}" + string.Concat(Enumerable.Repeat("]}", 25))));
        Assert.Equal("unsupportedSort", await WithAsync("sort", """[{ "property": "none" }]"""));
        Assert.Equal("unsupportedSort", await WithAsync("sort", """[{ "property": "name", "collation": "i;none" }]"""));
        Assert.Equal("invalidArguments", await WithAsync("sort", "[1]"));
        Assert.Equal("invalidArguments", await WithAsync("sort", "[{}]"));
        Assert.Equal("invalidArguments", await WithAsync("sort", """[{ "property": "name", "isAscending": "x" }]"""));
        Assert.Equal("anchorNotFound", await WithAsync("anchor", "\"none\""));
    }

    [Theory]
    [InlineData("""{ "inMailbox": 1 }""")]
    [InlineData("""{ "inMailboxOtherThan": "x" }""")]
    [InlineData("""{ "before": "2024-01-01" }""")]
    [InlineData("""{ "after": "2024-01-01T00:00:00+01:00" }""")]
    [InlineData("""{ "minSize": -1 }""")]
    [InlineData("""{ "maxSize": "1" }""")]
    [InlineData("""{ "hasKeyword": true }""")]
    [InlineData("""{ "notKeyword": 1 }""")]
    [InlineData("""{ "allInThreadHaveKeyword": 1 }""")]
    [InlineData("""{ "someInThreadHaveKeyword": 1 }""")]
    [InlineData("""{ "noneInThreadHaveKeyword": 1 }""")]
    [InlineData("""{ "hasAttachment": "yes" }""")]
    [InlineData("""{ "text": 1 }""")]
    [InlineData("""{ "from": 1 }""")]
    [InlineData("""{ "to": 1 }""")]
    [InlineData("""{ "cc": 1 }""")]
    [InlineData("""{ "bcc": 1 }""")]
    [InlineData("""{ "subject": 1 }""")]
    [InlineData("""{ "body": 1 }""")]
    [InlineData("""{ "header": "X" }""")]
    [InlineData("""{ "header": [] }""")]
    [InlineData("""{ "header": ["X", "y", "z"] }""")]
    public async Task Conditions_on_Emails_have_their_types(string filter)
    {
        var client = await ClientAsync();
        Assert.Equal("invalidArguments", await client.FailAsync("Email/query", new() { ["filter"] = JsonNode.Parse(filter) }));
        Assert.Equal("invalidArguments", await client.FailAsync("SearchSnippet/get", new() { ["filter"] = JsonNode.Parse(filter), ["emailIds"] = new JsonArray() }));
    }

    [Fact]
    public async Task More_than_one_call_gives_is_too_large()
    {
        var client = await ClientAsync();
        var ids = Enumerable.Range(0, 1001).Select(i => $"x{i}").ToArray();
        foreach (var (method, argument) in new[] { ("Mailbox/get", "ids"), ("Thread/get", "ids"), ("Email/get", "ids"), ("Email/parse", "blobIds"), ("SearchSnippet/get", "emailIds") })
        {
            Assert.Equal("requestTooLarge", await client.FailAsync(method, new() { [argument] = JmapMailbox.Texts(ids) }));
        }

        // Of a /set what it makes, changes and destroys counts together.
        var half = new JsonObject(ids.Take(500).Select(id => KeyValuePair.Create(id, (JsonNode?)new JsonObject())));
        foreach (var method in new[] { "Mailbox/set", "Email/set", "Identity/set", "EmailSubmission/set", "VacationResponse/set" })
        {
            Assert.Equal("requestTooLarge", await client.FailAsync(method, new() { ["create"] = half.DeepClone(), ["update"] = half.DeepClone(), ["destroy"] = new JsonArray("x") }));
        }

        Assert.Equal("requestTooLarge", await client.FailAsync("Email/import", new() { ["emails"] = new JsonObject(ids.Select(id => KeyValuePair.Create(id, (JsonNode?)null))) }));
        foreach (var method in new[] { "Identity/get", "EmailSubmission/get", "VacationResponse/get" })
        {
            Assert.Equal("requestTooLarge", await client.FailAsync(method, new() { ["ids"] = JmapMailbox.Texts(ids) }));
        }
    }

    [Fact]
    public async Task Changes_since_what_is_no_state_cannot_be_told()
    {
        var client = await ClientAsync();
        foreach (var type in new[] { "Mailbox", "Thread", "Email" })
        {
            Assert.Equal("cannotCalculateChanges", await client.FailAsync($"{type}/changes", new() { ["sinceState"] = "none" }));
            Assert.Equal("cannotCalculateChanges", await client.FailAsync($"{type}/changes", new() { ["sinceState"] = "1-none" }));
        }

        Assert.Equal("cannotCalculateChanges", await client.FailAsync("Identity/changes", new() { ["sinceState"] = "none" }));
        Assert.Equal("cannotCalculateChanges", await client.FailAsync("EmailSubmission/changes", new() { ["sinceState"] = "none" }));
        Assert.Equal("cannotCalculateChanges", await client.FailAsync("EmailSubmission/queryChanges", new() { ["sinceQueryState"] = "none" }));
        Assert.Equal("cannotCalculateChanges", await client.FailAsync("Mailbox/queryChanges", new() { ["sinceQueryState"] = "none" }));
        Assert.Equal("cannotCalculateChanges", await client.FailAsync("Email/queryChanges", new() { ["sinceQueryState"] = "none" }));
        Assert.Equal("cannotCalculateChanges", await client.FailAsync("Email/queryChanges", new() { ["sinceQueryState"] = "1", ["filter"] = new JsonObject { ["text"] = "x" } }));
    }

    [Fact]
    public async Task More_changes_than_a_client_takes_are_too_many()
    {
        // RFC 8620 §5.6.
        var mail = await JmapMailbox.MakeAsync(server, "many-changes");
        var state = (string)(await mail.Client.CallAsync("Email/query"))["queryState"]!;
        await mail.FileAsync("Subject: one\n\ntext");
        await mail.FileAsync("Subject: two\n\ntext");
        Assert.Equal("tooManyChanges", await mail.Client.FailAsync("Email/queryChanges", new() { ["sinceQueryState"] = state, ["maxChanges"] = 1 }));
        Assert.Equal(2, (await mail.Client.CallAsync("Email/queryChanges", new() { ["sinceQueryState"] = state, ["maxChanges"] = 2 }))["added"]!.AsArray().Count);
    }

    private Task<JmapClient> ClientAsync() => JmapClient.MakeAsync(server, "mail-arguments");
}
