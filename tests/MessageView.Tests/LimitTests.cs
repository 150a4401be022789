using System.Diagnostics;
using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Xunit.Abstractions;

namespace MailCloud.MessageView.Tests;

/// <summary>Messages that are made to cost much cost no more than others.</summary>
public sealed class LimitTests(ITestOutputHelper output)
{
    private const int Many = 100_000;

    // On one core of a busy machine. What is not bounded takes minutes, or the process with it.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private static readonly Dictionary<string, string> Costly = new()
    {
        ["nested div"] = Repeat("<div>"),
        ["nested b"] = Repeat("<b>"),
        ["nested tables"] = Repeat("<table><tr><td>", Many / 3),
        ["nested tables without rows"] = Repeat("<table>"),
        ["nested lists"] = Repeat("<ul><li>"),
        ["nested links"] = Repeat("<a href=http://a.test>"),
        ["nested quotes, closed"] = Repeat("<blockquote>") + Repeat("</blockquote>"),
        ["nested unknown"] = Repeat("<x-y>") + "x",
        ["nested svg"] = "<svg>" + Repeat("<g>"),
        ["nested forms and templates"] = Repeat("<form><template>"),
        ["unclosed fonts before paragraphs"] = string.Concat(Enumerable.Range(0, 50_000).Select(i => $"<font size={i}>")) + Repeat("<p>x", 50_000),
        ["misnested formatting"] = Repeat("<b><i><u><p></b></i></u>x", 20_000),
        ["cells of no table"] = Repeat("<td>x"),
        ["text between rows"] = "<table>" + Repeat("<tr>x</tr>y<b>z</b>", 40_000),
        ["many cells"] = "<table>" + Repeat("<tr><td>x<td>y"),
        ["attributes"] = "<p " + string.Concat(Enumerable.Range(0, Many).Select(i => $"a{i}=1 ")) + ">x",
        ["one attribute again"] = "<p " + Repeat("title=1 ") + ">x",
        ["comments that end oddly"] = Repeat("<!-- --!>"),
        ["comments that do not end"] = Repeat("<!-- "),
        ["comments full of dashes"] = "<!--" + Repeat("--", 500_000),
        ["tags that do not end"] = Repeat("<a title=\""),
        ["scripts that do not end"] = Repeat("<script></scriptx"),
        ["end tags"] = Repeat("<div>", 150) + Repeat("</b></i></p></li>"),
        ["end tags of what is out of reach"] = "<ul><li><table><tr><td>" + Repeat("<div>", 150) + Repeat("</li>", 400_000),
        ["less-than"] = Repeat("<", 2_000_000),
        ["references"] = Repeat("&lt;", 500_000),
        ["declarations"] = "<p style=\"" + Repeat("color:red;", 200_000) + "\">x",
        ["brackets in a style"] = string.Concat(Enumerable.Repeat("<p style=\"background:url(" + Repeat("(", 7000) + "\">", 250)),
        ["images"] = Repeat("<img src=http://t.test/x>"),
        ["data images"] = Repeat("<img src='data:image/png;base64,AAAA'>"),
        ["slashes in a tag"] = "<a " + Repeat("/", 1_000_000) + ">x",
        ["templates in tables"] = Repeat("<li><table><template><td></li></table>"),
        ["one long word"] = Repeat("x", 2_000_000),
    };

    public static TheoryData<string> Names => [.. Costly.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Html_is_rendered_in_bounded_time(string name)
    {
        var html = Costly[name];
        var clock = Stopwatch.StartNew();
        var message = await MessageRenderer.RenderAsync(Mail("text/html", html), Rendering.Options, default);
        var took = clock.Elapsed;
        output.WriteLine($"{name}: {took.TotalMilliseconds:F0} ms for {html.Length / 1024} kB, {message.Html.Length / 1024} kB out, {string.Join(' ', message.Notes)}");
        Assert.InRange(took, TimeSpan.Zero, Bound);
        using var document = new HtmlParser().ParseDocument(message.Html);
        var elements = document.Body!.QuerySelectorAll("*");
        Assert.InRange(elements.Length, 0, 30_000);
        Assert.InRange(Depth(document.Body), 0, 400);
        OutputRules.Check(message.Html, allowRemote: false);
    }

    [Theory]
    [InlineData("links", "http://a.test/ ")]
    [InlineData("one long link", "http://a.test/a")]
    [InlineData("brackets behind a link", ")")]
    [InlineData("schemes", "http://")]
    [InlineData("quotes", ">")]
    [InlineData("quotes up and down", "> a\n>> b\n")]
    [InlineData("empty lines", "\n")]
    [InlineData("flowed", "a \n")]
    public async Task Text_is_rendered_in_bounded_time(string name, string piece)
    {
        var text = "http://a.test/" + Repeat(piece, 2_000_000 / piece.Length);
        var clock = Stopwatch.StartNew();
        var message = await MessageRenderer.RenderAsync(Mail("text/plain; format=flowed", text), Rendering.Options, default);
        output.WriteLine($"{name}: {clock.ElapsedMilliseconds} ms, {message.Html.Length / 1024} kB out, {string.Join(' ', message.Notes)}");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Bound);
        Assert.InRange(message.Html.Split("<div").Length + message.Html.Split("<blockquote").Length + message.Html.Split("<a ").Length, 0, 21_000);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("text/html")]
    public async Task A_long_text_is_cut_and_said_to_be(string type)
    {
        var message = await MessageRenderer.RenderAsync(Mail(type, "<p>a</p>" + Repeat("b ", 2_000_000)), Rendering.Options with { MaxOctets = 1000 }, default);
        Assert.Equal([ViewNote.TextCut], message.Notes);
        Assert.InRange(message.Html.Length, 900, 1200);
    }

