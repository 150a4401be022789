using System.Text;

namespace MailCloud.MessageView.Tests;

public sealed class CharsetTests
{
    private const string Simplified = "\u5404\u4f4d\u597d:\u9644\u4ef6\u662f\u7b2c\u4e09\u5b63\u5ea6\u7684\u62a5\u8868,\u8bf7\u5728\u5468\u4e94\u4e4b\u524d\u56de\u590d\u3002";
    private const string Traditional = "\u5404\u4f4d\u597d:\u9644\u4ef6\u662f\u7b2c\u4e09\u5b63\u5ea6\u7684\u5831\u8868,\u8acb\u5728\u9031\u4e94\u4e4b\u524d\u56de\u8986\u3002";
    private const string Japanese = "\u3053\u308c\u306f\u65e5\u672c\u8a9e\u306e\u30e1\u30fc\u30eb\u3067\u3059\u3002\u3088\u308d\u3057\u304f\u304a\u9858\u3044\u3057\u307e\u3059\u3002";
    private const string FourOctets = "\ud840\udc00\u3400\u4e2d\u6587";

    static CharsetTests() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    public static TheoryData<string, string, string> Declared => new()
    {
        { "gbk", "gbk", Simplified },
        { "gb2312", "gb18030", Simplified },
        { "gb2312", "gb18030", FourOctets },
        { "GB18030", "gb18030", FourOctets },
        { "big5", "big5", Traditional },
        { "utf-8", "utf-8", Simplified },
        { "iso-2022-jp", "iso-2022-jp", Japanese },
        { "shift_jis", "shift_jis", Japanese },
        { "windows-1251", "windows-1251", "\u041f\u0440\u0438\u0432\u0435\u0442" },
        { "koi8-r", "koi8-r", "\u041f\u0440\u0438\u0432\u0435\u0442" },
        { "iso-8859-1", "windows-1252", "\u201cGr\u00fc\u00dfe\u201d \u2013 10 \u20ac" },
        { "utf-16", "utf-16", "\u4e2d\u6587" },
    };

    public static TheoryData<string, string> Undeclared => new()
    {
        { "utf-8", Simplified },
        { "gbk", Simplified },
        { "gb18030", Simplified + FourOctets },
        { "big5", Traditional },
        { "shift_jis", Japanese },
        { "euc-jp", Japanese },
        { "iso-2022-jp", Japanese },
        { "windows-1252", "Gr\u00fc\u00dfe, na\u00efve caf\u00e9 \u2013 \u201cquoted\u201d" },
    };

    [Theory]
    [MemberData(nameof(Declared))]
    public async Task What_the_part_says_holds(string label, string charset, string text)
    {
        var octets = Encoding.GetEncoding(charset).GetBytes(text);
        Assert.Equal(text, (await Rendering.PartAsync($"Content-Type: text/plain; charset=\"{label}\"", octets)).Text);
        Assert.Equal($"<div><p>{text}</p></div>", (await Rendering.PartAsync($"Content-Type: text/html; charset={label}", Encoding.GetEncoding(charset).GetBytes($"<p>{text}</p>"))).Html);
    }

    [Theory]
    [MemberData(nameof(Undeclared))]
    public async Task Without_a_charset_it_is_what_it_looks_like(string charset, string text)
    {
        var octets = Encoding.GetEncoding(charset).GetBytes(text);
        Assert.Equal(text, (await Rendering.PartAsync("Content-Type: text/plain", octets)).Text);
        Assert.Equal(text, (await Rendering.PartAsync("Content-Type: text/plain; charset=us-ascii", octets)).Text);
        Assert.Equal(text, (await Rendering.PartAsync("Content-Type: text/plain; charset=unknown-8bit", octets)).Text);
    }

