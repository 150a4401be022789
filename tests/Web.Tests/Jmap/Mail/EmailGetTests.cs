using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Email/get, Email/changes and the thread methods (RFC 8621 §3, §4.2, §4.3).</summary>
[Collection(nameof(WebServer))]
public sealed class EmailGetTests(WebServer server)
{
    private const string Mail = """
        From: Joe Bloggs <joe@example.com>
        To: dev@lists.example.com
        Subject: Dinner on Thursday?
        Date: Thu, 30 Oct 2014 14:12:00 +0000
        Message-ID: <1@example.com>
        List-POST: <mailto:partytime@lists.example.com>
        Content-Type: text/html; charset=utf-8

        <html><body><p>Hello ...</p></body></html>
        """;

    [Fact]
    public async Task An_Email_is_given_as_the_standard_shows_it()
    {
        // The example of RFC 8621 §4.2.1.
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-email-get");
        var id = await mailbox.FileAsync(Mail, date: "2014-10-30T14:12:00Z", flags: "seen,flagged", keywords: "$Forwarded,Work");
        var answer = await mailbox.Client.CallAsync("Email/get", JsonNode.Parse($$"""
            { "ids": [ "{{id}}", "f123u987" ],
              "properties": [ "threadId", "mailboxIds", "from", "subject", "receivedAt", "keywords", "header:List-POST:asURLs", "htmlBody", "bodyValues" ],
              "bodyProperties": [ "partId", "blobId", "size", "type" ], "fetchHTMLBodyValues": true, "maxBodyValueBytes": 256 }
            """)!.AsObject());
        Assert.Equal("""["f123u987"]""", answer["notFound"]!.ToJsonString());
        var email = Assert.Single(answer["list"]!.AsArray())!.AsObject();
        var inbox = await mailbox.FindFolderAsync("INBOX");
        var expected = JsonNode.Parse($$"""
            { "id": "{{id}}", "threadId": "{{email["threadId"]}}", "mailboxIds": { "{{inbox}}": true }, "from": [{ "name": "Joe Bloggs", "email": "joe@example.com" }],
              "subject": "Dinner on Thursday?", "receivedAt": "2014-10-30T14:12:00Z", "keywords": { "$seen": true, "$flagged": true, "$forwarded": true, "work": true },
              "header:List-POST:asURLs": [ "mailto:partytime@lists.example.com" ],
              "htmlBody": [{ "partId": "1", "blobId": "p{{id[1..]}}-1", "size": 42, "type": "text/html" }],
              "bodyValues": { "1": { "isEncodingProblem": false, "isTruncated": false, "value": "<html><body><p>Hello ...</p></body></html>" } } }
            """);
        Assert.True(JsonNode.DeepEquals(expected, email), email.ToJsonString(ParsedMail.Relaxed));
    }