    [Fact]
    public async Task All_bodies_together_are_cut()
    {
        var mail = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + Repeat($"--b\nContent-Type: text/plain\n\n{new string('x', 400)}\n", 5) + "--b--\n";
        var message = await Rendering.MessageAsync(mail, Rendering.Options with { MaxOctets = 1000 });
        Assert.Equal([ViewNote.TextCut], message.Notes);
        Assert.Equal(1000, message.Html.Count(c => c == 'x'));
    }

    [Fact]
    public async Task Elements_beyond_the_limits_leave_their_text()
    {
        var deep = await Rendering.HtmlAsync(Repeat("<div>", 300) + "deep");
        Assert.Equal([ViewNote.MarkupLeftOut], deep.Notes);
        Assert.Contains("deep", deep.Html, StringComparison.Ordinal);
        var many = await Rendering.HtmlAsync(Repeat("<p>a</p>", 30_000) + "last");
        Assert.Equal([ViewNote.MarkupLeftOut], many.Notes);
        Assert.EndsWith("last</div>", many.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_parts_the_first_are_looked_at()
    {
        var mail = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + Repeat("--b\nContent-Type: text/plain\n\nx\n", 5000) + "--b--\n";
        var message = await Rendering.MessageAsync(mail);
        Assert.Equal([ViewNote.PartsLeftOut], message.Notes);
        Assert.Equal(950, message.Attachments.Count);
        Assert.Equal(50, message.Html.Split("<div").Length - 1);
    }

    [Fact]
    public async Task Multiparts_nest_as_deep_as_they_are_read()
    {
        var mail = new StringBuilder("MIME-Version: 1.0\n");
        for (var i = 0; i < 10_000; i++)
        {
            mail.Append($"Content-Type: multipart/alternative; boundary=b{i}\n\n--b{i}\n");
        }

        var clock = Stopwatch.StartNew();
        await Rendering.MessageAsync(mail.Append("Content-Type: text/plain\n\nx\n").ToString());
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Bound);
    }

    [Fact]
    public async Task A_newsletter()
    {
        var row = "<tr><td style=\"padding:10px 20px;font-family:Arial,sans-serif;font-size:14px;color:#333333\">"
            + "<a href=\"https://click.test/c?id=12345&amp;u=67890\" style=\"color:#0066cc;text-decoration:none\">"
            + "<img src=\"https://img.test/a.png\" width=\"120\" height=\"80\" style=\"display:block;border:0\" alt=\"An article\"></a>"
            + "<p style=\"margin:0 0 10px 0\">Some words about <b>an article</b>.</p></td></tr>";
        var html = "<!DOCTYPE html><html><head><style>.x{color:red}</style></head><body bgcolor=\"#ffffff\">"
            + "<table width=600 align=center><tr><td><table>" + Repeat(row, 200) + "</table></td></tr></table></body></html>";
        await Rendering.HtmlAsync(html);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 10; i++)
        {
            await MessageRenderer.RenderAsync(Mail("text/html", html), Rendering.Options, default);
        }

        output.WriteLine($"a newsletter of {html.Length / 1024} kB: {clock.Elapsed.TotalMilliseconds / 10:F1} ms");
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Bound);
    }

    private static string Repeat(string piece, int count = Many) => new StringBuilder().Insert(0, piece, count).ToString();

    private static MemoryStream Mail(string type, string body) => new(Encoding.UTF8.GetBytes($"MIME-Version: 1.0\r\nContent-Type: {type}\r\n\r\n{body}"));

    private static int Depth(INode root)
    {
        var deepest = 0;
        var nodes = new Stack<(INode Node, int Depth)>([(root, 0)]);
        while (nodes.TryPop(out var at))
        {
            deepest = Math.Max(deepest, at.Depth);
            foreach (var child in at.Node.ChildNodes)
            {
                nodes.Push((child, at.Depth + 1));
            }
        }

        return deepest;
    }
}
