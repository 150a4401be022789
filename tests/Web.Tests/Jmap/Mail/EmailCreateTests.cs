using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MimeKit;
using MimeKit.Utils;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Emails that a client describes (RFC 8621 §4.6), as another program reads the message that came of it.</summary>
[Collection(nameof(WebServer))]
public sealed class EmailCreateTests(WebServer server)
{
    [Fact]
    public async Task The_draft_of_the_RFC_is_made()
    {
        // RFC 8621 §4.6's own example.
        var mail = await WrittenMail.MakeAsync(server, "create-rfc");
        var created = await mail.CreateAsync("""
            {
              "keywords": { "$seen": true, "$draft": true },
              "from": [ { "name": "Joe Bloggs", "email": "joe@example.com" } ],
              "to": [ { "name": "John", "email": "john@example.com" } ],
              "subject": "World domination",
              "receivedAt": "2018-07-10T01:05:08Z",
              "sentAt": "2018-07-10T11:05:08+10:00",
              "bodyStructure": {
                "type": "multipart/alternative",
                "subParts": [ { "partId": "a49d", "type": "text/html" }, { "partId": "bd48", "type": "text/plain" } ]
              },
              "bodyValues": {
                "bd48": { "value": "I have the most brilliant plan.  Let me tell you all about it.  What we do is, we", "isTruncated": false },
                "a49d": { "value": "<!DOCTYPE html><html><head><title></title><style type=\"text/css\">div{font-size:16px}</style></head><body><div>I have the most brilliant plan.  Let me tell you all about it.  What we do is, we</div></body></html>", "isTruncated": false }
              }
            }
            """);
        Assert.Equal(["id", "blobId", "threadId", "size"], created.Select(p => p.Key));
        var message = await mail.MessageAsync(created);
        Assert.Equal(("World domination", "\"Joe Bloggs\" <joe@example.com>", "\"John\" <john@example.com>"), (message.Subject, message.From.ToString(), message.To.ToString()));
        Assert.Equal(new DateTimeOffset(2018, 7, 10, 11, 5, 8, TimeSpan.FromHours(10)), message.Date);
        Assert.EndsWith("@example.test", message.MessageId);
        Assert.Equal("1.0", message.MimeVersion!.ToString());
        var parts = Assert.IsType<MultipartAlternative>(message.Body);
        Assert.Equal(["text/html", "text/plain"], parts.Select(p => p.ContentType.MimeType));
        Assert.StartsWith("I have the most brilliant plan.  Let me", message.TextBody);
        Assert.StartsWith("<!DOCTYPE html>", message.HtmlBody);
        var record = (await mail.FindAsync((string)created["id"]!))!;
        Assert.Equal((MessageFlags.Seen | MessageFlags.Draft, DateTimeOffset.Parse("2018-07-10T01:05:08Z")), (record.Flags, record.ReceivedAt));
    }

