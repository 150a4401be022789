using System.Net;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>A server with settings of its own: pages of another origin may use JMAP, and few uploads are kept.</summary>
public sealed class JmapSettingsTests : IAsyncLifetime
{
    private readonly WebServer server = new() { Settings = [new("Web:Jmap:Origins", "https://app.example.com"), new("Web:Jmap:UploadsKept", "3"), new("Web:Jmap:UploadsOctets", "75000000")] };

    public Task InitializeAsync() => server.InitializeAsync();

    public Task DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("https://app.example.com", true)]
    [InlineData("https://evil.example", false)]
    [InlineData("null", false)]
    public async Task A_page_of_an_origin_that_is_listed_asks_before_and_may(string origin, bool isAllowed)
    {
        var (status, asked, _) = await JmapClient.Nobody(server).SendAsync(
            HttpMethod.Options, "/jmap/api", null, ("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type"));
        Assert.Equal(HttpStatusCode.NoContent, status);
        var client = await JmapClient.MakeAsync(server, "cors");
        var (_, answered, _) = await client.SendAsync(HttpMethod.Get, "/jmap/session", null, ("Origin", origin));
        foreach (var answer in (HttpResponseMessage[])[asked, answered])
        {
            Assert.Equal(isAllowed ? [origin] : [], answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? allowed : []);
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
        }

        Assert.DoesNotContain("x-requested-with", string.Join(',', asked.Headers.TryGetValues("Access-Control-Allow-Headers", out var names) ? names : []), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_was_kept_longest_makes_room()
    {
        // RFC 8620 §6.
        var (client, other) = (await JmapClient.MakeAsync(server, "room"), await JmapClient.MakeAsync(server, "room-other"));
        var apart = await other.UploadAsync([0]);
        var blobs = new List<string>();
        for (byte i = 0; i < 4; i++)
        {
            blobs.Add(await client.UploadAsync([i]));
        }

        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK], await StatusAsync(client, blobs));
        blobs.Add(await client.UploadAsync(new byte[75_000_000]));
        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.OK], await StatusAsync(client, blobs));
        Assert.Equal([HttpStatusCode.OK], await StatusAsync(other, [apart]));
    }

    private static async Task<List<HttpStatusCode>> StatusAsync(JmapClient client, IReadOnlyList<string> blobs)
    {
        var found = new List<HttpStatusCode>();
        foreach (var blob in blobs)
        {
            found.Add((await client.SendAsync(HttpMethod.Head, $"/jmap/download/{client.Account}/{blob}/x")).Status);
        }

        return found;
    }
}
