namespace MailCloud.MessageView.Tests;

/// <summary>What a message shows of itself, and what it would load from elsewhere.</summary>
public sealed class ImageTests
{
    private const string Related = """
        MIME-Version: 1.0
        Content-Type: multipart/related; boundary=b

        --b
        Content-Type: text/html

        <img src="cid:a%40x"><img src="CID:nothing@x"><img src="http://old.test/b.gif"><table background="cid:a@x"><tr><td>t</td></tr></table><img src="cid:s@x">
        --b
        Content-Type: image/png; name=a.png
        Content-ID: <a@x>
        Content-Transfer-Encoding: base64

        iVBORw0KGgo=
        --b
        Content-Type: image/gif; name=b.gif
        Content-Location: http://old.test/b.gif

        GIF89a
        --b
        Content-Type: image/svg+xml
        Content-ID: <s@x>

        <svg/>
        --b
        Content-Type: image/gif; name=unused.gif
        Content-ID: <c@x>

        GIF89a
        --b--
        """;

    [Fact]
    public async Task Own_images_are_found_by_id_and_by_location()
    {
        var message = await Rendering.MessageAsync(Related);
        Assert.Equal(
            "<div><img src=\"/mail/7/part/2\"><img><img src=\"/mail/7/part/3\">"
                + "<table style=\"background-image: url(&quot;/mail/7/part/2&quot;)\"><tbody><tr><td>t</td></tr></tbody></table><img></div>",
            message.Html.Replace("\r\n", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));
        Assert.Equal(["a@x is 2", "http://old.test/b.gif is 3"], message.Inline.Select(shown => $"{shown.Key} is {shown.Value}").Order(StringComparer.Ordinal));
        Assert.Equal([("4", "image/svg+xml"), ("5", "image/gif")], message.Attachments.Select(a => (a.Part, a.Type)));
        Assert.False(message.HasRemoteContent);
    }

    [Theory]
    [InlineData("<img src=https://t.test/p.gif width=1>", "<img width=\"1\" data-remote-src=\"https://t.test/p.gif\">")]
    [InlineData("<img src=//t.test/p.gif>", "<img data-remote-src=\"https://t.test/p.gif\">")]
    [InlineData("<p style=\"background:url('http://t.test/p');color:red\">x</p>", "<p style=\"color: red\" data-remote-src=\"http://t.test/p\">x</p>")]
    [InlineData("<p style=\"color:red;background:red url( http://t.test/p )\">x</p>", "<p style=\"color: red; background: red\" data-remote-src=\"http://t.test/p\">x</p>")]
    [InlineData("<table background=http://t.test/p></table>", "<table data-remote-src=\"http://t.test/p\"></table>")]
    public async Task Remote_images_are_off(string html, string expected)
    {
        var message = await Rendering.HtmlAsync(html);
        Assert.Equal($"<div>{expected}</div>", message.Html);
        Assert.Equal((1, "t.test"), (message.RemoteCount, Assert.Single(message.RemoteHosts)));
    }

    [Theory]
    [InlineData("<img src=https://t.test/p.gif width=1>", "<img width=\"1\" src=\"https://t.test/p.gif\" referrerpolicy=\"no-referrer\">")]
    [InlineData("<p style=\"background:url('http://t.test/p&quot;)')\">x</p>", "<p>x</p>")]
    [InlineData("<p style=\"background:red url('http://t.test/p')\">x</p>", "<p style=\"background: red url(&quot;http://t.test/p&quot; referrer-policy(no-referrer))\">x</p>")]
    [InlineData("<table background=http://t.test/p></table>", "<table style=\"background-image: url(&quot;http://t.test/p&quot; referrer-policy(no-referrer))\"></table>")]
    public async Task They_are_loaded_when_the_reader_wants_them(string html, string expected) =>
        Assert.Equal(expected, await Rendering.InnerAsync(html, Rendering.Options with { AllowRemote = true }));

    [Fact]
    public async Task Their_hosts_are_listed_once()
    {
        var message = await Rendering.HtmlAsync("<img src=http://b.test/1><img src=http://B.test/2><img src=http://a.test:81/><img src=http://\u8def.test/><img src=/x><img src=cid:x>");
        Assert.Equal(4, message.RemoteCount);
        Assert.Equal(["b.test", "a.test", "xn--9gs.test"], message.RemoteHosts.Select(h => h.StartsWith("xn--", StringComparison.Ordinal) ? "xn--9gs.test" : h));
        Assert.True(message.HasRemoteContent);
    }

    [Theory]
    [InlineData("data:image/png;base64,iVBORw0KGgo=", true)]
    [InlineData("DATA:image/JPEG;base64,AAAA", true)]
    [InlineData("data:image/svg+xml;base64,AAAA", false)]
    [InlineData("data:image/png,AAAA", false)]
    [InlineData("data:text/html;base64,AAAA", false)]
    public async Task Images_in_their_own_address(string address, bool isKept) =>
        Assert.Equal(isKept ? $"<img src=\"{address.Replace("DATA", "data", StringComparison.Ordinal)}\">" : "<img>", await Rendering.InnerAsync($"<img src=\"{address}\">"));
}
