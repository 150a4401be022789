using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Web.Jmap;
using MailCloud.Web.Jmap.Requests;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>Uploads and downloads (RFC 8620 §6): the very octets, for nobody else, and nothing that a browser would run.</summary>
[Collection(nameof(WebServer))]
public sealed class TransferTests(WebServer server)
{
    [Fact]
    public async Task What_was_uploaded_comes_back_octet_for_octet()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-transfer");
        byte[] octets = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        using var content = new ByteArrayContent(octets) { Headers = { ContentType = MediaTypeHeaderValue.Parse("image/png; x=y") } };
        var (status, _, body) = await client.SendAsync(HttpMethod.Post, $"/jmap/upload/{client.Account}", content);
        var uploaded = JsonNode.Parse(body)!;
        Assert.Equal((HttpStatusCode.Created, client.Account, "image/png; x=y", 256), (status, (string)uploaded["accountId"]!, (string)uploaded["type"]!, (int)uploaded["size"]!));

        var (found, answer, downloaded) = await client.DownloadAsync((string)uploaded["blobId"]!, "image/png", Uri.EscapeDataString("a/b \"ö\".png"));
        Assert.Equal(HttpStatusCode.OK, found);
        Assert.Equal(octets, downloaded);
        Assert.Equal("image/png", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
        Assert.EndsWith("ö\".png", answer.Content.Headers.ContentDisposition.FileNameStar, StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.StartsWith("sandbox", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("immutable", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Empty((await client.DownloadAsync(await client.UploadAsync([]))).Body);
    }

    [Theory]
    [InlineData("text/html", "text/html")]
    [InlineData("text/plain; charset=utf-8; evil=1", "text/plain; charset=utf-8")]
    [InlineData("nonsense", "application/octet-stream")]
    [InlineData("*/*", "application/octet-stream")]
    [InlineData("text/html\r\nX-Evil: 1", "application/octet-stream")]
    [InlineData("", "application/octet-stream")]
    public async Task A_download_has_the_type_that_is_asked_for_if_it_is_one(string accept, string type)
    {
        var client = await JmapClient.MakeAsync(server, "jmap-accept");
        var (status, answer, _) = await client.DownloadAsync(await client.UploadAsync("<script>alert(1)</script>"u8.ToArray()), accept);
        Assert.Equal((HttpStatusCode.OK, type), (status, answer.Content.Headers.ContentType!.ToString()));
        Assert.False(answer.Headers.Contains("X-Evil"));
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition!.DispositionType);
    }

    [Theory]
    [InlineData("bytes=0-0", 206, "0", "bytes 0-0/10")]
    [InlineData("bytes=3-5", 206, "345", "bytes 3-5/10")]
    [InlineData("bytes=8-", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=-3", 206, "789", "bytes 7-9/10")]
    [InlineData("bytes=-20", 206, "0123456789", "bytes 0-9/10")]
    [InlineData("bytes=5-99", 206, "56789", "bytes 5-9/10")]
    [InlineData("bytes=10-", 416, null, "bytes */10")]
    [InlineData("bytes=0-1,3-4", 200, "0123456789", null)]
    [InlineData("lines=0-1", 200, "0123456789", null)]
    public async Task A_range_is_given(string range, int status, string? text, string? contentRange)
    {
        var client = await JmapClient.MakeAsync(server, "jmap-range");
        var path = $"/jmap/download/{client.Account}/{await client.UploadAsync("0123456789"u8.ToArray())}/x";
        var (answered, answer, body) = await client.SendAsync(HttpMethod.Get, path, null, ("Range", range));
        Assert.Equal((status, contentRange), ((int)answered, answer.Content.Headers.ContentRange?.ToString()));
        Assert.Equal(text ?? Encoding.UTF8.GetString(body), Encoding.UTF8.GetString(body));

        var (_, again, _) = await client.SendAsync(HttpMethod.Get, path, null, ("If-None-Match", answer.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        var (other, _, whole) = await client.SendAsync(HttpMethod.Get, path, null, ("Range", "bytes=0-0"), ("If-Range", "\"other\""));
        Assert.Equal((HttpStatusCode.OK, 10), (other, whole.Length));
        var (_, head, nothing) = await client.SendAsync(HttpMethod.Head, path);
        Assert.Equal((10, 0), (head.Content.Headers.ContentLength, nothing.Length));
    }

    [Fact]
    public async Task What_is_another_s_is_as_if_it_were_not()
    {
        var owner = await JmapClient.MakeAsync(server, "jmap-owner");
        var neighbour = await JmapClient.MakeAsync(server, "jmap-neighbour");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"jmap-other"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/jmap-other/domains", """{"domain":"jmap-other.test"}""");
        var stranger = await JmapClient.MakeAsync(server, "owner@jmap-other.test");
        var blob = await owner.UploadAsync("secret"u8.ToArray());
        Assert.Equal(HttpStatusCode.OK, (await owner.DownloadAsync(blob)).Status);
        foreach (var other in (JmapClient[])[neighbour, stranger])
        {
            var missing = await other.DownloadAsync($"u{Guid.NewGuid():N}");
            foreach (var (account, id) in ((string, string)[])[(other.Account, blob), (owner.Account, blob), (other.Account, "nonsense"), (other.Account, $"m{Guid.NewGuid():N}x")])
            {
                var (status, answer, body) = await other.SendAsync(HttpMethod.Get, $"/jmap/download/{account}/{id}/x?accept=text/plain");
                Assert.Equal(HttpStatusCode.NotFound, status);
                Assert.Equal(Detail(missing.Body), Detail(body));
                Assert.Equal(missing.Answer.Headers.Select(header => header.Key).Order(), answer.Headers.Select(header => header.Key).Order());
            }

            using var content = new ByteArrayContent([1]);
            Assert.Equal(HttpStatusCode.NotFound, (await other.SendAsync(HttpMethod.Post, $"/jmap/upload/{owner.Account}", content)).Status);
            Assert.Equal("accountNotFound", await other.FailAsync("Blob/get", new() { ["accountId"] = owner.Account, ["ids"] = new JsonArray(blob) }));
            Assert.Equal(blob, (string)(await other.CallAsync("Blob/get", new() { ["ids"] = new JsonArray(blob) }))["notFound"]![0]!);
            Assert.Equal(blob, (string)(await other.CallAsync("Blob/lookup", new() { ["ids"] = new JsonArray(blob), ["typeNames"] = new JsonArray("Email") }))["notFound"]![0]!);
            Assert.True((await other.CallAsync("Blob/copy", new() { ["fromAccountId"] = other.Account, ["blobIds"] = new JsonArray(blob) }))["notCopied"]!.AsObject().ContainsKey(blob));
        }
    }

    [Fact]
    public async Task What_is_too_long_leaves_nothing()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-too-long");
        var most = server.Services.GetRequiredService<JmapOptions>().MaxSizeUpload;
        foreach (var isSized in (bool[])[true, false])
        {
            // Who says the length beforehand, and waits, sends nothing for nothing.
            using var content = new StreamContent(new Pattern(most + 1L));
            content.Headers.ContentLength = isSized ? most + 1L : null;
            var (status, _, body) = await client.SendAsync(HttpMethod.Post, $"/jmap/upload/{client.Account}", content, isSized ? ("Expect", "100-continue") : ("X-Unsized", "1"));
            Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "maxSizeUpload"), (status, (string)JsonNode.Parse(body)!["limit"]!));
        }

        Assert.Empty(await KeptAsync(client));
    }

    [Fact]
    public async Task One_upload_too_many_at_a_time_is_refused()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-upload-turns");
        var most = server.Services.GetRequiredService<JmapOptions>().MaxConcurrentUpload;
        var account = await JmapAccounts.FindAsync(server, client.Address);
        var taken = Enumerable.Range(0, most).Select(_ => server.Services.GetRequiredService<RequestTurns>().TryEnter(account, "upload", most)!).ToList();
        using var content = new ByteArrayContent([1]);
        var (status, _, body) = await client.SendAsync(HttpMethod.Post, $"/jmap/upload/{client.Account}", content);
        Assert.Equal((HttpStatusCode.TooManyRequests, "maxConcurrentUpload"), (status, (string)JsonNode.Parse(body)!["limit"]!));
        taken.ForEach(turn => turn.Dispose());
        await client.UploadAsync([1]);
    }

    private static string Detail(byte[] body) => (string)JsonNode.Parse(body)!["detail"]!;

    private async Task<IReadOnlyList<string>> KeptAsync(JmapClient client) => await JmapAccounts.UploadsAsync(server, client.Address);
}
