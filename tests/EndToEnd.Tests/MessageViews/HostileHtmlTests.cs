using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.MessageViews;

/// <summary>
/// Mail that wants a browser to run, load, submit, navigate or cover something, in a real one: as the page that the server makes of it, in a frame; and as the fragment alone, in a page without a policy.
/// Every request of the browser passes a proxy, which is everybody else.
/// </summary>
public sealed class HostileHtmlTests(ViewedMailboxes mailboxes, ITestOutputHelper output) : IClassFixture<ViewedMailboxes>
{
    private const string Alice = "alice@example.test";
    private const string Bob = "bob@example.test";

    /// <summary>Of what a page does not hold: a script, a dialog, another place, another look of what is around.</summary>
    private static readonly string[] Signs = ["alert(", "a dialog", "a download", "sentinels", "address", "focused", "the frame went"];

    [Fact]
    public async Task Hostile_mail_does_nothing()
    {
        var mails = await mailboxes.SendAsync(Alice, HostileMail.All());
        await using var reader = await mailboxes.ReadAsync(Alice);
        using var client = mailboxes.Client(Alice);
        var faults = new List<string>();
        var links = 0;
        foreach (var (mail, path) in mails)
        {
            var framed = await reader.OpenFrameAsync($"{path}/view?remote=0");
            faults.AddRange(framed.Faults.Concat(Strangers(framed, path)).Select(fault => $"{mail.Name}, framed: {fault}"));
            faults.AddRange((await reader.FollowAsync(framed.Content.Links)).Select(fault => $"{mail.Name}, framed: {fault}"));

            var html = (await client.GetFromJsonAsync<JsonElement>($"{path}/view")).GetProperty("html").GetString()!;
            var bare = await reader.OpenFragmentAsync(html);
            faults.AddRange(bare.Faults.Concat(Strangers(bare, path)).Select(fault => $"{mail.Name}, bare: {fault}"));
            faults.AddRange((await reader.FollowAsync(bare.Content.Links)).Select(fault => $"{mail.Name}, bare: {fault}"));
            links += framed.Content.Links.Length + bare.Content.Links.Length;
        }

        output.WriteLine($"{mails.Count} mails, {links} links followed, {faults.Count} faults");
        AssertNone(faults);
    }

    [Fact]
    public async Task Where_images_of_elsewhere_are_allowed_these_are_loaded_and_nothing_else()
    {
        var mails = await mailboxes.SendAsync(Alice, HostileMail.All());
        await using var reader = await mailboxes.ReadAsync(Alice);
        using var client = mailboxes.Client(Alice);
        var faults = new List<string>();
        var loaded = 0;
        foreach (var (mail, path) in mails)
        {
            var view = await client.GetFromJsonAsync<JsonElement>($"{path}/view?remote=1");
            if (view.GetProperty("remoteCount").GetInt32() == 0)
            {
                // The page is the one that the test above has opened.
                continue;
            }

            var hosts = view.GetProperty("remoteHosts").EnumerateArray().Select(host => host.GetString()!).ToHashSet();
            foreach (var (place, opened) in new[] { ("framed", await reader.OpenFrameAsync($"{path}/view?remote=1")), ("bare", await reader.OpenFragmentAsync(view.GetProperty("html").GetString()!)) })
            {
                var elsewhere = opened.Requests.Where(request => !IsOwn(request, path)).ToList();
                faults.AddRange(opened.Faults.Concat(UnlikeNamed(opened.Content, elsewhere, hosts)).Select(fault => $"{mail.Name}, {place}: {fault}"));
                loaded += elsewhere.Count;
            }
        }

        output.WriteLine($"{mails.Count} mails, {loaded} requests to other hosts, {faults.Count} faults");
        Assert.True(loaded > 0);
        AssertNone(faults);
    }

    [Fact]
    public async Task Mail_that_nobody_here_wrote_asks_for_nothing()
    {
        var corpus = CorpusMail.Read(output).Select((octets, i) => new Mail($"message {i}", octets)).ToList();
        var mails = await mailboxes.SendAsync(Bob, corpus);
        await using var reader = await mailboxes.ReadAsync(Bob);
        using var client = mailboxes.Client(Bob);
        var faults = new List<string>();
        foreach (var (mail, path) in mails)
        {
            var html = (await client.GetFromJsonAsync<JsonElement>($"{path}/view")).GetProperty("html").GetString()!;
            foreach (var opened in new[] { await reader.OpenFrameAsync($"{path}/view"), await reader.OpenFragmentAsync(html) })
            {
                faults.AddRange(opened.Faults.Concat(Strangers(opened, path)).Select(fault => $"{mail.Name}: {fault}"));
            }
        }

        output.WriteLine($"{mails.Count} mails, {faults.Count} faults");
        AssertNone(faults);
    }

    /// <summary>The second line of defence by itself: the same mail as it came, in a page with what the server says of its own.</summary>
    [Fact]
    public async Task The_page_alone_holds_mail_that_is_not_sanitised()
    {
        var (_, path) = (await mailboxes.SendAsync(Alice, [HostileMail.OfHtml("any", "<p>x</p>")])).Single();
        using var client = mailboxes.Client(Alice);
        client.DefaultRequestHeaders.Accept.Clear();
        using var view = await client.GetAsync($"{path}/view");
        await using var reader = await mailboxes.ReadAsync(Alice);
        var faults = new List<string>();
        var mails = HostileMail.Vectors().ToList();
        foreach (var mail in mails)
        {
            mailboxes.Proxy.Serve("raw", context =>
            {
                foreach (var field in view.Headers.Where(field => field.Key is not ("Date" or "Transfer-Encoding")))
                {
                    context.Response.Headers[field.Key] = field.Value.ToArray();
                }

                context.Response.ContentType = "text/html; charset=utf-8";
                return context.Response.WriteAsync($"<!DOCTYPE html><body>{mail.Html!.Replace("alert(1)", "parent.alert(1)", StringComparison.Ordinal)}");
            });
            var opened = await reader.OpenFrameAsync($"{RecordingProxy.OwnPath}raw");
            faults.AddRange(opened.Requests.Select(request => $"{mail.Name}: asks for {request}"));
            faults.AddRange(opened.Faults.Where(fault => Signs.Any(sign => fault.StartsWith(sign, StringComparison.Ordinal))).Select(fault => $"{mail.Name}: {fault}"));
        }

        output.WriteLine($"{mails.Count} mails, {faults.Count} faults");
        AssertNone(faults);
    }

