using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Email/query, /queryChanges (RFC 8621 §4.4, §4.5) and SearchSnippet/get (§5), on one mailbox of messages that differ in all that can be asked for.</summary>
[Collection(nameof(WebServer))]
public sealed class EmailQueryTests(WebServer server)
{
    private static readonly SemaphoreSlim Turn = new(1);
    private static (JmapMailbox Mailbox, Dictionary<string, string> Ids, string Other)? made;

    [Theory]
    [InlineData("{}", "f e d c b a")]
    [InlineData("""{ "inMailbox": "INBOX" }""", "e d c b a")]
    [InlineData("""{ "inMailbox": "OTHER" }""", "f")]
    [InlineData("""{ "inMailbox": "none" }""", "")]
    [InlineData("""{ "inMailboxOtherThan": ["INBOX"] }""", "f")]
    [InlineData("""{ "inMailboxOtherThan": ["INBOX", "OTHER"] }""", "")]
    [InlineData("""{ "before": "2024-01-03T00:00:00Z" }""", "b a")]
    [InlineData("""{ "after": "2024-01-03T00:00:00Z" }""", "f e d c")]
    [InlineData("""{ "minSize": 2000 }""", "e")]
    [InlineData("""{ "maxSize": 2000 }""", "f d c b a")]
    [InlineData("""{ "hasKeyword": "$seen" }""", "c a")]
    [InlineData("""{ "hasKeyword": "WORK" }""", "d")]
    [InlineData("""{ "notKeyword": "$seen" }""", "f e d b")]
    [InlineData("""{ "allInThreadHaveKeyword": "$seen" }""", "c")]
    [InlineData("""{ "someInThreadHaveKeyword": "$seen" }""", "c b a")]
    [InlineData("""{ "noneInThreadHaveKeyword": "$seen" }""", "f e d")]
    [InlineData("""{ "hasAttachment": true }""", "e")]
    [InlineData("""{ "hasAttachment": false }""", "f d c b a")]
    [InlineData("""{ "from": "alice" }""", "b a")]
    [InlineData("""{ "from": "张伟" }""", "d")]
    [InlineData("""{ "to": "team" }""", "c a")]
    [InlineData("""{ "cc": "carol" }""", "c")]
    [InlineData("""{ "bcc": "dave" }""", "f")]
    [InlineData("""{ "subject": "lunch" }""", "b a")]
    [InlineData("""{ "subject": "会议" }""", "d")]
    [InlineData("""{ "header": ["X-Own"] }""", "f")]
    [InlineData("""{ "header": ["x-own", "VALUE"] }""", "f")]
    [InlineData("""{ "header": ["x-own", "none"] }""", "")]
    [InlineData("""{ "body": "noodles" }""", "a")]
    [InlineData("""{ "body": "lunch" }""", "")]
    [InlineData("""{ "body": "cafe creme" }""", "c")]
    [InlineData("""{ "body": "\"creme cafe\"" }""", "")]
    [InlineData("""{ "body": "明天" }""", "d")]
    [InlineData("""{ "body": "inside html" }""", "f")]
    [InlineData("""{ "body": "strong" }""", "")]
    [InlineData("""{ "text": "lunch noodles" }""", "a")]
    [InlineData("""{ "text": "alice" }""", "b a")]
    [InlineData("""{ "text": "carol", "hasKeyword": "$seen" }""", "c")]
    [InlineData("""{ "operator": "OR", "conditions": [{ "text": "noodles" }, { "hasKeyword": "work" }, { "minSize": 2000 }] }""", "e d a")]
    [InlineData("""{ "operator": "NOT", "conditions": [{ "text": "noodles" }, { "hasKeyword": "$seen" }] }""", "f e d b")]
    [InlineData("""{ "operator": "NOT", "conditions": [{ "hasKeyword": "$seen" }, { "minSize": 2000 }] }""", "f d b")]
    [InlineData("""{ "operator": "OR", "conditions": [{ "text": "nothing at all" }, { "someInThreadHaveKeyword": "$seen" }] }""", "c b a")]
    [InlineData("""{ "operator": "AND", "conditions": [] }""", "f e d c b a")]
    [InlineData("""{ "operator": "OR", "conditions": [] }""", "")]
    [InlineData("""{ "operator": "NOT", "conditions": [] }""", "f e d c b a")]
    public async Task Every_condition_is_evaluated(string filter, string found)
    {
        var (mailbox, ids, other) = await MakeAsync();
        var inbox = await mailbox.FindFolderAsync("INBOX");
        var json = JsonNode.Parse(filter.Replace("INBOX", inbox).Replace("OTHER", other));
        Assert.Equal(found, Names(ids, (await mailbox.QueryAsync(new() { ["filter"] = json }))["ids"]!));
    }

