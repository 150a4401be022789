namespace MailCloud.MessageView.Tests;

/// <summary>What is kept of HTML, and in which form.</summary>
public sealed class HtmlTests
{
    [Theory]
    [InlineData("<p>a <b>b</b> &amp; c</p>", "<p>a <b>b</b> &amp; c</p>")]
    [InlineData("<html><head><title>t</title><style>p{}</style></head><body><p>a</p></body></html>", "<div><p>a</p></div>")]
    [InlineData("<body bgcolor=#eee text=red><p>a</p>", "<div style=\"background-color: #eee\"><p>a</p></div>")]
    [InlineData("<p id=x class=y name=z onclick=f()>a</p>", "<p>a</p>")]
    [InlineData("<custom-thing><o:p>a</o:p></custom-thing>", "a")]
    [InlineData("a<script>b</script>c<noscript>d</noscript>e", "ace")]
    [InlineData("a<!-- b -->c<![if !mso]>d<![endif]>e", "acde")]
    [InlineData("<form action=/x><p>a<input value=b><button>c</button></p></form>", "<p>ac</p>")]
    [InlineData("5 < 6 and 7 > 6", "5 &lt; 6 and 7 &gt; 6")]
    [InlineData("a<br/>b<hr>c</br>d", "a<br>b<hr>cd")]
    [InlineData("<p>a<p>b<div>c</div></p>", "<p>a</p><p>b</p><div>c</div>")]
    [InlineData("<ul><li>a<li>b<ul><li>c</ul></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>")]
    [InlineData("<b><i>a</b>b</i>", "<b><i>a</i></b><i>b</i>")]
    [InlineData("<p><font color=red>a<div>b</div></font>", "<p><font color=\"red\">a</font></p><div><font color=\"red\">b</font></div>")]
    [InlineData("<table><tr><td>a<td>b<tr><td>c</table>", "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>")]
    [InlineData("<table>a<tr><td>b</table>", "<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>")]
    [InlineData("<td>a</td></tr></table></div>b", "ab")]
    [InlineData("<div><table><tr><td></div>a</table>b", "<div><table><tbody><tr><td>a</td></tr></tbody></table>b</div>")]
    [InlineData("<p title=\"a>b\" title=c>d", "<p title=\"a&gt;b\">d</p>")]
    [InlineData("<p>a<", "<p>a&lt;</p>")]
    [InlineData("<p>a<b title=\"", "<p>a</p>")]
    [InlineData("<td width=1", "")]
    [InlineData("", "")]
    public async Task Elements_and_text(string html, string expected) => Assert.Equal(expected, await Rendering.InnerAsync(html));

    [Theory]
    [InlineData("https://a.test/x?y=1&z=2#f", "https://a.test/x?y=1&amp;z=2#f")]
    [InlineData(" HTTPS://A.test/ ", "https://a.test/")]
    [InlineData("http://a.test/\u8def", "http://a.test/%E8%B7%AF")]
    [InlineData("mailto:a@b.test?subject=c d", "mailto:a@b.test?subject=c d")]
    [InlineData("MailTo:a@b.test,c@d.test", "mailto:a@b.test,c@d.test")]
    public async Task Links_open_elsewhere_and_know_nothing_of_the_page(string address, string expected) =>
        Assert.Equal($"<a href=\"{expected}\" target=\"_blank\" rel=\"noopener noreferrer\">x</a>", await Rendering.InnerAsync($"<a href=\"{address}\" target=_top rel=opener>x</a>"));

    [Theory]
    [InlineData("javascript:x")]
    [InlineData("/path")]
    [InlineData("//a.test/")]
    [InlineData("#fragment")]
    [InlineData("ftp://a.test/")]
    [InlineData("https:")]
    [InlineData("https:///x")]
    public async Task Other_links_lead_nowhere(string address) => Assert.Equal("<a>x</a>", await Rendering.InnerAsync($"<a href=\"{address}\">x</a>"));

    [Theory]
    [InlineData("color:red", "color: red")]
    [InlineData("COLOR : Red ; ; width:10PX", "color: Red; width: 10PX")]
    [InlineData("color:#abc;color:#12;color:rgba(1, 2,3,.5)", "color: #abc; color: rgba(1, 2,3,.5)")]
    [InlineData("margin:0 auto;margin:-1px;padding:1px 2px 3px", "margin: 0 auto; padding: 1px 2px 3px")]
    [InlineData("font:bold 12px/1.5 \"Segoe UI\",Arial,'\u5b8b\u4f53',sans-serif", "font: bold 12px/1.5 'Segoe UI',Arial,'\u5b8b\u4f53',sans-serif")]
    [InlineData("font-family:\u5b8b\u4f53", "font-family: \u5b8b\u4f53")]
    [InlineData("color:red!important;width:1px !important", "color: red; width: 1px")]
    [InlineData("width:calc(100% - 1px);height:1px", "height: 1px")]
    [InlineData("position:fixed;color:red", "color: red")]
    [InlineData("color:\\72 ed;height:1px", "height: 1px")]
    [InlineData("/* a */color:red;height:1px", "height: 1px")]
    [InlineData("mso-line-height-rule:exactly;line-height:120%", "line-height: 120%")]
    [InlineData("letter-spacing:-1px;text-indent:-1px", "letter-spacing: -1px")]
    [InlineData("background:#fff url(https://a.test/x) no-repeat", "background: #fff no-repeat")]
    [InlineData("color:red;}*{color:blue", "color: red")]
    public async Task Styles(string style, string expected)
    {
        var html = await Rendering.InnerAsync($"<p style=\"{style.Replace("\"", "&quot;", StringComparison.Ordinal)}\">x</p>");
        Assert.Contains($" style=\"{expected}\"", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("position:fixed")]
    [InlineData("width:expression(alert(1))")]
    [InlineData("")]
    public async Task Styles_of_which_nothing_is_left(string style) => Assert.Equal("<p>x</p>", await Rendering.InnerAsync($"<p style=\"{style}\">x</p>"));

    [Fact]
    public async Task Messages_are_rendered_beside_each_other()
    {
        var html = string.Concat(Enumerable.Range(0, 200).Select(i => $"<p style=\"color:red;x:y\" onclick=x><a href=https://a.test/{i}>{i}</a><script>x</script></p>"));
        var alone = await Rendering.InnerAsync(html);
        var beside = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => Rendering.InnerAsync(html))));
        Assert.All(beside, one => Assert.Equal(alone, one));
    }

    [Fact]
    public async Task A_long_style_is_left_out() =>
        Assert.Equal("<p>x</p>", await Rendering.InnerAsync($"<p style=\"{string.Concat(Enumerable.Repeat("color:red;", 1000))}\">x</p>"));
}