    [Theory]
    [InlineData("<meta charset=windows-1251>")]
    [InlineData("<META http-equiv='Content-Type' content='text/html; charset=windows-1251'>")]
    [InlineData("<html><head><title>x</title><meta charset = \"windows-1251\" /></head>")]
    public async Task Html_may_name_its_own(string meta)
    {
        var octets = Encoding.GetEncoding("windows-1251").GetBytes(meta + "<p>\u041f\u0440\u0438\u0432\u0435\u0442</p>");
        Assert.Equal("<div><p>\u041f\u0440\u0438\u0432\u0435\u0442</p></div>", (await Rendering.PartAsync("Content-Type: text/html", octets)).Html);
    }

    [Fact]
    public async Task The_part_comes_before_html_and_utf8_before_both()
    {
        var utf8 = Encoding.UTF8.GetBytes("<meta charset=gbk><p>\u00fc</p>");
        Assert.Equal("<div><p>\u00fc</p></div>", (await Rendering.PartAsync("Content-Type: text/html; charset=utf-8", utf8)).Html);
        Assert.Equal("<div><p>\u00fc</p></div>", (await Rendering.PartAsync("Content-Type: text/html", utf8)).Html);
    }

    [Fact]
    public async Task The_caller_names_the_one_for_the_rest()
    {
        var octets = Encoding.GetEncoding("windows-1251").GetBytes("\u041f\u0440\u0438\u0432\u0435\u0442");
        Assert.Equal("\u041f\u0440\u0438\u0432\u0435\u0442", (await Rendering.PartAsync("Content-Type: text/plain", octets, Rendering.Options with { FallbackCharset = "windows-1251" })).Text);
    }

    [Theory]
    [InlineData("utf-8", "iso-8859-1")]
    [InlineData("utf-16", "iso-8859-1")]
    [InlineData("utf-16BE", "utf-8")]
    public async Task A_mark_at_the_beginning_comes_before_all(string charset, string label)
    {
        var encoding = Encoding.GetEncoding(charset);
        var octets = (byte[])[.. encoding.GetPreamble(), .. encoding.GetBytes("\u4e2d\u6587")];
        Assert.Equal("\u4e2d\u6587", (await Rendering.PartAsync($"Content-Type: text/plain; charset={label}", octets)).Text);
    }

    [Theory]
    [InlineData("utf-7")]
    [InlineData("unicode-1-1-utf-7")]
    public async Task Utf7_is_not_decoded(string label) =>
        Assert.Equal("+ADw-b+AD4-", (await Rendering.PartAsync($"Content-Type: text/plain; charset={label}", "+ADw-b+AD4-"u8.ToArray())).Text);

    // RFC 1843's own example.
    [Fact]
    public async Task Hz() =>
        Assert.Equal("\u5df1\u6240\u4e0d\u6b32", (await Rendering.PartAsync("Content-Type: text/plain; charset=hz-gb-2312", "~{<:Ky2;S{~}"u8.ToArray())).Text);

    [Fact]
    public async Task A_script_in_two_shift_states_is_still_text()
    {
        var message = await Rendering.PartAsync("Content-Type: text/html; charset=iso-2022-jp", "<img alt=\"\u001b$B\" src=x onerror=alert(1)>\u001b(B<p>x\" onclick=alert(1)</p>"u8.ToArray());
        Assert.DoesNotContain("<img src", message.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zh-gb18030-8bit.eml")]
    [InlineData("zh-gb2312-qp.eml")]
    [InlineData("zh-big5-8bit.eml")]
    [InlineData("zh-utf-8-base64.eml")]
    public async Task Chinese_mail_of_the_corpus(string name)
    {
        if (Environment.GetEnvironmentVariable("MAILCLOUD_CORPUS") is not { Length: > 0 } corpus)
        {
            return;
        }

        var message = await Rendering.MessageAsync(await File.ReadAllBytesAsync(Path.Combine(corpus, "clean", "chinese", name)));
        Assert.Contains("\u9644\u4ef6\u662f\u7b2c\u4e09\u5b63\u5ea6\u7684", message.Html, StringComparison.Ordinal);
    }
}
