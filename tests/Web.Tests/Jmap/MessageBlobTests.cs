using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>Messages and their parts as blobs: a message as IMAP shows it, a part without its transfer encoding.</summary>
[Collection(nameof(WebServer))]
public sealed class MessageBlobTests(WebServer server)
{
    private const string Header = "From: a@example.test\r\nSubject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    private const string Embedded = "Subject: within\r\n\r\nbody";

    private const string Message = Header
        + "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe =\r\nan alle\r\n"
        + "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>8 bit</p>\r\n--c--\r\n"
        + "--b\r\nContent-Type: image/png; name=x.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K\r\nGgo=\r\n"
        + "--b\r\nContent-Type: message/rfc822\r\n\r\n" + Embedded + "\r\n"
        + "--b--\r\n";

    [Fact]
    public async Task A_message_comes_as_it_is_and_its_parts_decoded()
    {
        var (client, email) = await FiledAsync("blob-message", Encoding.Latin1.GetBytes(Message));
        var whole = await client.DownloadAsync($"m{email:N}", "message/rfc822");
        Assert.Equal(Message, Encoding.Latin1.GetString(whole.Body));
        Assert.Equal(Message.Length, whole.Answer.Content.Headers.ContentLength);
        Assert.Equal("Grüße an alle", Encoding.UTF8.GetString((await client.DownloadAsync($"p{email:N}-1")).Body));
        Assert.Equal("<p>8 bit</p>", Encoding.UTF8.GetString((await client.DownloadAsync($"p{email:N}-2_1")).Body));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A], (await client.DownloadAsync($"p{email:N}-3", "image/png")).Body);
        Assert.Equal(Embedded, Encoding.UTF8.GetString((await client.DownloadAsync($"p{email:N}-4", "message/rfc822")).Body));
        foreach (var none in (string[])["2", "5", "0", "1_1", "3_1", "4_1", "2_2", "_", "1_"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await client.DownloadAsync($"p{email:N}-{none}")).Status);
        }

        var ranged = await client.SendAsync(HttpMethod.Get, $"/jmap/download/{client.Account}/m{email:N}/x", null, ("Range", "bytes=6-19"));
        Assert.Equal((HttpStatusCode.PartialContent, "a@example.test"), (ranged.Status, Encoding.UTF8.GetString(ranged.Body)));
    }

    [Fact]
    public async Task They_are_blobs_like_others()
    {
        var (client, email) = await FiledAsync("blob-methods", Encoding.Latin1.GetBytes(Message));
        string image = $"p{email:N}-3", text = $"p{email:N}-1";
        var got = await client.CallAsync("Blob/get", new() { ["ids"] = new JsonArray(image, text), ["offset"] = 1, ["length"] = 3 });
        Assert.Equal(("PNG", 8), ((string)got["list"]![0]!["data:asText"]!, (int)got["list"]![0]!["size"]!));
        Assert.Equal(("rü", 15), ((string)got["list"]![1]!["data:asText"]!, (int)got["list"]![1]!["size"]!));
        var made = await client.CallAsync(
            "Blob/upload", new() { ["create"] = JsonNode.Parse($$$"""{"x":{"data":[{"blobId":"{{{image}}}","offset":1,"length":3},{"blobId":"{{{text}}}","offset":7}]},"y":{"data":[{"blobId":"{{{image}}}","offset":7,"length":2}]}}""") });
        Assert.Equal("PNG an alle"u8.ToArray(), (await client.DownloadAsync((string)made["created"]!["x"]!["id"]!)).Body);
        Assert.Equal("invalidProperties", (string)made["notCreated"]!["y"]!["type"]!);
        var matched = (await client.CallAsync("Blob/lookup", new() { ["ids"] = new JsonArray(image, $"m{email:N}"), ["typeNames"] = new JsonArray("Mailbox", "Email") }))["list"]!.AsArray();
        Assert.All(matched, each => Assert.Equal(ObjectIds.OfEmail(email), (string)each!["matchedIds"]!["Email"]!.AsArray().Single()!));
        Assert.All(matched, each => Assert.Single(each!["matchedIds"]!["Mailbox"]!.AsArray()));
    }

    [Fact]
    public async Task What_lines_cannot_carry_is_shown_in_base64_and_comes_decoded()
    {
        byte[] binary = [0, 1, 2, (byte)'\n', 0xFF];
        byte[] message = [.. "MIME-Version: 1.0\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n"u8, .. binary];
        var (client, email) = await FiledAsync("blob-binary", message);
        Assert.EndsWith(Convert.ToBase64String(binary), Encoding.Latin1.GetString((await client.DownloadAsync($"m{email:N}")).Body), StringComparison.Ordinal);
        Assert.Equal(binary, (await client.DownloadAsync($"p{email:N}-1")).Body);
    }

    [Fact]
    public async Task They_are_nobody_else_s()
    {
        var (_, email) = await FiledAsync("blob-mine", Encoding.Latin1.GetBytes(Message));
        var other = await JmapClient.MakeAsync(server, "blob-yours");
        foreach (var id in (string[])[$"m{email:N}", $"p{email:N}-1"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await other.DownloadAsync(id)).Status);
        }
    }

    [Fact]
    public async Task What_was_purged_between_look_up_and_sending_is_not_there()
    {
        // The mailbox still has its record, as when it expunges just now; its octets have gone.
        var (client, email) = await FiledAsync("blob-purged", Encoding.Latin1.GetBytes(Message));
        var mailbox = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IEmailGrain>((await JmapAccounts.FindAsync(server, client.Address)).Value);
        var record = (await mailbox.GetAsync([email], withContent: false)).Emails.Single()!;
        await server.Services.GetRequiredService<IMessageBlobs>().DeleteAsync([record.Body.Name], CancellationToken.None);
        var missing = await client.DownloadAsync($"m{Guid.NewGuid():N}");
        foreach (var (id, range) in ((string, string)[])[($"m{email:N}", ""), ($"m{email:N}", "bytes=6-19"), ($"p{email:N}-3", ""), ($"p{email:N}-2_1", "bytes=1-2")])
        {
            var (status, answer, body) = await client.SendAsync(HttpMethod.Get, $"/jmap/download/{client.Account}/{id}/x?accept=text/html", null, range.Length > 0 ? ("Range", range) : ("X-Whole", "1"));
            Assert.Equal(HttpStatusCode.NotFound, status);
            Assert.Equal((string)JsonNode.Parse(missing.Body)!["detail"]!, (string)JsonNode.Parse(body)!["detail"]!);
            Assert.Equal(missing.Answer.Headers.Select(header => header.Key).Order(), answer.Headers.Select(header => header.Key).Order());
            Assert.Equal(missing.Answer.Content.Headers.Select(header => header.Key).Order(), answer.Content.Headers.Select(header => header.Key).Order());
            Assert.True(answer.Headers.CacheControl!.NoStore);
        }

        Assert.Equal($"m{email:N}", (string)(await client.CallAsync("Blob/get", new() { ["ids"] = new JsonArray($"m{email:N}") }))["notFound"]!.AsArray().Single()!);
        var uses = JsonNode.Parse($$$"""{"k":{"data":[{"blobId":"m{{{email:N}}}"}]}}""")!.AsObject();
        Assert.Equal("invalidProperties", (string)(await client.CallAsync("Blob/upload", new() { ["create"] = uses }))["notCreated"]!["k"]!["type"]!);
        var inbox = new JsonObject { [(await client.CallAsync("Mailbox/get"))["list"]!.AsArray().Select(folder => (string)folder!["id"]!).First()] = true };
        var import = new JsonObject { ["k"] = new JsonObject { ["blobId"] = $"m{email:N}", ["mailboxIds"] = inbox } };
        Assert.Equal(["blobId"], (await client.CallAsync("Email/import", new() { ["emails"] = import }))["notCreated"]!["k"]!["properties"]!.AsArray().Select(name => (string)name!));
        var attach = new JsonObject { ["k"] = new JsonObject { ["mailboxIds"] = inbox.DeepClone(), ["attachments"] = new JsonArray(new JsonObject { ["blobId"] = $"p{email:N}-3" }) } };
        var error = (await client.CallAsync("Email/set", new() { ["create"] = attach }))["notCreated"]!["k"]!;
        Assert.Equal(("blobNotFound", $"p{email:N}-3"), ((string)error["type"]!, (string)error["notFound"]!.AsArray().Single()!));
    }

    private async Task<(JmapClient Client, Guid Email)> FiledAsync(string user, byte[] message)
    {
        var client = await JmapClient.MakeAsync(server, user);
        var mailbox = server.Services.GetRequiredService<IGrainFactory>().GetGrain<IEmailGrain>((await JmapAccounts.FindAsync(server, client.Address)).Value);
        var before = (await mailbox.GetStateAsync())!.Value;
        var import = (await server.SendAsync(HttpMethod.Post, $"/admin/v1/mailboxes/{client.Address}/imports")).Body.GetProperty("id").GetString();
        using var content = new ByteArrayContent(message);
        Assert.Equal(HttpStatusCode.OK, (await server.Admin.PutAsync($"/admin/v1/mailboxes/{client.Address}/imports/{import}/1?folder=INBOX", content)).StatusCode);
        return (client, (await mailbox.GetChangesAsync(new(before), 10)).Created.Single());
    }
}
