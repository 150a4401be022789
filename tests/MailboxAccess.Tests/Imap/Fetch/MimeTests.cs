using System.Globalization;
using System.Text;

namespace MailCloud.MailboxAccess.Tests.Imap;

/// <summary>MIME's five header fields, seven media types and five encodings as IMAP shows them (RFC 2045 to 2047, RFC 2231), and mail that breaks them.</summary>
public sealed class MimeTests(ImapServer server) : IClassFixture<ImapServer>
{
    // RFC 2045 §4 to §8.
    [Theory]
    [InlineData("MIME-Version: 1.0 (produced by x)", "BODY[HEADER.FIELDS (MIME-Version)] {37}\r\nMIME-Version: 1.0 (produced by x)\r\n\r\n")]
    [InlineData("Content-Type: text/html; charset=\"iso-8859-1\"; format=flowed (c)", "(\"text\" \"html\" (\"charset\" \"iso-8859-1\" \"format\" \"flowed\") NIL NIL \"7BIT\" 6 1 NIL NIL NIL NIL)")]
    [InlineData("Content-Transfer-Encoding: (c) Quoted-Printable", "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"Quoted-Printable\" 6 1 NIL NIL NIL NIL)")]
    [InlineData("Content-ID: <part1@example.test>", "(\"text\" \"plain\" (\"charset\" \"us-ascii\") \"<part1@example.test>\" NIL \"7BIT\" 6 1 NIL NIL NIL NIL)")]
    [InlineData("Content-Description: =?utf-8?q?=C3=BC?= a \"picture\"", "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL \"=?utf-8?q?=C3=BC?= a \\\"picture\\\"\" \"7BIT\" 6 1 NIL NIL NIL NIL)")]
    public async Task Header_fields(string field, string shown)
    {
        await using var dialog = await OpenAsync($"Subject: x\r\n{field}\r\n\r\nbody\r\n");
        Assert.Contains(shown, await dialog.AskAsync("FETCH 1 (BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (MIME-Version)])"), StringComparison.Ordinal);
        Assert.Contains("\"x\" NIL", await dialog.AskAsync("FETCH 1 ENVELOPE"), StringComparison.Ordinal);
        Assert.Contains(field, await dialog.AskAsync("FETCH 1 BODY.PEEK[1.MIME]"), StringComparison.Ordinal);
    }

    // RFC 2046 §4 and §5.
    [Theory]
    [InlineData("text/plain", "body", "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 4 0)")]
    [InlineData("image/jpeg", "body", "(\"image\" \"jpeg\" NIL NIL NIL \"7BIT\" 4)")]
    [InlineData("audio/basic", "body", "(\"audio\" \"basic\" NIL NIL NIL \"7BIT\" 4)")]
    [InlineData("video/mpeg", "body", "(\"video\" \"mpeg\" NIL NIL NIL \"7BIT\" 4)")]
    [InlineData("application/octet-stream; name=a", "body", "(\"application\" \"octet-stream\" (\"name\" \"a\") NIL NIL \"7BIT\" 4)")]
    [InlineData("multipart/parallel; boundary=i", "--i\r\n\r\na\r\n--i\r\nContent-Type: image/png\r\n\r\nb\r\n--i--", "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 1 0)(\"image\" \"png\" NIL NIL NIL \"7BIT\" 1) \"parallel\")")]
    [InlineData("multipart/digest; boundary=i", "--i\r\n\r\nSubject: d\r\n\r\nx\r\n--i--", "((\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 15 (NIL \"d\" NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 1 0) 2) \"digest\")")]
    [InlineData("message/rfc822", "Subject: in\r\nFrom: a@b\r\n\r\nx", "(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 27 (NIL \"in\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL) (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 1 0) 3)")]
    [InlineData("message/partial; id=\"x\"; number=1", "body", "(\"message\" \"partial\" (\"id\" \"x\" \"number\" \"1\") NIL NIL \"7BIT\" 4)")]
    [InlineData("message/external-body; access-type=URL", "body", "(\"message\" \"external-body\" (\"access-type\" \"URL\") NIL NIL \"7BIT\" 4)")]
    public async Task Media_types(string type, string body, string shown)
    {
        var mail = $"Subject: x\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nfirst\r\n--o\r\nContent-Type: {type}\r\n\r\n{body}\r\n--o--\r\n";
        await using var dialog = await OpenAsync(mail);
        Assert.Contains($"BODY ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 5 0){shown} \"mixed\")", await dialog.AskAsync("FETCH 1 BODY"), StringComparison.Ordinal);
        Assert.Equal(body, Encoding.Latin1.GetString(await dialog.FetchAsync("FETCH 1 BODY.PEEK[2]", "BODY[2]")));
    }

