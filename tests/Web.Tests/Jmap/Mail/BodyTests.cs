using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Messages;
using MailCloud.Web.Jmap.Emails;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>Parts and their texts (RFC 8621 §4.1.4).</summary>
public sealed class BodyTests
{
    // A label, then the type, then what its disposition is; a multipart has its parts in brackets.
    [Theory]

    // The example of §4.1.4.
    [InlineData(
        "mixed[A:text/plain:inline mixed[alternative[mixed[B:text/plain:inline C:image/jpeg:inline D:text/plain:inline] related[E:text/html F:image/jpeg]]"
        + " G:image/jpeg:attachment H:application/x-excel J:message/rfc822] K:text/plain:inline]",
        "A B C D K", "A E K", "C F G H J")]
    [InlineData("A:text/plain", "A", "A", "")]
    [InlineData("A:text/html", "A", "A", "")]
    [InlineData("A:image/png", "A", "A", "")]
    [InlineData("A:application/pdf", "", "", "A")]
    [InlineData("A:text/plain:attachment", "", "", "A")]
    [InlineData("A:text/calendar", "", "", "A")]
    [InlineData("alternative[A:text/plain B:text/html]", "A", "B", "")]
    [InlineData("alternative[A:text/plain B:text/html C:text/calendar]", "A", "B", "C")]
    [InlineData("alternative[A:text/html]", "A", "A", "")]
    [InlineData("alternative[A:text/plain]", "A", "A", "")]
    [InlineData("mixed[A:text/plain B:text/plain::b.txt]", "A", "A", "B")]
    [InlineData("mixed[A:text/plain::a.txt B:image/png::b.png]", "A B", "A B", "")]
    [InlineData("related[A:text/html B:image/png:inline]", "A", "A", "B")]
    [InlineData("mixed[alternative[A:text/plain related[B:text/html C:image/png:inline]] D:application/zip]", "A", "B", "C D")]
    [InlineData("alternative[mixed[A:text/html alternative[B:text/plain C:text/html]]]", "A C", "A C", "")]
    public void Bodies_and_attachments_are_told_apart(string structure, string text, string html, string attachments)
    {
        var at = 0;
        var lists = BodyLists.Of(EmailPart.Of(Read(structure, ref at)));
        Assert.Equal((text, html, attachments), (Labels(lists.TextBody), Labels(lists.HtmlBody), Labels(lists.Attachments)));
    }

    [Fact]
    public async Task A_part_is_described_as_its_header_says()
    {
        var mail = await ParsedMail.OfAsync($"""
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: TEXT/Plain; charset=GBK
            Content-Language: de, en
            X-Own: =?utf-8?Q?=C3=A4?=

            {ParsedMail.Gbk("你好")}
            --b
            Content-Type: application/pdf; name="=?utf-8?B?5oql5ZGKLnBkZg==?="
            Content-Disposition: ATTACHMENT; filename*=utf-8''%E6%8A%A5%E5%91%8A.pdf
            Content-ID: <id@host>
            Content-Location: http://example.com/a
            Content-Transfer-Encoding: base64

            AAEC
            AwQ=
            --b--
            """);
        string[] all = ["partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language", "location", "header:X-Own:asText"];
        var email = await ParsedMail.BuildAsync(mail, new() { Properties = ["bodyStructure", "attachments", "hasAttachment"], BodyProperties = all });
        Equal("""
            { "partId": null, "blobId": null, "size": SIZE, "name": null, "type": "multipart/mixed", "charset": null, "disposition": null, "cid": null, "language": null, "location": null, "header:X-Own:asText": null,
              "subParts": [
                { "partId": "1", "blobId": "p-1", "size": 4, "name": null, "type": "text/plain", "charset": "GBK", "disposition": null, "cid": null, "language": ["de", "en"], "location": null, "header:X-Own:asText": "ä" },
                { "partId": "2", "blobId": "p-2", "size": 5, "name": "报告.pdf", "type": "application/pdf", "charset": null, "disposition": "attachment", "cid": "id@host", "language": null,
                  "location": "http://example.com/a", "header:X-Own:asText": null } ] }
            """.Replace("SIZE", $"{mail.Summary.Structure.BodyLength}"), email["bodyStructure"]);
        Equal("""[ "2" ]""", new JsonArray([.. email["attachments"]!.AsArray().Select(part => part!["partId"]!.DeepClone())]));
        Assert.True((bool)email["hasAttachment"]!);
    }

