using System.Text;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Email/parse (RFC 8621 §4.9).</summary>
[Collection(nameof(WebServer))]
public sealed class EmailParseTests(WebServer server)
{
    private const string Attached = "From: a@b\r\nSubject: within\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c\r\nContent-Type: image/png\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--c--\r\n";

    [Fact]
    public async Task What_was_uploaded_or_attached_is_parsed()
    {
        var mailbox = await JmapMailbox.MakeAsync(server, "jmap-parse");
        var uploaded = await mailbox.Client.UploadAsync(Encoding.ASCII.GetBytes(Attached));
        var nothing = await mailbox.Client.UploadAsync("no message at all"u8.ToArray());
        var id = await mailbox.FileAsync($"Subject: outer\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: message/rfc822\n\n{Attached.ReplaceLineEndings("\n")}\n--b--");
        var attached = $"p{id[1..]}-2";
        var unknown = "u" + new string('0', 31) + "1";
        var answer = await mailbox.Client.CallAsync("Email/parse", new()
        {
            ["blobIds"] = new JsonArray(uploaded, attached, nothing, unknown, "none", uploaded),
            ["properties"] = new JsonArray("id", "blobId", "mailboxIds", "keywords", "receivedAt", "size", "subject", "bodyValues", "attachments"),
            ["bodyProperties"] = new JsonArray("partId", "size", "type"),
            ["fetchAllBodyValues"] = true,
        });
        Assert.Equal(JmapMailbox.Texts([nothing]).ToJsonString(), answer["notParsable"]!.ToJsonString());
        Assert.Equal(JmapMailbox.Texts([unknown, "none"]).ToJsonString(), answer["notFound"]!.ToJsonString());
        Assert.Equal([uploaded, attached], answer["parsed"]!.AsObject().Select(p => p.Key));
        foreach (var (blob, email) in answer["parsed"]!.AsObject())
        {
            Assert.Equal((null, blob, null, null, null), ((string?)email!["id"], (string)email["blobId"]!, email["mailboxIds"], email["keywords"], email["receivedAt"]));
            Assert.Equal(("within", "one"), ((string)email["subject"]!, (string)email["bodyValues"]!["1"]!["value"]!));
            Assert.Equal("""[{"partId":"2","size":3,"type":"image/png"}]""", email["attachments"]!.ToJsonString());
        }
    }

    [Fact]
    public async Task Without_properties_those_of_the_content_are_given()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-parse-default");
        var uploaded = await client.UploadAsync(Encoding.ASCII.GetBytes(Attached));
        var answer = await client.CallAsync("Email/parse", new() { ["blobIds"] = new JsonArray(uploaded) });
        Assert.Equal(
            "messageId inReplyTo references sender from to cc bcc replyTo subject sentAt hasAttachment preview bodyValues textBody htmlBody attachments",
            string.Join(' ', answer["parsed"]![uploaded]!.AsObject().Select(p => p.Key)));
        Assert.Null(answer["notFound"]);
        Assert.Null(answer["notParsable"]);
    }
}