    // RFC 2045 §6.
    [Theory]
    [InlineData("7bit", "plain text\r\n", "plain text\r\n")]
    [InlineData("8bit", "Gr\u00c3\u00bc\u00c3\u009fe\r\n", "Gr\u00c3\u00bc\u00c3\u009fe\r\n")]
    [InlineData("binary", "Gr\u00c3\u00bc\u00c3\u009fe\r\nbinary", "Gr\u00c3\u00bc\u00c3\u009fe\r\nbinary")]
    [InlineData("quoted-printable", "Gr=C3=BC=\r\n=C3=9Fe=20\r\n", "Gr\u00c3\u00bc\u00c3\u009fe \r\n")]
    [InlineData("base64", "R3LDvM\r\nOfZQ==\r\n", "Gr\u00c3\u00bc\u00c3\u009fe")]
    public async Task Encodings(string encoding, string body, string decoded)
    {
        await using var dialog = await OpenAsync($"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}");
        var lines = body.Count(c => c == '\n');
        Assert.Contains($"(\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"{encoding}\" {body.Length} {lines})", await dialog.AskAsync("FETCH 1 BODY"), StringComparison.Ordinal);
        Assert.Equal(body, Encoding.Latin1.GetString(await dialog.FetchAsync("FETCH 1 BODY.PEEK[1]", "BODY[1]")));
        Assert.Equal(decoded, Encoding.Latin1.GetString(await dialog.FetchAsync("FETCH 1 BINARY.PEEK[1]", "BINARY[1]")));
        Assert.Contains($"BINARY.SIZE[1] {decoded.Length})", await dialog.AskAsync("FETCH 1 BINARY.SIZE[1]"), StringComparison.Ordinal);
        var search = encoding is "7bit" ? "SEARCH BODY \"PLAIN T\"" : "SEARCH BODY {7+}\r\ngr\u00c3\u00bc\u00c3\u009fe";
        Assert.StartsWith("* SEARCH 1\r\n", await dialog.AskAsync(search), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_keep_their_continuations()
    {
        await using var dialog = await OpenAsync(
            "Content-Type: application/x; name*0*=utf-8''Gr%C3%BC; name*1=\"\u00dfe; x\"\r\nContent-Disposition: attachment;\r\n filename*=UTF-8''%e4%bd%a0;\r\n size=3\r\nContent-Language: de, en\r\n"
            + "Content-Location: http://example.test/\r\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n\r\nabc");
        Assert.Contains(
            "BODYSTRUCTURE (\"application\" \"x\" (\"name*0*\" \"utf-8''Gr%C3%BC\" \"name*1\" {5}\r\n\u00dfe; x) NIL NIL \"7BIT\" 3 \"Q2hlY2sgSW50ZWdyaXR5IQ==\" "
            + "(\"attachment\" (\"filename*\" \"UTF-8''%e4%bd%a0\" \"size\" \"3\")) (\"de\" \"en\") \"http://example.test/\")",
            await dialog.AskAsync("FETCH 1 BODYSTRUCTURE"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ten_thousand_parts_are_one_structure()
    {
        var mail = new StringBuilder("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
        for (var i = 1; i <= 12_000; i++)
        {
            mail.Append(CultureInfo.InvariantCulture, $"--b\r\n\r\npart {i}\r\n");
        }

        mail.Append("--b--\r\n");
        await using var dialog = await OpenAsync(mail.ToString());
        await ExpectExactAsync(dialog, mail.ToString());
        Assert.Equal(9_999, (await dialog.AskAsync("FETCH 1 BODY")).Split("\"text\"").Length - 1);
        Assert.Equal("part 9000", Encoding.ASCII.GetString(await dialog.FetchAsync("FETCH 1 BODY.PEEK[9000]", "BODY[9000]")));
        Assert.Contains("BODY[10000] NIL", await dialog.AskAsync("FETCH 1 BODY.PEEK[10000]"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Type: multipart/mixed; boundary=b{0}\r\n\r\n--b{0}\r\n")]
    [InlineData("Content-Type: message/rfc822\r\n\r\n")]
    public async Task Thousands_of_levels_are_bounded(string level)
    {
        var mail = string.Concat(Enumerable.Range(0, 5000).Select(i => string.Format(CultureInfo.InvariantCulture, level, i))) + "\r\ndeep\r\n";
        await using var dialog = await OpenAsync(mail);
        await ExpectExactAsync(dialog, mail);
        var structure = await dialog.AskAsync("FETCH 1 BODYSTRUCTURE");
        Assert.InRange(structure.Split("((").Length + structure.Split("\"rfc822\"").Length, 40, 250);
        Assert.Contains("BODY[1.1.1.1]", await dialog.AskAsync($"FETCH 1 (BODY.PEEK[1.1.1.1] BODY.PEEK[{string.Join('.', Enumerable.Repeat(1, 3000))}])"), StringComparison.Ordinal);
        Assert.Contains("t OK", await dialog.AskAsync("SEARCH TEXT deep"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("no header at all")]
    [InlineData("Subject: cut off")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/pl")]
    [InlineData("Content-Type: multipart/mixed; boundary=\"\r\n\r\n--b\r\n")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n--b\r\n\r\nafter the end\r\n")]
    [InlineData("From: <<<>>>,;:@\"\r\nTo: (((\r\nContent-Type: ///;=;=\r\nContent-Transfer-Encoding:\r\n\r\n\0\r\n")]
    [InlineData("Subject: bare\n\nline\nends\r\rhere\n")]
    [InlineData("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0KDQp5\r\n")]
    [InlineData("Subject: \u0080\u00ff\r\n\r\n\u00fe\u00ff")]
    public async Task Malformed_mail_comes_out_as_it_went_in(string mail)
    {
        await using var dialog = await OpenAsync(mail);
        await ExpectExactAsync(dialog, mail);
        Assert.Contains("t OK", await dialog.AskAsync("FETCH 1 (ENVELOPE BODYSTRUCTURE BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[2] BODY.PEEK[TEXT])"), StringComparison.Ordinal);
        Assert.Contains("t OK", await dialog.AskAsync("SEARCH OR TEXT nothing SENTON 1-Jan-2026"), StringComparison.Ordinal);
    }

    private static async Task ExpectExactAsync(ImapDialog dialog, string mail)
    {
        var octets = Encoding.Latin1.GetString(await dialog.FetchAsync("FETCH 1 BODY.PEEK[]", "BODY[]"));
        Assert.True(octets == SampleMail.Prefix + mail, "the octets read are the octets sent");
        Assert.Contains($"RFC822.SIZE {octets.Length})", await dialog.AskAsync("FETCH 1 RFC822.SIZE"), StringComparison.Ordinal);
    }

    private async Task<ImapDialog> OpenAsync(string mail) => await ImapDialog.OpenAsync(server.EndPoint, await server.CreateAccountAsync(Encoding.Latin1.GetBytes(mail)));
}