    [Theory]
    [InlineData("""[{ "property": "receivedAt" }]""", "a b c d e f")]
    [InlineData("""[{ "property": "receivedAt", "isAscending": false }]""", "f e d c b a")]
    [InlineData("""[{ "property": "hasKeyword", "keyword": "$seen", "isAscending": false }, { "property": "receivedAt" }]""", "a c b d e f")]
    [InlineData("""[{ "property": "allInThreadHaveKeyword", "keyword": "$seen", "isAscending": false }, { "property": "receivedAt" }]""", "c a b d e f")]
    [InlineData("""[{ "property": "someInThreadHaveKeyword", "keyword": "$seen", "isAscending": false }, { "property": "receivedAt" }]""", "a b c d e f")]
    [InlineData("""[{ "property": "subject" }, { "property": "receivedAt" }]""", "c e a b f d")]
    [InlineData("""[{ "property": "from" }, { "property": "receivedAt", "isAscending": false }]""", "b a e c f d")]
    [InlineData("""[{ "property": "sentAt" }]""", "f e d c b a")]
    [InlineData("""[{ "property": "someInThreadHaveKeyword", "keyword": "$seen" }, { "property": "sentAt" }]""", "f e d c b a")]
    public async Task Every_order_is_kept(string sort, string found)
    {
        var (mailbox, ids, _) = await MakeAsync();
        Assert.Equal(found, Names(ids, (await mailbox.QueryAsync(new() { ["sort"] = JsonNode.Parse(sort) }))["ids"]!));
    }

    [Fact]
    public async Task By_size_the_largest_is_last()
    {
        var (mailbox, ids, _) = await MakeAsync();
        var found = Names(ids, (await mailbox.QueryAsync(new() { ["sort"] = JsonNode.Parse("""[{ "property": "size" }]""") }))["ids"]!);
        Assert.EndsWith("e", found);
        var bySubject = Names(ids, (await mailbox.QueryAsync(new() { ["sort"] = JsonNode.Parse("""[{ "property": "size" }, { "property": "to" }]""") }))["ids"]!);
        Assert.EndsWith("e", bySubject);
    }

    /// <summary>Windows on what rows answer, and on what is searched for: the same.</summary>
    [Theory]
    [InlineData("""{ "limit": 2 }""", 0, "f e")]
    [InlineData("""{ "position": 1, "limit": 2 }""", 1, "e d")]
    [InlineData("""{ "position": -2 }""", 4, "b a")]
    [InlineData("""{ "position": -20, "limit": 1 }""", 0, "f")]
    [InlineData("""{ "position": 20 }""", 20, "")]
    [InlineData("""{ "limit": 0 }""", 0, "")]
    [InlineData("""{ "anchor": "c", "limit": 2 }""", 3, "c b")]
    [InlineData("""{ "anchor": "c", "anchorOffset": -2, "limit": 3, "position": 99 }""", 1, "e d c")]
    [InlineData("""{ "anchor": "c", "anchorOffset": -9, "limit": 1 }""", 0, "f")]
    [InlineData("""{ "anchor": "c", "anchorOffset": 2 }""", 5, "a")]
    [InlineData("""{ "collapseThreads": true }""", 0, "f e d c b")]
    [InlineData("""{ "collapseThreads": true, "position": 3, "limit": 5 }""", 3, "c b")]
    public async Task A_window_is_where_it_is_asked_for(string window, int position, string found)
    {
        var (mailbox, ids, _) = await MakeAsync();
        foreach (var filter in new[] { null, """{ "operator": "NOT", "conditions": [{ "text": "nothing of the kind" }] }""" })
        {
            foreach (var total in new[] { false, true })
            {
                var arguments = JsonNode.Parse(window)!.AsObject();
                arguments["calculateTotal"] = total;
                arguments["filter"] = filter is null ? null : JsonNode.Parse(filter);
                if ((string?)arguments["anchor"] is { } anchor)
                {
                    arguments["anchor"] = ids[anchor];
                }

                var answer = await mailbox.QueryAsync(arguments);
                Assert.Equal(found, Names(ids, answer["ids"]!));
                Assert.Equal(filter is null, (bool)answer["canCalculateChanges"]!);
                Assert.Equal(total, answer.ContainsKey("total"));
                Assert.True(!total || (int)answer["total"]! == (window.Contains("collapse") ? 5 : 6));
                Assert.True(found.Length == 0 || position == (int)answer["position"]!, answer.ToJsonString());
            }
        }
    }

