using MailCloud.Web.Jmap.Emails;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Header fields as properties (RFC 8621 §4.1.2, §4.1.3).</summary>
public sealed class HeaderPropertyTests
{
    [Theory]
    [InlineData("header:X-Any")]
    [InlineData("header:X-Any:asText")]
    [InlineData("header:X-Any:asURLs:all")]
    [InlineData("header:X-Any:all")]
    [InlineData("header:Subject:asText")]
    [InlineData("header:subject:asRaw:all")]
    [InlineData("header:List-Id:asText")]
    [InlineData("header:From:asGroupedAddresses")]
    [InlineData("header:Resent-To:asAddresses")]
    [InlineData("header:References:asMessageIds")]
    [InlineData("header:Resent-Date:asDate")]
    [InlineData("header:List-Post:asURLs")]
    [InlineData("header:Received:asRaw")]
    public void A_field_has_the_forms_that_suit_it(string property) => Assert.NotNull(HeaderProperty.Find(property));

    [Theory]
    [InlineData("header:")]
    [InlineData("header::asText")]
    [InlineData("header:X Y")]
    [InlineData("header:Größe")]
    [InlineData("header:X-Any:astext")]
    [InlineData("header:X-Any:all:asText")]
    [InlineData("header:X-Any:asText:all:all")]
    [InlineData("header:X-Any:asText:asRaw")]
    [InlineData("Header:X-Any")]
    [InlineData("header:Subject:asAddresses")]
    [InlineData("header:From:asText")]
    [InlineData("header:To:asDate")]
    [InlineData("header:Date:asText")]
    [InlineData("header:Message-ID:asText")]
    [InlineData("header:List-Post:asText")]
    [InlineData("header:Received:asText")]
    [InlineData("header:Return-Path:asAddresses")]
    [InlineData("header:In-Reply-To:asURLs")]
    public void Others_are_none(string property) => Assert.Null(HeaderProperty.Find(property));

    [Theory]
    [InlineData("subject", "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n =?utf-8?B?IQ==?=\n", "\"Grüße!\"")]
    [InlineData("subject", "Subject:  one\n  two\n", "\"one  two\"")]
    [InlineData("subject", "Subject: first\nSubject: last\n", "\"last\"")]
    [InlineData("subject", "X: y\n", "null")]
    [InlineData("subject", "Subject:\n", "\"\"")]
    [InlineData("subject", "Subject: a\u0000b =?utf-8?Q?c=00d=07?=\n", "\"ab cd\"")]
    [InlineData("header:X:asText", "X: =?utf-8?Q?e=CC=81?=\n", "\"é\"")]
    [InlineData("header:x:all", "X: 1\nY: 2\nX:\n 3\n", "[\" 1\",\"\\r\\n 3\"]")]
    [InlineData("header:X", "X: caf\u00e9\n", "\" caf\ufffd\"")]
    [InlineData("header:X:asText:all", "Y: 1\n", "[]")]
    [InlineData("messageId", "Message-ID: <a@b>\n", "[\"a@b\"]")]
    [InlineData("messageId", "Message-ID: a@b\n", "null")]
    [InlineData("references", "References: <a@b> (<c@d>) \"<e@f>\"\n <g@\n h>\n", "[\"a@b\",\"g@h\"]")]
    [InlineData("inReplyTo", "In-Reply-To: Your message of Tuesday <a@b>\n", "[\"a@b\"]")]
    [InlineData("sentAt", "Date: Fri, 21 Nov 1997 09:55:06 -0600\n", "\"1997-11-21T09:55:06-06:00\"")]
    [InlineData("sentAt", "Date: Fri, 21 Nov 1997 09:55:06 +0000\n", "\"1997-11-21T09:55:06Z\"")]
    [InlineData("sentAt", "Date: tomorrow\n", "null")]
    [InlineData("header:List-Post:asURLs", "List-Post: <mailto:a@b> (all), <http://c/\n d>\n", "[\"mailto:a@b\",\"http://c/d\"]")]
    [InlineData("header:List-Post:asURLs", "List-Post: NO (closed <x>)\n", "null")]
    [InlineData("from", "From: \"Joe \\\"Q\\\" Public\" <joe@example.com>, bob@example.com (Bob), =?utf-8?Q?J=C3=BCrgen?= <j@example.com>\n",
        "[{\"name\":\"Joe \\\"Q\\\" Public\",\"email\":\"joe@example.com\"},{\"name\":\"Bob\",\"email\":\"bob@example.com\"},{\"name\":\"Jürgen\",\"email\":\"j@example.com\"}]")]
    [InlineData("to", "To: Friends: a@b, \"C\" <c@d>;, e@f\n",
        "[{\"name\":null,\"email\":\"a@b\"},{\"name\":\"C\",\"email\":\"c@d\"},{\"name\":null,\"email\":\"e@f\"}]")]
    [InlineData("header:To:asGroupedAddresses", "To: x@y, Friends: a@b;, e@f, Empty:;\n",
        "[{\"name\":null,\"addresses\":[{\"name\":null,\"email\":\"x@y\"}]},{\"name\":\"Friends\",\"addresses\":[{\"name\":null,\"email\":\"a@b\"}]},"
        + "{\"name\":null,\"addresses\":[{\"name\":null,\"email\":\"e@f\"}]},{\"name\":\"Empty\",\"addresses\":[]}]")]
    public async Task A_value_has_the_form_that_is_asked_for(string property, string header, string json) =>
        Assert.Equal(json, await ParsedMail.PropertyAsync(header + "\n", property));

    [Fact]
    public async Task Raw_Chinese_is_read_where_text_is_asked_for()
    {
        var mail = $"Subject: {ParsedMail.Gbk("关于明天会议的通知")}\nFrom: {ParsedMail.Gbk("张伟")} <zhang@example.cn>\n\n";
        Assert.Equal("\"关于明天会议的通知\"", await ParsedMail.PropertyAsync(mail, "subject"));
        Assert.Equal("[{\"name\":\"张伟\",\"email\":\"zhang@example.cn\"}]", await ParsedMail.PropertyAsync(mail, "from"));
    }

    [Fact]
    public async Task The_fields_of_the_mailbox_stand_above_those_of_the_message()
    {
        var content = await ParsedMail.OfAsync("Subject: one\r\n\r\nx"u8.ToArray(), "Return-Path: <a@b>\r\n"u8.ToArray());
        var email = await ParsedMail.BuildAsync(content, ParsedMail.Selection("headers", "header:Return-Path"));
        Assert.Equal("""[{"name":"Return-Path","value":" \u003Ca@b\u003E"},{"name":"Subject","value":" one"}]""", email["headers"]!.ToJsonString());
        Assert.Equal(" <a@b>", (string)email["header:Return-Path"]!);
    }

    [Fact]
    public async Task A_header_that_the_mailbox_does_not_keep_is_read_from_the_body()
    {
        var mail = $"X-Long: {new string('x', 100_000)}\nSubject: after\n\ntext";
        Assert.Equal("\"after\"", await ParsedMail.PropertyAsync(mail, "subject"));
    }
}
