using MailCloud.Web.Jmap.Emails.Search;
using MailCloud.Web.Jmap.Snippets;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>How text is looked for and shown (RFC 8621 §4.4.1, §5).</summary>
public sealed class SearchTextTests
{
    [Theory]
    [InlineData("hello", "Say HELLO to all", true)]
    [InlineData("hello all", "Say HELLO to all", true)]
    [InlineData("\"hello all\"", "Say HELLO to all", false)]
    [InlineData("'hello to'", "Say HELLO to all", true)]
    [InlineData("hello nobody", "Say HELLO to all", false)]
    [InlineData("don't", "I don't know", true)]
    [InlineData("\"say \\\"x\\\"\"", "they say \"x\" here", true)]
    [InlineData("\"open phrase", "an open phrase", true)]
    [InlineData("cafe", "Café au lait", true)]
    [InlineData("CAFÉ", "cafe\u0301 au lait", true)]
    [InlineData("strasse", "Straße", false)]
    [InlineData("会议", "关于明天会议的通知", true)]
    [InlineData("ｆｕｌｌ", "full", true)]
    [InlineData("한국", "한국어", true)]
    [InlineData("", "anything", true)]
    public void Words_are_found_whatever_their_case_and_accents(string wanted, string text, bool isFound)
    {
        var words = TextWords.Parse(wanted);
        Assert.Equal(isFound, words.AreIn(text));
        for (var cut = 0; cut <= text.Length; cut++)
        {
            var search = new TextSearch(words);
            search.Add(text.AsSpan(0, cut));
            search.Add(text.AsSpan(cut));
            Assert.Equal(isFound, search.IsDone);
        }
    }

    [Fact]
    public void A_phrase_does_not_span_two_texts()
    {
        var search = new TextSearch(TextWords.Parse("\"ab\""));
        search.Add("a");
        search.Break();
        search.Add("b");
        Assert.False(search.IsDone);
    }

    [Theory]
    [InlineData("<p>one</p><p>two</p>", " one  two ")]
    [InlineData("o<b>n</b>e<br/>x", "one x")]
    [InlineData("<head><title>no</title><style>p{}</style></head>yes", "yes")]
    [InlineData("a<script>if (1<2) { x('</b>') }</script>b", "ab")]
    [InlineData("a<!-- > <b> -->b", "ab")]
    [InlineData("&lt;&amp;&eacute;&#20320; &none", "<&é你 &none")]
    [InlineData("1 &", "1 &")]
    public void The_text_of_HTML_is_that_between_its_tags(string html, string text)
    {
        for (var cut = 0; cut <= html.Length; cut++)
        {
            var reader = new HtmlText();
            Assert.Equal(text, reader.Add(html.AsSpan(0, cut), last: false) + reader.Add(html.AsSpan(cut), last: true));
        }
    }

    [Theory]
    [InlineData("foo", "The foo and <foo> & more", "The <mark>foo</mark> and &lt;<mark>foo</mark>&gt; &amp; more")]
    [InlineData("\"a b\" b", "a b c", "<mark>a b</mark> c")]
    [InlineData("cafe", "Café!", "<mark>Café</mark>!")]
    [InlineData("会议", "明天会议", "明天<mark>会议</mark>")]
    [InlineData("\ud83d\ude00", "x\ud83d\ude00y", "x<mark>\ud83d\ude00</mark>y")]
    [InlineData("none", "text", null)]
    public void What_was_found_is_marked_and_all_else_is_text(string wanted, string text, string? html) =>
        Assert.Equal(html, MarkedText.Find(text, TextWords.Parse(wanted).Folded)?.Whole());

    [Fact]
    public void A_preview_has_its_first_match_and_keeps_to_its_length()
    {
        var random = new Random(8621);
        string[] pieces = ["needle", "<", "&", "你好", "\ud83d\ude00", " ", "word ", "é"];
        for (var round = 0; round < 2000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 200)).Select(_ => pieces[random.Next(pieces.Length)])) + "needle" + new string('x', random.Next(300));
            var preview = MarkedText.Find(text, ["NEEDLE"])!.Around(255);
            Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(preview), 1, 255);
            Assert.Contains("<mark>needle", preview);
            var inner = preview.Replace("<mark>", "").Replace("</mark>", "");
            Assert.DoesNotContain('<', inner);
            Assert.Contains(System.Net.WebUtility.HtmlDecode(inner), text);
        }
    }
}