    /// <summary>Shows that the watch sees what it is there for.</summary>
    [Theory]
    [InlineData("<img src=x onerror=alert(1)>", "alert(1)")]
    [InlineData("<img src=http://evil.test/pixel>", "http://evil.test/pixel")]
    [InlineData("<link rel=stylesheet href=http://evil.test/x.css>", "http://evil.test/x.css")]
    [InlineData("<iframe srcdoc='<script>parent.alert(2)</script>'></iframe>", "alert(2)")]
    [InlineData("<form action=http://evil.test/><input autofocus></form>", "has <form")]
    [InlineData("<div style='position:fixed;inset:0;background:red'>x</div>", "sentinels")]
    [InlineData("<style>.sentinel{display:none}</style>", "sentinels")]
    [InlineData("<a href='javascript:alert(3)'>x</a>", "javascript")]
    [InlineData("<meta http-equiv=refresh content='0;url=http://evil.test/went'>", "http://evil.test/went")]
    [InlineData("<svg onload=alert(4)></svg>", "alert(4)")]
    public async Task What_is_not_sanitised_is_noticed(string html, string sign)
    {
        await using var reader = await mailboxes.ReadAsync(Alice);
        var opened = await reader.OpenFragmentAsync(html);
        var faults = opened.Faults.Concat(opened.Requests.Select(request => request.ToString())).Concat(await reader.FollowAsync(opened.Content.Links)).ToList();
        Assert.Contains(faults, fault => fault.Contains(sign, StringComparison.Ordinal));
    }

    /// <summary>The same of the watch over frames: this one has no policy and is not sandboxed.</summary>
    [Theory]
    [InlineData("<img src=x onerror=alert(1)>", "a dialog: 1")]
    [InlineData("<svg onload=parent.alert(2)></svg>", "alert(2)")]
    [InlineData("<script src=http://evil.test/x.js></script>", "http://evil.test/x.js")]
    [InlineData("<p style='background:url(http://evil.test/pixel)'>x", "http://evil.test/pixel")]
    [InlineData("<input autofocus>", "focus")]
    [InlineData("<meta http-equiv=refresh content='0;url=http://evil.test/went'>", "http://evil.test/went")]
    [InlineData("<script>parent.location='http://evil.test/above'</script>", "http://evil.test/above")]
    [InlineData("<base href=http://evil.test/><a href=x>x</a>", "has <base")]
    public async Task What_is_not_sanitised_in_a_frame_is_noticed(string html, string sign)
    {
        mailboxes.Proxy.Serve("raw", "text/html", $"<!DOCTYPE html><body>{html}");
        await using var reader = await mailboxes.ReadAsync(Alice);
        var opened = await reader.OpenFrameAsync($"{RecordingProxy.OwnPath}raw", sandbox: null);
        Assert.Contains(opened.Faults.Concat(opened.Requests.Select(request => request.ToString())), fault => fault.Contains(sign, StringComparison.Ordinal));
    }

    /// <summary>Requests for what is no image of the mail, images that were not asked for, and hosts that the reader was not told of.</summary>
    private IEnumerable<string> UnlikeNamed(SeenContent content, List<SeenRequest> elsewhere, HashSet<string> hosts)
    {
        var images = content.Images.Where(IsElsewhere).Select(address => new Uri(address)).ToList();
        var named = images.Concat(content.Backgrounds.Where(IsElsewhere).Select(address => new Uri(address))).ToList();
        return elsewhere.Where(request => request.Referer.Length > 0 || !named.Exists(address => IsFor(request, address))).Select(request => $"asks for {request}")
            .Concat(images.Where(address => !elsewhere.Exists(request => IsFor(request, address))).Select(address => $"{address} was not loaded"))
            .Concat(named.Where(address => !hosts.Contains(address.IdnHost)).Select(address => $"{address.IdnHost} is not listed"));
    }

    private bool IsElsewhere(string address) => address.StartsWith("http", StringComparison.Ordinal) && !address.StartsWith(mailboxes.Origin + "/", StringComparison.Ordinal);

    private IEnumerable<string> Strangers(Opened opened, string path) => opened.Requests.Where(request => !IsOwn(request, path)).Select(request => $"asks for {request}");

    private bool IsOwn(SeenRequest request, string path) =>
        request.Url.StartsWith($"{mailboxes.Origin}{path}/view", StringComparison.Ordinal) || (request.Kind == RequestKind.Image && request.Url.StartsWith($"{mailboxes.Origin}{path}/part/", StringComparison.Ordinal));

    // Of HTTPS the proxy sees the host alone.
    private static bool IsFor(SeenRequest request, Uri address) => address.Scheme == "https"
        ? request.Url == $"{address.IdnHost}:{address.Port}"
        : request.Kind == RequestKind.Image && request.Url == address.AbsoluteUri.Split('#')[0];

    private static void AssertNone(List<string> faults) => Assert.True(faults.Count == 0, string.Join('\n', faults.Take(50)));
}
