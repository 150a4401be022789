using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Email/import (RFC 8621 §4.8).</summary>
[Collection(nameof(WebServer))]
public sealed class EmailImportTests(WebServer server)
{
    private const string Message = "Received: from a by b; Mon, 5 Jan 2026 10:00:00 +0100\r\nReceived: from x by a; Mon, 5 Jan 2026 09:00:00 +0100\r\nMessage-ID: <one@example.test>\r\nSubject: raw \u00e9\r\n\r\nbody without an end";

    [Fact]
    public async Task Octets_stay_as_they_are()
    {
        var mail = await WrittenMail.MakeAsync(server, "import-exact");
        var octets = Encoding.Latin1.GetBytes(Message);
        var blob = await mail.Client.UploadAsync(octets, "message/rfc822");
        var before = await mail.StateAsync();
        var result = await ImportAsync(mail, $$$"""{"blobId":"{{{blob}}}","mailboxIds":{"{{{mail.Inbox}}}":true},"keywords":{"$seen":true,"Mine":true}}""");
        var created = result["created"]!["k"]!;
        Assert.Equal((before, await mail.StateAsync()), ((string)result["oldState"]!, (string)result["newState"]!));
        Assert.Equal(octets, await mail.OctetsAsync((string)created["blobId"]!));
        Assert.Equal(octets.Length, (int)created["size"]!);
        var record = (await mail.FindAsync((string)created["id"]!))!;
        Assert.Equal((MessageFlags.Seen | (MessageFlags)(1 << 8), DateTimeOffset.Parse("2026-01-05T09:00:00Z")), (record.Flags, record.ReceivedAt));
        Assert.Equal(["mine"], await mail.KeywordsAsync());

        // Once more, from the message itself: another Email.
        var again = (await ImportAsync(mail, $$"""{"blobId":"{{created["blobId"]}}","mailboxIds":{"{{mail.Inbox}}":true},"receivedAt":"2001-02-03T04:05:06.789Z"}"""))["created"]!["k"]!;
        Assert.NotEqual((string)created["id"]!, (string)again["id"]!);
        Assert.Equal(octets, await mail.OctetsAsync((string)again["blobId"]!));
        Assert.Equal(DateTimeOffset.Parse("2001-02-03T04:05:06.789Z"), (await mail.FindAsync((string)again["id"]!))!.ReceivedAt);
        Assert.Equal((string)created["threadId"]!, (string)again["threadId"]!);
    }

    [Fact]
    public async Task Each_refusal_has_its_reason()
    {
        var mail = await WrittenMail.MakeAsync(server, "import-refused");
        var blob = await mail.Client.UploadAsync(Encoding.Latin1.GetBytes(Message));
        var inbox = $$"""{"{{mail.Inbox}}":true}""";
        Assert.Equal(["blobId"], await InvalidAsync($$"""{"blobId":"nothing","mailboxIds":{{inbox}}}"""));
        Assert.Equal(["blobId"], await InvalidAsync($$"""{"mailboxIds":{{inbox}}}"""));
        Assert.Equal(["mailboxIds"], await InvalidAsync($$"""{"blobId":"{{blob}}"}"""));
        Assert.Equal(["mailboxIds"], await InvalidAsync($$$"""{"blobId":"{{{blob}}}","mailboxIds":{"f77":true}}"""));
        Assert.Equal(["keywords"], await InvalidAsync($$"""{"blobId":"{{blob}}","mailboxIds":{{inbox}},"keywords":[]}"""));
        Assert.Equal(["receivedAt"], await InvalidAsync($$"""{"blobId":"{{blob}}","mailboxIds":{{inbox}},"receivedAt":"now"}"""));
        Assert.Equal(["subject"], await InvalidAsync($$"""{"blobId":"{{blob}}","mailboxIds":{{inbox}},"subject":"no"}"""));
        foreach (var octets in new byte[][] { [1, 2, 3], Encoding.ASCII.GetBytes("no message at all"), Encoding.ASCII.GetBytes("\r\nSubject: late\r\n\r\n") })
        {
            var wrong = await mail.Client.UploadAsync(octets);
            Assert.Equal("invalidEmail", (string)(await RefuseAsync($$"""{"blobId":"{{wrong}}","mailboxIds":{{inbox}}}"""))["type"]!);
        }

        await (await mail.FoldersAsync()).CreateAsync(new() { QuotaBytes = 10 });
        Assert.Equal("overQuota", (string)(await RefuseAsync($$"""{"blobId":"{{blob}}","mailboxIds":{{inbox}}}"""))["type"]!);
        Assert.Equal("stateMismatch", await mail.Client.FailAsync("Email/import", new() { ["ifInState"] = "77777", ["emails"] = new JsonObject() }));
        Assert.Equal("invalidArguments", await mail.Client.FailAsync("Email/import"));

        async Task<IEnumerable<string>> InvalidAsync(string import)
        {
            var error = await RefuseAsync(import);
            Assert.Equal("invalidProperties", (string)error["type"]!);
            return error["properties"]!.AsArray().Select(p => (string)p!);
        }

        async Task<JsonNode> RefuseAsync(string import)
        {
            var result = await ImportAsync(mail, import);
            Assert.Null(result["created"]);
            return result["notCreated"]!["k"]!;
        }
    }

    private static Task<JsonObject> ImportAsync(WrittenMail mail, string import) =>
        mail.Client.CallAsync("Email/import", new() { ["emails"] = new JsonObject { ["k"] = JsonNode.Parse(import) } });
}
