namespace MailCloud.MessageView.Tests;

public sealed class PlainTextTests
{
    private const string Open = "<div style=\"white-space: pre-wrap\">";

    [Theory]
    [InlineData("a\n  b", Open + "a\n  b</div>")]
    [InlineData("<b> & \"c\" 'd'", Open + "&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;</div>")]
    [InlineData("a\n> b\n>> c\n> > d\n> e\nf", Open + "a</div><blockquote>" + Open + "b</div><blockquote>" + Open + "c\nd</div></blockquote>" + Open + "e</div></blockquote>" + Open + "f</div>")]
    [InlineData("a\u0007b", Open + "ab</div>")]
    public async Task Fixed_lines(string text, string expected) => Assert.Equal(expected, (await Rendering.TextAsync(text)).Html);

    [Theory]
    [InlineData("one \ntwo\nthree", "", Open + "one two\nthree</div>")]
    [InlineData("one \ntwo", "; delsp=yes", Open + "onetwo</div>")]
    [InlineData("a \n> b \n> c\nd", "", Open + "a </div><blockquote>" + Open + "b c</div></blockquote>" + Open + "d</div>")]
    [InlineData(">> a\n>b", "", "<blockquote><blockquote>" + Open + "a</div></blockquote>" + Open + "b</div></blockquote>")]
    [InlineData(" > not quoted\n  b", "", Open + "&gt; not quoted\n b</div>")]
    [InlineData("a\n-- \nme", "", Open + "a\n-- \nme</div>")]
    public async Task Flowed_lines_go_on(string text, string parameters, string expected) =>
        Assert.Equal(expected, (await Rendering.TextAsync(text, "; format=flowed" + parameters)).Html);

    [Theory]
    [InlineData("see http://a.test/x.", "http://a.test/x", ".")]
    [InlineData("(https://a.test/x)", "https://a.test/x", ")")]
    [InlineData("https://a.test/x_(y)", "https://a.test/x_(y)", "")]
    [InlineData("<https://a.test/?a=1&b=2>", "https://a.test/?a=1&b=2", ">")]
    [InlineData("\u89c1https://a.test/x\uff0c\u8c22\u8c22", "https://a.test/x", "\uff0c\u8c22\u8c22")]
    [InlineData("HTTPS://A.test/x", "https://a.test/x", "")]
    [InlineData("mailto:a@b.test!", "mailto:a@b.test", "!")]
    public async Task Addresses_are_links(string text, string address, string behind)
    {
        var html = (await Rendering.TextAsync(text)).Html;
        Assert.Contains($"<a href=\"{address.Replace("&", "&amp;", StringComparison.Ordinal)}\"", html, StringComparison.Ordinal);
        Assert.EndsWith("</a>" + behind.Replace(">", "&gt;", StringComparison.Ordinal) + "</div>", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://")]
    [InlineData("xhttp://a.test")]
    [InlineData("javascript:alert(1)")]
    [InlineData("ftp://a.test/")]
    [InlineData("mailto:")]
    public async Task Others_are_not(string text) => Assert.Equal($"{Open}{text}</div>", (await Rendering.TextAsync(text)).Html);

    [Fact]
    public async Task Quotes_end_at_a_depth() =>
        Assert.Equal(50, (await Rendering.TextAsync(new string('>', 100_000) + " x")).Html.Split("<blockquote>").Length - 1);

    [Fact]
    public async Task It_is_given_as_text_too() => Assert.Equal("a\r\n> b", (await Rendering.TextAsync("a\r\n> b")).Text);
}