    [Fact]
    public async Task An_anchor_that_does_not_match_is_not_found()
    {
        var (mailbox, ids, _) = await MakeAsync();
        Assert.Equal("anchorNotFound", await mailbox.Client.FailAsync("Email/query", new() { ["anchor"] = ids["a"], ["filter"] = JsonNode.Parse("""{ "hasKeyword": "work" }""") }));
        Assert.Equal("anchorNotFound", await mailbox.Client.FailAsync("Email/query", new() { ["anchor"] = ids["a"], ["filter"] = JsonNode.Parse("""{ "text": "会议" }""") }));
    }

    [Fact]
    public async Task More_words_than_anybody_types_are_not_looked_for()
    {
        var (mailbox, _, _) = await MakeAsync();
        static JsonObject Words(int count) => new() { ["filter"] = new JsonObject { ["text"] = string.Join(' ', Enumerable.Range(0, count)), ["subject"] = "lunch" } };
        Assert.Empty((await mailbox.QueryAsync(Words(199)))["ids"]!.AsArray());
        Assert.Equal("unsupportedFilter", await mailbox.Client.FailAsync("Email/query", Words(200)));
    }

    [Fact]
    public async Task A_limit_beyond_the_servers_is_told()
    {
        var (mailbox, _, _) = await MakeAsync();
        Assert.Equal(10_000, (int)(await mailbox.QueryAsync(new() { ["limit"] = 10_001 }))["limit"]!);
        Assert.Null((await mailbox.QueryAsync(new() { ["limit"] = 10_000 }))["limit"]);
    }

    [Fact]
    public async Task Changes_of_a_query_lead_from_the_old_result_to_the_new()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-query-changes");
        for (var i = 0; i < 3; i++)
        {
            await mailbox.FileAsync($"Subject: {i}\n\nx", date: $"2024-01-0{1 + (2 * i)}T00:00:00Z");
        }

        static JsonObject Query() => new() { ["filter"] = JsonNode.Parse("""{ "notKeyword": "$seen" }""") };
        var old = await mailbox.QueryAsync(Query());
        await mailbox.FileAsync("Subject: between\n\nx", date: "2024-01-02T00:00:00Z");
        await mailbox.FileAsync("Subject: seen\n\nx", date: "2024-01-04T00:00:00Z", flags: "seen");
        var asked = Query();
        asked["sinceQueryState"] = (string)old["queryState"]!;
        var changes = await mailbox.Client.CallAsync("Email/queryChanges", asked);
        var ids = old["ids"]!.AsArray().Select(id => (string)id!).Except(changes["removed"]!.AsArray().Select(id => (string)id!)).ToList();
        foreach (var added in changes["added"]!.AsArray())
        {
            ids.Insert((int)added!["index"]!, (string)added["id"]!);
        }