    [Fact]
    public async Task Without_properties_all_usual_ones_are_given()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-email-default");
        var id = await mailbox.FileAsync(Mail);
        var email = Assert.Single((await mailbox.Client.CallAsync("Email/get", new() { ["ids"] = new JsonArray(id) }))["list"]!.AsArray())!.AsObject();
        Assert.Equal(
            "id blobId threadId mailboxIds keywords size receivedAt messageId inReplyTo references sender from to cc bcc replyTo subject sentAt hasAttachment preview bodyValues textBody htmlBody attachments",
            string.Join(' ', email.Select(p => p.Key)));
        Assert.Equal("partId blobId size name type charset disposition cid language location", string.Join(' ', email["textBody"]![0]!.AsObject().Select(p => p.Key)));
        Assert.Equal(("m" + id[1..], "{}", "{}"), ((string)email["blobId"]!, email["keywords"]!.ToJsonString(), email["bodyValues"]!.ToJsonString()));
    }

    [Fact]
    public async Task Changes_go_from_state_to_state()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-email-changes");
        var state = (string)(await mailbox.Client.CallAsync("Email/get", new() { ["ids"] = new JsonArray() }))["state"]!;
        List<string> filed = [];
        for (var i = 0; i < 5; i++)
        {
            filed.Add(await mailbox.FileAsync($"Subject: {i}\n\nx"));
        }

        List<string> told = [];
        for (var more = true; more;)
        {
            var changes = await mailbox.Client.CallAsync("Email/changes", new() { ["sinceState"] = state, ["maxChanges"] = 2 });
            Assert.Equal(state, (string)changes["oldState"]!);
            Assert.InRange(changes["created"]!.AsArray().Count, 0, 2);
            told.AddRange(changes["created"]!.AsArray().Select(id => (string)id!));
            (state, more) = ((string)changes["newState"]!, (bool)changes["hasMoreChanges"]!);
        }

        Assert.Equal(filed, told);
        Assert.Equal(state, (string)(await mailbox.Client.CallAsync("Email/get", new() { ["ids"] = new JsonArray() }))["state"]!);
    }

    [Fact]
    public async Task Threads_are_the_Emails_that_answer_one_another()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-threads");
        var state = (string)(await mailbox.Client.CallAsync("Thread/get", new() { ["ids"] = new JsonArray() }))["state"]!;
        var first = await mailbox.FileAsync("Subject: s\nMessage-ID: <1@x>\n\nx", date: "2024-01-02T00:00:00Z");
        var answer = await mailbox.FileAsync("Subject: Re: s\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\n\nx", date: "2024-01-01T00:00:00Z");
        var other = await mailbox.FileAsync("Subject: other\nMessage-ID: <3@x>\n\nx");
        var thread = (string)(await mailbox.GetAsync(first, "threadId"))["threadId"]!;
        Assert.Equal(thread, (string)(await mailbox.GetAsync(answer, "threadId"))["threadId"]!);

        var got = await mailbox.Client.CallAsync("Thread/get", new() { ["ids"] = new JsonArray(thread, "t0000000000000000", "none") });
        Assert.Equal($$"""[{"id":"{{thread}}","emailIds":["{{answer}}","{{first}}"]}]""", got["list"]!.ToJsonString());
        Assert.Equal("""["t0000000000000000","none"]""", got["notFound"]!.ToJsonString());

        var alone = (string)(await mailbox.GetAsync(other, "threadId"))["threadId"]!;
        var changes = await mailbox.Client.CallAsync("Thread/changes", new() { ["sinceState"] = state });
        Assert.Equal(new[] { thread, alone }.Order(), changes["created"]!.AsArray().Select(id => (string)id!).Order());
        await mailbox.FileAsync("Subject: Re: s\nMessage-ID: <4@x>\nReferences: <1@x> <2@x>\n\nx");
        var more = await mailbox.Client.CallAsync("Thread/changes", new() { ["sinceState"] = (string)changes["newState"]! });
        Assert.Equal(("[]", $$"""["{{thread}}"]"""), (more["created"]!.ToJsonString(), more["updated"]!.ToJsonString()));
    }

    [Fact]
    public async Task Any_properties_are_given_as_among_all()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-email-subsets");
        var id = await mailbox.FileAsync("""
            From: a@b
            Subject: s
            Date: Thu, 30 Oct 2014 14:12:00 +0100
            Content-Type: multipart/mixed; boundary=b

            --b

            text
            --b
            Content-Type: image/png; name=x.png
            Content-Transfer-Encoding: base64

            AAEC
            --b--
            """);
        string[] all =
        [
            "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo", "subject", "sentAt",
            "hasAttachment", "preview", "bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments", "headers", "header:From:asGroupedAddresses", "header:X:all", "header:Subject:asText:all",
        ];
        var whole = await mailbox.GetAsync(id, all);
        var random = new Random(8621);
        for (var round = 0; round < 100; round++)
        {
            var some = all.Where(_ => random.Next(3) == 0).ToArray();
            random.Shuffle(some);
            var email = await mailbox.GetAsync(id, some);
            Assert.Equal(some.Prepend("id"), email.Select(p => p.Key));
            Assert.All(email, p => Assert.True(JsonNode.DeepEquals(whole[p.Key], p.Value), p.Key));
        }
    }
}