    [Fact]
    public async Task What_the_client_leaves_out_is_set()
    {
        var mail = await WrittenMail.MakeAsync(server, "create-bare");
        var message = await mail.MessageAsync(await mail.CreateAsync("{}"));
        Assert.Equal(["Date", "Message-Id", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"], message.Headers.Concat(message.Body!.Headers).Select(h => h.Field), StringComparer.OrdinalIgnoreCase);
        Assert.InRange(message.Date, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        Assert.Equal("", message.TextBody);
    }

    [Fact]
    public async Task Text_HTML_pictures_and_files_stand_as_mail_programs_expect_them()
    {
        var mail = await WrittenMail.MakeAsync(server, "create-lists");
        var picture = await mail.Client.UploadAsync([1, 2, 3], "image/png");
        var file = await mail.Client.UploadAsync(Encoding.UTF8.GetBytes("a file"), "application/pdf");
        var message = await mail.MessageAsync(await mail.CreateAsync($$"""
            {
              "textBody": [ { "partId": "t" } ], "htmlBody": [ { "partId": "h" } ],
              "attachments": [
                { "blobId": "{{picture}}", "type": "image/png", "cid": "pic@x", "disposition": "inline", "name": "图片.png" },
                { "blobId": "{{file}}", "type": "application/pdf", "disposition": "attachment", "name": "二零二六年度报告与财务报表的最终版本以及所有附件的完整说明.pdf", "language": [ "zh", "en" ], "location": "http://example.test/a" }
              ],
              "bodyValues": { "t": { "value": "你好\n" }, "h": { "value": "<p>你好 <img src=\"cid:pic@x\"></p>" } }
            }
            """));
        var mixed = Assert.IsType<Multipart>(message.Body);
        Assert.Equal("mixed", mixed.ContentType.MediaSubtype);
        var alternative = Assert.IsType<MultipartAlternative>(mixed[0]);
        var related = Assert.IsType<MultipartRelated>(alternative[1]);
        Assert.Equal(("你好\r\n", "<p>你好 <img src=\"cid:pic@x\"></p>"), (message.TextBody!.ReplaceLineEndings("\r\n"), message.HtmlBody));
        var image = Assert.IsType<MimePart>(related[1]);
        Assert.Equal(("pic@x", "图片.png", "inline"), (image.ContentId, image.FileName, image.ContentDisposition!.Disposition));
        Assert.Equal([1, 2, 3], await WrittenMail.DecodeAsync(image));
        var attached = Assert.IsType<MimePart>(mixed[1]);
        Assert.Equal(("二零二六年度报告与财务报表的最终版本以及所有附件的完整说明.pdf", "attachment"), (attached.FileName, attached.ContentDisposition!.Disposition));
        Assert.Equal(("zh, en", "http://example.test/a"), (attached.Headers["Content-Language"], attached.Headers["Content-Location"]));
        Assert.Equal("a file", Encoding.UTF8.GetString(await WrittenMail.DecodeAsync(attached)));
    }

    [Fact]
    public async Task A_part_of_another_message_and_a_whole_one_are_attached_by_their_blobs()
    {
        var mail = await WrittenMail.MakeAsync(server, "create-forward");
        var first = await mail.CreateAsync("""{"subject":"第一","textBody":[{"partId":"1"}],"bodyValues":{"1":{"value":"öäü wörds"}}}""");
        var whole = (string)first["blobId"]!;
        var part = $"p{whole[1..]}-1";
        var message = await mail.MessageAsync(await mail.CreateAsync($$"""
            { "subject": "Fwd", "attachments": [ { "blobId": "{{whole}}", "type": "message/rfc822" }, { "blobId": "{{part}}", "type": "text/plain", "charset": "utf-8", "name": "text.txt" } ] }
            """));
        var mixed = Assert.IsType<Multipart>(message.Body);
        Assert.Equal("第一", Assert.IsType<MessagePart>(mixed[0]).Message!.Subject);
        Assert.Equal("öäü wörds", Assert.IsType<TextPart>(mixed[1]).Text);
        Assert.Equal("text.txt", Assert.IsType<TextPart>(mixed[1]).FileName);
    }

    [Fact]
    public async Task Header_fields_come_in_every_form()
    {
        var mail = await WrittenMail.MakeAsync(server, "create-headers");
        var message = await mail.MessageAsync(await mail.CreateAsync("""
            {
              "from": [ { "name": "李明，\"市场\"部", "email": "li@example.test" } ], "sender": [ { "email": "s@example.test" } ], "replyTo": [ { "name": null, "email": "r@example.test" } ],
              "header:To:asGroupedAddresses": [ { "name": "朋友们", "addresses": [ { "name": "A, B", "email": "a@example.test" }, { "email": "b@例子.测试" } ] }, { "name": null, "addresses": [ { "email": "c@example.test" } ] } ],
              "cc": [ { "name": "张伟", "email": "张伟@example.test" } ], "bcc": [],
              "subject": "关于二零二六年第一季度的市场推广计划以及预算安排的讨论会议纪要（最终版本），请查收并确认",
              "messageId": [ "one@example.test" ], "inReplyTo": [ "zero@example.test" ], "references": [ "a@example.test", "b@example.test" ],
              "header:X-Text:asText": "plain", "header:X-Raw": " as\r\n it is", "header:X-Date:asDate": "2026-01-02T03:04:05Z",
              "header:List-Unsubscribe:asURLs": [ "https://example.test/u", "mailto:u@example.test" ], "header:X-Many:asText:all": [ "one", "two" ], "header:Comments:asText": null
            }
            """));
        Assert.Equal(("李明，\"市场\"部", "li@example.test"), (message.From.Mailboxes.Single().Name, message.From.Mailboxes.Single().Address));
        Assert.Equal(("s@example.test", "r@example.test"), (message.Sender!.Address, message.ReplyTo.Mailboxes.Single().Address));
        var group = Assert.IsType<GroupAddress>(message.To[0]);
        Assert.Equal(("朋友们", "A, B"), (group.Name, group.Members.Mailboxes.First().Name));
        Assert.Equal(["a@example.test", "b@例子.测试"], group.Members.Mailboxes.Select(m => m.Address));
        Assert.Equal("c@example.test", Assert.IsType<MailboxAddress>(message.To[1]).Address);
        Assert.Equal(("张伟", "张伟@example.test"), (message.Cc.Mailboxes.Single().Name, message.Cc.Mailboxes.Single().Address));
        Assert.False(message.Headers.Contains("Bcc") || message.Headers.Contains("Comments"));
        Assert.Equal("关于二零二六年第一季度的市场推广计划以及预算安排的讨论会议纪要（最终版本），请查收并确认", message.Subject);
        Assert.Equal(("one@example.test", "zero@example.test"), (message.MessageId, message.InReplyTo));
        Assert.Equal(["a@example.test", "b@example.test"], message.References);
        Assert.Equal(("plain", "as it is"), (message.Headers["X-Text"], message.Headers["X-Raw"]));
        Assert.True(DateUtils.TryParse(message.Headers["X-Date"], out var date) && date == DateTimeOffset.Parse("2026-01-02T03:04:05Z"));
        Assert.Equal("<https://example.test/u>, <mailto:u@example.test>", message.Headers["List-Unsubscribe"]);
        Assert.Equal(["one", "two"], message.Headers.Where(h => h.Field == "X-Many").Select(h => h.Value));
    }

    [Theory]
    [InlineData("headers", """{"headers":[]}""")]
    [InlineData("header:From:asAddresses", """{"from":[{"email":"a@b.test"}],"header:From:asAddresses":[{"email":"c@d.test"}]}""")]
    [InlineData("header:from", """{"from":[{"email":"a@b.test"}],"header:from":" x@y.test"}""")]
    [InlineData("header:From:asDate", """{"header:From:asDate":"2026-01-01T00:00:00Z"}""")]
    [InlineData("header:Subject:asAddresses", """{"header:Subject:asAddresses":[]}""")]
    [InlineData("header:Content-Type", """{"header:Content-Type":"text/plain"}""")]
    [InlineData("header:content-id:asMessageIds", """{"header:content-id:asMessageIds":["a@b"]}""")]
    [InlineData("header:X-A", """{"header:X-A":" a\r\nBcc: evil@example.test"}""")]
    [InlineData("header:X-A", """{"header:X-A":" a\nb"}""")]
    [InlineData("header:X-A", """{"header:X-A":" a\r\n \r\n b"}""")]
    [InlineData("subject", """{"subject":"a\r\nBcc: evil@example.test"}""")]
    [InlineData("subject", """{"subject":7}""")]
    [InlineData("to", """{"to":[{"name":"a\r\nb","email":"a@b.test"}]}""")]
    [InlineData("to", """{"to":[{"email":"a@b.test>, <evil@c.test"}]}""")]
    [InlineData("to", """{"to":"a@b.test"}""")]
    [InlineData("messageId", """{"messageId":["a b"]}""")]
    [InlineData("messageId", """{"messageId":["a>\r\nX: <b"]}""")]
    [InlineData("sentAt", """{"sentAt":"yesterday"}""")]
    [InlineData("receivedAt", """{"receivedAt":"2018-07-10T01:05:08+01:00"}""")]
    [InlineData("mailboxIds", """{"mailboxIds":{}}""")]
    [InlineData("mailboxIds", """{"mailboxIds":null}""")]
    [InlineData("mailboxIds", """{"mailboxIds":{"f1":false}}""")]
    [InlineData("mailboxIds", """{"mailboxIds":{"f99":true}}""")]
    [InlineData("mailboxIds", """{"mailboxIds":{"#nothing":true}}""")]
    [InlineData("keywords", """{"keywords":{"a b":true}}""")]
    [InlineData("keywords", """{"keywords":{"a":1}}""")]
    [InlineData("size", """{"size":7}""")]
    [InlineData("id", """{"id":"x"}""")]
    [InlineData("hasAttachment", """{"hasAttachment":false}""")]
    [InlineData("something", """{"something":1}""")]
    [InlineData("textBody", """{"bodyStructure":{"partId":"1"},"textBody":[{"partId":"1"}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("attachments", """{"bodyStructure":{"partId":"1"},"attachments":[],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("textBody", """{"textBody":[{"partId":"1"},{"partId":"1"}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("textBody/0/type", """{"textBody":[{"partId":"1","type":"text/html"}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("htmlBody/0/type", """{"htmlBody":[{"partId":"1","type":"text/plain"}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("textBody/0/partId", """{"textBody":[{"partId":"2"}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("textBody/0/partId", """{"textBody":[{}]}""")]
    [InlineData("textBody/0/blobId", """{"textBody":[{"partId":"1","blobId":"x"}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("textBody/0/charset", """{"textBody":[{"partId":"1","charset":"utf-8"}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("textBody/0/size", """{"textBody":[{"partId":"1","size":3}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("textBody/0/headers", """{"textBody":[{"partId":"1","headers":[]}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("textBody/0/header:Content-Transfer-Encoding", """{"textBody":[{"partId":"1","header:Content-Transfer-Encoding":"7bit"}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("textBody/0/header:Content-ID", """{"textBody":[{"partId":"1","cid":"a@b","header:Content-ID":"<a@b>"}],"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("bodyStructure/header:Subject:asText", """{"subject":"a","bodyStructure":{"partId":"1","header:Subject:asText":"b"},"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("bodyStructure/subParts", """{"bodyStructure":{"type":"multipart/mixed"}}""")]
    [InlineData("bodyStructure/subParts/0/type", """{"bodyStructure":{"type":"multipart/mixed","subParts":[{"partId":"1","type":"message/rfc822"}]},"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("bodyStructure/type", """{"bodyStructure":{"partId":"1","type":"text/plain\r\nX: y"},"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("bodyStructure/name", """{"bodyStructure":{"partId":"1","name":"a\r\nX: y"},"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("bodyStructure/cid", """{"bodyStructure":{"partId":"1","cid":"a>\r\nX: y"},"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("bodyStructure/disposition", """{"bodyStructure":{"partId":"1","disposition":"a; b=c"},"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("bodyStructure/language", """{"bodyStructure":{"partId":"1","language":["a\r\nb"]},"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("bodyStructure/location", """{"bodyStructure":{"partId":"1","location":"a\r\nX: y"},"bodyValues":{"1":{"value":""}}}""")]
    [InlineData("bodyValues/1/isTruncated", """{"bodyValues":{"1":{"value":"","isTruncated":true}}}""")]
    [InlineData("bodyValues/1/isEncodingProblem", """{"bodyValues":{"1":{"value":"","isEncodingProblem":true}}}""")]
    [InlineData("bodyValues/1/value", """{"bodyValues":{"1":{}}}""")]
    public async Task What_the_RFC_forbids_is_refused_by_name(string property, string email)
    {
        var mail = refusing ??= await WrittenMail.MakeAsync(server, "create-refused");
        var error = await mail.RefuseAsync(email);
        Assert.Equal("invalidProperties", (string)error["type"]!);
        Assert.Equal([property], error["properties"]!.AsArray().Select(p => (string)p!));
    }

    private static WrittenMail? refusing;

    [Fact]
    public async Task Blobs_that_are_not_there_are_named()
    {
        var mail = await WrittenMail.MakeAsync(server, "create-missing");
        var other = await (await WrittenMail.MakeAsync(server, "create-other")).Client.UploadAsync([1]);
        var error = await mail.RefuseAsync($$"""{"attachments":[{"blobId":"nonsense"},{"blobId":"{{other}}"}]}""");
        Assert.Equal("blobNotFound", (string)error["type"]!);
        Assert.Equal(["nonsense", other], error["notFound"]!.AsArray().Select(id => (string)id!));
    }

    [Fact]
    public async Task A_draft_need_not_be_complete()
    {
        var mail = await WrittenMail.MakeAsync(server, "create-draft");
        var message = await mail.MessageAsync(await mail.CreateAsync("""{"to":[{"name":"Half","email":"half"}],"subject":""}"""));
        Assert.Equal("half", message.To.Mailboxes.Single().Address);
    }

    [Fact]
    public async Task Long_lines_and_rare_characters_survive()
    {
        var mail = await WrittenMail.MakeAsync(server, "create-text");
        foreach (var text in new[] { new string('x', 5000), "From here\n.\n..\n--boundary\n", "tab\tand trailing space \n", "😀𠮷 café", "only ascii\r\n" })
        {
            var json = new JsonObject { ["textBody"] = new JsonArray(new JsonObject { ["partId"] = "1" }), ["bodyValues"] = new JsonObject { ["1"] = new JsonObject { ["value"] = text } } };
            var message = await mail.MessageAsync(await mail.CreateAsync(json.ToJsonString()));
            Assert.Equal(text.ReplaceLineEndings("\n"), message.TextBody!.ReplaceLineEndings("\n"));
        }
    }
}