        Assert.Equal((await mailbox.QueryAsync(Query()))["ids"]!.AsArray().Select(id => (string)id!), ids);
    }

    [Fact]
    public async Task Snippets_show_what_was_found()
    {
        var (mailbox, ids, _) = await MakeAsync();
        var answer = await mailbox.Client.CallAsync("SearchSnippet/get", new()
        {
            ["filter"] = JsonNode.Parse("""{ "operator": "AND", "conditions": [{ "text": "lunch" }, { "operator": "NOT", "conditions": [{ "body": "with" }] }, { "operator": "OR", "conditions": [{ "body": "noodles" }, { "body": "明天" }] }] }"""),
            ["emailIds"] = new JsonArray(ids["a"], ids["d"], ids["e"], "none"),
        });
        Assert.Equal("""["none"]""", answer["notFound"]!.ToJsonString());
        var list = answer["list"]!.AsArray();
        Assert.Equal((ids["a"], "<mark>Lunch</mark> on Monday?", "I &lt;3 <mark>noodles</mark> &amp; rice."), Snippet(list[0]!));
        Assert.Equal((ids["d"], null, "我们<mark>明天</mark>见。"), Snippet(list[1]!));
        Assert.Equal((ids["e"], null, null), Snippet(list[2]!));
    }

    private static (string, string?, string?) Snippet(JsonNode snippet) => ((string)snippet["emailId"]!, (string?)snippet["subject"], (string?)snippet["preview"]);

    private static string Names(Dictionary<string, string> ids, JsonNode found) => string.Join(' ', found.AsArray().Select(id => ids.Single(pair => pair.Value == (string)id!).Key));

    private async Task<(JmapMailbox Mailbox, Dictionary<string, string> Ids, string Other)> MakeAsync()
    {
        await Turn.WaitAsync();
        try
        {
            return made ??= await FillAsync();
        }
        finally
        {
            Turn.Release();
        }
    }

    // a and b are one thread; c to f are alone. They were sent in the order opposite to that in which they came.
    private async Task<(JmapMailbox Mailbox, Dictionary<string, string> Ids, string Other)> FillAsync()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-query");
        var other = await mailbox.FolderAsync("Other");
        static string Date(int day) => $"Date: {day} Feb 2024 00:00:00 +0000\n";
        Dictionary<string, string> ids = new()
        {
            ["a"] = await mailbox.FileAsync($"From: Alice <alice@x>\nTo: team@x\nSubject: Lunch on Monday?\nMessage-ID: <a@x>\n{Date(16)}\nI <3 noodles & rice.", date: "2024-01-01T00:00:00Z", flags: "seen"),
            ["b"] = await mailbox.FileAsync($"From: Alice <alice@x>\nSubject: Re: Lunch on Monday?\nMessage-ID: <b@x>\nIn-Reply-To: <a@x>\nReferences: <a@x>\n{Date(15)}\nYes!", date: "2024-01-02T00:00:00Z"),
            ["c"] = await mailbox.FileAsync($"From: carl@x\nTo: team@x\nCc: Carol <carol@x>\nSubject: =?utf-8?Q?Caf=C3=A9?=\n{Date(14)}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9 cr=C3=A8me", date: "2024-01-03T00:00:00Z", flags: "seen"),
            ["d"] = await mailbox.FileAsync($"From: {ParsedMail.Gbk("张伟")} <z@x>\nSubject: {ParsedMail.Gbk("关于会议的通知")}\n{Date(13)}Content-Type: text/plain; charset=gbk\n\n{ParsedMail.Gbk("我们明天见。")}", date: "2024-01-04T00:00:00Z", keywords: "Work"),
            ["e"] = await mailbox.FileAsync($"From: bob@x\nSubject: files\n{Date(12)}Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee {new string('x', 3000)}\n--b\nContent-Type: application/zip\nContent-Disposition: attachment\n\nzip\n--b--", date: "2024-01-05T00:00:00Z"),
            ["f"] = await mailbox.FileAsync($"From: ina@x\nBcc: dave@x\nSubject: news\nX-Own: a value\n{Date(11)}Content-Type: text/html\n\n<p>in<strong>side</strong></p><p>html</p>", "Other", date: "2024-01-06T00:00:00Z"),
        };
        return (mailbox, ids, other);
    }
}
