using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Web.Jmap.Emails;

namespace MailCloud.Web.Tests.Jmap.Mail;

/// <summary>What holds of any message as an Email: over the corpus when MAILCLOUD_CORPUS names its folder, else over mail made here; whole and damaged.</summary>
public sealed class CorpusTests
{
    private static readonly string[] Properties =
    [
        "messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo", "subject", "sentAt", "headers", "hasAttachment", "preview", "bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments",
        "header:From:asGroupedAddresses:all", "header:X-Mailer:asText:all", "header:Received:all", "header:List-Unsubscribe:asURLs", "header:X-Spam:asAddresses:all", "header:X-Y:asMessageIds", "header:X-Z:asDate",
    ];

    private static readonly string[] PartProperties = ["partId", "blobId", "size", "headers", "name", "type", "charset", "disposition", "cid", "language", "location", "header:Content-Type", "header:Content-Description:asText"];

    private static readonly UnicodeEncoding Strict = new(false, false, throwOnInvalidBytes: true);

    [Fact]
    public async Task Any_mail_is_an_Email()
    {
        var random = new Random(8621);
        foreach (var mail in Mails())
        {
            await CheckAsync(mail);
            if (mail.Length is > 0 and < 200_000)
            {
                var damaged = (byte[])mail.Clone();
                for (var i = 0; i < 20; i++)
                {
                    damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                }

                await CheckAsync(damaged);
            }
        }
    }

    private static async Task CheckAsync(byte[] mail)
    {
        var content = await ParsedMail.OfAsync(mail, "Return-Path: <a@b>\r\n"u8.ToArray());
        var selection = new EmailSelection { Properties = Properties, BodyProperties = PartProperties, FetchAllBodyValues = true, MaxBodyValueBytes = 1000 };
        var email = await ParsedMail.BuildAsync(content, selection);

        foreach (var text in Texts(email))
        {
            // Throws at half of a surrogate pair.
            Strict.GetByteCount(text);
            Assert.DoesNotContain('\0', text);
        }

        Assert.True(JsonNode.DeepEquals(email, JsonNode.Parse(email.ToJsonString())));
        Assert.All(email["bodyValues"]!.AsObject(), value => Assert.InRange(Encoding.UTF8.GetByteCount((string)value.Value!["value"]!), 0, 1000));

        // A part is in bodyStructure once; what is a body or an attachment is one of its parts.
        var parts = content.Root.Leaves().Select(part => part.Id!).ToList();
        Assert.Equal(parts.Count, parts.Distinct().Count());
        foreach (var list in new[] { "textBody", "htmlBody", "attachments" })
        {
            Assert.All(email[list]!.AsArray(), part => Assert.Contains((string)part!["partId"]!, parts));
        }
    }

    private static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonObject json => json.SelectMany(p => Texts(p.Value).Prepend(p.Key)),
        JsonArray array => array.SelectMany(Texts),
        JsonValue value when value.TryGetValue<string>(out var text) => [text],
        _ => [],
    };

    private static IEnumerable<byte[]> Mails() => Environment.GetEnvironmentVariable("MAILCLOUD_CORPUS") is { Length: > 0 } folder
        ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".tsv", StringComparison.Ordinal)).Select(File.ReadAllBytes)
        : Made();

    // Pieces of all kinds in any order.
    private static IEnumerable<byte[]> Made()
    {
        var random = new Random(2047);
        string[] fields =
        [
            "Subject: =?utf-8?B?8J+YgA==?= =?gbk?Q?=C4=E3?=\r\n", $"Subject: {ParsedMail.Gbk("你好")}\r\n", "Subject: =?utf-16?B?2AA=?=\r\n", "From: a@b, G: c@d;, \"x\ny\r\n", "To: <>, @, ;:\r\n", "Date: never\r\n",
            "Message-ID: <a\0b@c>\r\n", "References: <\r\n <a@b><c\r\n", "X-Mailer: \u0001\u0007 \ufffd\r\n", "List-Unsubscribe: <a>,(<b>)<c\r\n", "Content-Type: text/html; charset=utf-7\r\n",
            "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: message/rfc822\r\n", "Content-Transfer-Encoding: base64\r\n", "Content-Transfer-Encoding: quoted-printable\r\n",
            "Content-Disposition: inline; filename*0*=utf-8''%00%ED%A0%80; filename*1=x\r\n", "\0: x\r\n", ": y\r\n", "no field\r\n",
        ];
        string[] bodies = ["=C4=E3\r\n", "8J+YgA==\r\n", "--b\r\n", "--b--\r\n", "\r\n", "<p>\0\u00ff</p>", "text ", ParsedMail.Gbk("你好")];
        for (var i = 0; i < 2000; i++)
        {
            var mail = new StringBuilder();
            for (var part = 0; part < 3; part++)
            {
                mail.AppendJoin("", Enumerable.Range(0, random.Next(6)).Select(_ => fields[random.Next(fields.Length)])).Append("\r\n");
                mail.AppendJoin("", Enumerable.Range(0, random.Next(8)).Select(_ => bodies[random.Next(bodies.Length)])).Append("\r\n--b\r\n");
            }

            yield return Encoding.Latin1.GetBytes(mail.ToString());
        }
    }
}
