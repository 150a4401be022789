using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Web.Tests.Jmap;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.MessageViews;

/// <summary>A message as browsers get it: page, JSON and images, with what they are told of them; and who gets none of it.</summary>
[Collection(nameof(WebServer))]
public sealed class ViewTests(WebServer server)
{
    private const string Message = """
        From: x@elsewhere.test
        Subject: pictures
        MIME-Version: 1.0
        Content-Type: multipart/related; boundary=b

        --b
        Content-Type: text/html

        <p onclick=x()>Hello <img src="cid:a@x"><img src="https://t.test/p.gif"><a href="https://a.test/">there</a>
        --b
        Content-Type: image/jpeg; name=a.png
        Content-ID: <a@x>
        Content-Transfer-Encoding: base64

        iVBORw0KGgoAAAANSUhEUg==
        --b
        Content-Type: image/png; name=page.png
        Content-ID: <page@x>

        <!DOCTYPE html><script>alert(1)</script>
        --b
        Content-Type: image/svg+xml; name=s.svg

        <svg/>
        --b--
        """;

    [Fact]
    public async Task A_page_lets_the_browser_do_nothing_but_show_it()
    {
        var (client, path) = await MessageAsync("view-page");
        var (status, answer, body) = await client.SendAsync(HttpMethod.Get, $"{path}/view", headers: ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        var page = Encoding.UTF8.GetString(body);
        Assert.Equal((HttpStatusCode.OK, "text/html; charset=utf-8"), (status, answer.Content.Headers.ContentType!.ToString()));
        Assert.Contains($"<body><div><div><p>Hello <img src=\"{path}/part/2\"><img data-remote-src=\"https://t.test/p.gif\">", page, StringComparison.Ordinal);

        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith($"default-src 'none'; img-src {server.Http.BaseAddress!.Authority}{path}/part/ data:; style-src ", policy, StringComparison.Ordinal);
        Assert.EndsWith("base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("script", policy, StringComparison.Ordinal);
        CheckHeaders(answer);
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
    }

    [Fact]
    public async Task A_host_that_policies_cannot_name_is_the_page_s_own()
    {
        var (client, path) = await MessageAsync("view-host");
        var (_, answer, _) = await client.SendAsync(HttpMethod.Get, $"{path}/view", headers: ("Host", "[::1]:8080"));
        Assert.StartsWith("default-src 'none'; img-src 'self' data:; ", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_of_elsewhere_are_for_who_asks_for_them()
    {
        var (client, path) = await MessageAsync("view-remote");
        var (_, answer, body) = await client.SendAsync(HttpMethod.Get, $"{path}/view?remote=1");
        Assert.Contains("<img src=\"https://t.test/p.gif\" referrerpolicy=\"no-referrer\">", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        Assert.Contains("/part/ data: https: http:; ", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Contains("data-remote-src", Encoding.UTF8.GetString((await client.SendAsync(HttpMethod.Get, $"{path}/view?remote=0")).Body), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(HttpMethod.Get, $"{path}/view?remote=yes")).Status);
    }

    [Fact]
    public async Task Programs_get_JSON()
    {
        var (client, path) = await MessageAsync("view-json");
        var (status, answer, body) = await client.SendAsync(HttpMethod.Get, $"{path}/view", headers: ("Accept", "application/json"));
        Assert.Equal((HttpStatusCode.OK, "application/json"), (status, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal("default-src 'none'; frame-ancestors 'none'; sandbox", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        CheckHeaders(answer);

        var view = JsonNode.Parse(body)!.AsObject();
        Assert.Equal(["html", "text", "remoteCount", "remoteHosts", "attachments", "notes"], view.Select(member => member.Key));
        Assert.StartsWith("<div><p>Hello", (string)view["html"]!, StringComparison.Ordinal);
        Assert.Equal((1, "t.test"), ((int)view["remoteCount"]!, (string)view["remoteHosts"]![0]!));
        Assert.Equal(["3 image/png page.png", "4 image/svg+xml s.svg"], view["attachments"]!.AsArray().Select(a => $"{a!["part"]} {a["type"]} {a["name"]}"));
        Assert.Equal($"p{path.Split('/')[3][1..]}-3", (string)view["attachments"]![0]!["blobId"]!);
    }

    [Fact]
    public async Task An_image_is_what_its_octets_are()
    {
        var (client, path) = await MessageAsync("view-parts");
        var (status, answer, body) = await client.SendAsync(HttpMethod.Get, $"{path}/part/2");
        Assert.Equal((HttpStatusCode.OK, "image/png"), (status, answer.Content.Headers.ContentType!.ToString()));
        Assert.Equal(Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUg=="), body);
        Assert.Equal("default-src 'none'; frame-ancestors 'none'; sandbox", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        CheckHeaders(answer);
        foreach (var other in (string[])["1", "3", "4", "5", "2.1", "x"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await client.SendAsync(HttpMethod.Get, $"{path}/part/{other}")).Status);
        }
    }

    [Fact]
    public async Task Only_its_reader_gets_it()
    {
        var (_, path) = await MessageAsync("view-mine");
        var (other, otherPath) = await MessageAsync("view-other");
        foreach (var resource in (string[])["view", "part/2"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await JmapClient.Nobody(server).SendAsync(HttpMethod.Get, $"{path}/{resource}")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await other.SendAsync(HttpMethod.Get, $"{path}/{resource}")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await other.SendAsync(HttpMethod.Get, $"/mail/{other.Account}/{path.Split('/')[3]}/{resource}")).Status);
            Assert.Equal(HttpStatusCode.OK, (await other.SendAsync(HttpMethod.Get, $"{otherPath}/{resource}")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await other.SendAsync(HttpMethod.Get, $"/mail/{other.Account}/e{Guid.NewGuid():N}/{resource}")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await other.SendAsync(HttpMethod.Get, $"/mail/{other.Account}/nonsense/{resource}")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await server.Admin.GetAsync($"{otherPath}/{resource}")).StatusCode);
        }
    }

    [Fact]
    public async Task A_body_that_has_gone_meanwhile_is_no_message()
    {
        var (client, path) = await MessageAsync("view-gone");
        var account = await JmapAccounts.FindAsync(server, client.Address);
        await server.Services.GetRequiredService<IMessageBlobs>().DeleteAsync([BodyRef.NameFor(account.Tenant, new(Guid.Parse(path.Split('/')[3][1..])))], default);
        Assert.Equal(HttpStatusCode.NotFound, (await client.SendAsync(HttpMethod.Get, $"{path}/view")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await client.SendAsync(HttpMethod.Get, $"{path}/part/2")).Status);
    }

    private static void CheckHeaders(HttpResponseMessage answer)
    {
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.Equal("off", Assert.Single(answer.Headers.GetValues("X-DNS-Prefetch-Control")));
        Assert.True(answer.Headers.CacheControl is { Private: true, Public: false });
    }

    private async Task<(JmapClient Client, string Path)> MessageAsync(string user)
    {
        var client = await JmapClient.MakeAsync(server, user);
        var account = await JmapAccounts.FindAsync(server, client.Address);
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        var body = new BodyRef(BodyRef.NameFor(account.Tenant, id), 0);
        var octets = Encoding.ASCII.GetBytes(Message.ReplaceLineEndings("\r\n"));
        await using (var upload = server.Services.GetRequiredService<IMessageBlobs>().Create(body.Name, [BodyOwner.Mailbox(account)]))
        {
            await upload.WriteAsync(octets, default);
            await upload.CommitAsync(default);
        }

        var summary = await MessageParser.SummariseAsync(new MemoryStream(octets), default);
        var appended = await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IMailboxGrain>(account.Value).AppendAsync(new()
        {
            Operation = Guid.NewGuid(),
            Folder = "INBOX",
            Messages = [new() { Body = body with { Length = octets.Length }, Summary = summary, InternalDate = DateTimeOffset.UtcNow }],
        });
        Assert.Equal(WriteOutcome.Done, appended.Outcome);
        return (client, $"/mail/{client.Account}/{ObjectIds.OfEmail(id.Value)}");
    }
}