    [Theory]
    [InlineData("Content-Type: text/plain\n\na\nb\n", 0, "a\nb\n", false, false)]
    [InlineData("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=E4=BD=A0=E5=A5=BD=\n!", 0, "你好!", false, false)]
    [InlineData("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n5L2g5aW9IQ==", 6, "你好", false, true)]
    [InlineData("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n5L2g5aW9IQ==", 5, "你", false, true)]
    [InlineData("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n8J+YgA==", 3, "", false, true)]
    [InlineData("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n8J+YgA==", 4, "\ud83d\ude00", false, false)]
    [InlineData("Content-Type: text/html\n\n<p>one <a href=x>two</a>", 12, "<p>one ", false, true)]
    [InlineData("Content-Type: text/html\n\n<p>one <b>two</b>", 12, "<p>one <b>tw", false, true)]
    [InlineData("Content-Type: text/plain\n\n1 < 2 and more", 5, "1 < 2", false, true)]
    [InlineData("Content-Type: text/plain; charset=utf-8\n\na\u00ffb", 0, "a\ufffdb", true, false)]
    [InlineData("Content-Type: text/plain; charset=x-none\n\nab", 0, "ab", true, false)]
    [InlineData("Content-Type: text/plain\nContent-Transfer-Encoding: x-none\n\nab", 0, "ab", true, false)]
    [InlineData("Content-Type: text/plain; charset=utf-8\n\na\u0000b", 0, "ab", false, false)]
    public async Task A_text_is_decoded_and_cut_between_characters(string mail, int max, string value, bool isProblem, bool isTruncated)
    {
        var selection = ParsedMail.Selection("bodyValues") with { FetchAllBodyValues = true, MaxBodyValueBytes = max };
        var text = (await ParsedMail.BuildAsync(await ParsedMail.OfAsync(mail), selection))["bodyValues"]!["1"]!;
        Assert.Equal((value, isProblem, isTruncated), ((string)text["value"]!, (bool)text["isEncodingProblem"]!, (bool)text["isTruncated"]!));
    }

    [Theory]
    [InlineData(true, false, false, "1.1")]
    [InlineData(false, true, false, "1.2")]
    [InlineData(true, true, false, "1.1 1.2")]
    [InlineData(false, false, true, "1.1 1.2 2")]
    [InlineData(false, false, false, "")]
    public async Task Only_the_texts_that_are_asked_for_are_read(bool text, bool html, bool all, string parts)
    {
        var mail = await ParsedMail.OfAsync("""
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: multipart/alternative; boundary=c

            --c

            one
            --c
            Content-Type: text/html

            two
            --c--
            --b
            Content-Type: text/csv

            three
            --b
            Content-Type: image/png

            four
            --b--
            """);
        var selection = ParsedMail.Selection("bodyValues") with { FetchTextBodyValues = text, FetchHtmlBodyValues = html, FetchAllBodyValues = all };
        var values = (await ParsedMail.BuildAsync(mail, selection))["bodyValues"]!.AsObject();
        Assert.Equal(parts, string.Join(' ', values.Select(value => value.Key)));
    }

    [Fact]
    public async Task A_long_text_is_cut_where_the_server_ends()
    {
        var mail = await ParsedMail.OfAsync("Content-Type: text/plain\n\n" + new string('x', BodyValueReader.MaxOfPart + 10));
        var text = (await ParsedMail.BuildAsync(mail, ParsedMail.Selection("bodyValues") with { FetchAllBodyValues = true }))["bodyValues"]!["1"]!;
        Assert.Equal((BodyValueReader.MaxOfPart, true), (((string)text["value"]!).Length, (bool)text["isTruncated"]!));
    }

    [Fact]
    public async Task Properties_of_the_header_open_no_body()
    {
        var summary = await MessageParser.SummariseAsync(new MemoryStream("Subject: s\r\nFrom: a@b\r\n\r\ntext"u8.ToArray()), default);
        var content = new EmailContent(summary, default, (_, _, _) => throw new InvalidOperationException("a body was opened"), "x", _ => "p");
        string[] properties = ["subject", "from", "headers", "preview", "hasAttachment", "textBody", "attachments", "bodyStructure", "header:From:asAddresses"];
        var email = await ParsedMail.BuildAsync(content, new() { Properties = properties, BodyProperties = ["partId", "blobId", "size", "type", "name"] });
        Assert.Equal("text", (string)email["preview"]!);
    }

    private static void Equal(string expected, JsonNode? actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual?.ToJsonString(ParsedMail.Relaxed));

    private static string Labels(IReadOnlyList<EmailPart> parts) => string.Join(' ', parts.Select(part => part.Part.ContentId));

    private static BodyPart Read(string structure, ref int at)
    {
        var end = structure.AsSpan(at).IndexOfAny("[] ") is >= 0 and var length ? at + length : structure.Length;
        var word = structure[at..end];
        at = end;
        if (at < structure.Length && structure[at] == '[')
        {
            var parts = new List<BodyPart>();
            while (structure[at++] != ']')
            {
                parts.Add(Read(structure, ref at));
            }

            return new() { Type = "multipart", Subtype = word, Parts = parts };
        }

        var pieces = word.Split(':', '/');
        return new()
        {
            ContentId = pieces[0],
            Type = pieces[1],
            Subtype = pieces[2],
            Disposition = pieces.ElementAtOrDefault(3) is { Length: > 0 } disposition ? disposition : null,
            Parameters = pieces.ElementAtOrDefault(4) is { } name ? ["name", name] : [],
        };
    }
}
