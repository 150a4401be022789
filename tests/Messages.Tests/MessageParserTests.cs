using System.Text;
using MailCloud.Messages;

namespace MailCloud.Messages.Tests;

public sealed class MessageParserTests
{
    private const string Mixed =
        "From: Alice <alice@example.test>\r\nSubject: hi\r\nContent-Type: multipart/mixed; boundary=\"b1\"\r\n\r\npreamble\r\n"
        + "--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\none\r\ntwo\r\n\r\n"
        + "--b1\r\nContent-Type: application/pdf; name=\"a b.pdf\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*0=\"a\"\r\n\r\nQUJD\r\n"
        + "--b1--\r\nepilogue\r\n";

    [Fact]
    public async Task A_multipart_is_cut_at_its_delimiters()
    {
        var summary = await ParseAsync(Mixed);
        var root = summary.Structure;
        Assert.Equal(("multipart", "mixed", 2), (root.Type, root.Subtype, root.Parts.Count));
        Assert.Equal(["boundary", "b1"], root.Parameters);
        Assert.Equal(Mixed.Length, root.BodyOffset + root.BodyLength);
        Assert.Equal("one\r\ntwo\r\n", Body(Mixed, root.Parts[0]));
        Assert.Equal(2, root.Parts[0].Lines);
        Assert.Equal("QUJD", Body(Mixed, root.Parts[1]));
        Assert.Equal(["name", "a b.pdf"], root.Parts[1].Parameters);
        Assert.Equal(("attachment", "base64"), (root.Parts[1].Disposition, root.Parts[1].Encoding));
        Assert.Equal(["filename*0", "a"], root.Parts[1].DispositionParameters);
        Assert.StartsWith("Content-Type: application/pdf", Mixed[(int)root.Parts[1].HeaderOffset..], StringComparison.Ordinal);
        Assert.Equal("one two", summary.Preview);
    }

    [Fact]
    public async Task An_embedded_message_has_its_envelope_and_its_body()
    {
        var inner = "From: bob@example.test\r\nSubject: inner\r\n\r\ntext\r\nmore\r\n";
        var mail = "Content-Type: message/rfc822\r\n\r\n" + inner;
        var part = (await ParseAsync(mail)).Structure;
        Assert.Equal(("message", "rfc822", 5), (part.Type, part.Subtype, (int)part.Lines));
        Assert.Equal(inner, Body(mail, part));
        Assert.Equal("inner", part.Envelope!.Subject);
        Assert.Equal("text\r\nmore\r\n", Body(mail, Assert.Single(part.Parts)));
        Assert.Equal(["charset", "us-ascii"], part.Parts[0].Parameters);
    }

    [Fact]
    public async Task A_part_whose_header_a_delimiter_interrupts_has_an_empty_body()
    {
        var mail = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nSubject: x\r\n--b--\r\n";
        var part = Assert.Single((await ParseAsync(mail)).Structure.Parts);
        Assert.Equal((0, 0), (part.BodyLength, part.Lines));
    }

    [Fact]
    public void A_header_of_many_fields_takes_memory_in_proportion()
    {
        var mail = Encoding.ASCII.GetBytes("Subject: x\r\n" + string.Concat(Enumerable.Repeat("a:\n", 80_000)) + "\r\n");
        var before = GC.GetAllocatedBytesForCurrentThread();
        var scanner = new MimeScanner();
        scanner.Feed(mail);
        Assert.Equal("x", scanner.Finish().Envelope.Subject);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8L * mail.Length);
    }

    [Fact]
    public async Task Parts_of_a_digest_are_messages()
    {
        var mail = "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: one\r\n\r\nx\r\n--d\r\nContent-Type: text/plain\r\n\r\ny\r\n--d--\r\n";
        var parts = (await ParseAsync(mail)).Structure.Parts;
        Assert.Equal(("rfc822", "one"), (parts[0].Subtype, parts[0].Envelope!.Subject));
        Assert.Equal("plain", parts[1].Subtype);
    }

    /// <summary>50 MB of parts' headers would else be 100 MB of a summary, which the mailbox keeps.</summary>
    [Fact]
    public async Task What_is_kept_of_parts_headers_is_bounded()
    {
        var parts = Enumerable.Range(0, 9000).Select(i => $"--b\r\nContent-Type: text/plain; name{i}=\"{new string('n', 2000)}\"\r\n\r\nx\r\n");
        var mail = $"Content-Type: multipart/mixed; boundary=b\r\n\r\n{string.Concat(parts)}--b--\r\n";
        var root = (await ParseAsync(mail)).Structure;
        Assert.InRange(root.Parts.Sum(part => part.Parameters.Sum(text => (long)text.Length)), 1_000_000, 1_100_000);
        Assert.Equal(mail.Length, root.Parts[^1].BodyOffset + root.Parts[^1].BodyLength);
        Assert.Equal("x", Body(mail, root.Parts[0]));
    }

    [Fact]
    public async Task An_outer_delimiter_ends_inner_parts()
    {
        var mail = "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=oo\r\n\r\n--oo\r\n\r\nleft open\r\n--o\r\n\r\nlast\r\n--o--\r\n";
        var root = (await ParseAsync(mail)).Structure;
        Assert.Equal(2, root.Parts.Count);
        Assert.Equal("left open", Body(mail, root.Parts[0].Parts[0]));
        Assert.Equal("last", Body(mail, root.Parts[1]));
    }

    [Theory]
    [InlineData("", "text", "plain", 0, 0)]
    [InlineData("\r\n", "text", "plain", 2, 0)]
    [InlineData("Subject: x\r\n", "text", "plain", 12, 0)]
    [InlineData("Subject: x\r\n\r\n", "text", "plain", 14, 0)]
    [InlineData("Subject: x\n\na\nb", "text", "plain", 12, 1)]
    [InlineData("Content-Type: nonsense\r\n\r\na\r\n", "text", "plain", 26, 1)]
    [InlineData("Content-Type: text/html\r\n\r\na\r\n", "text", "html", 27, 1)]
    [InlineData("Content-Type: image/png\r\n\r\na\r\n", "image", "png", 27, 0)]
    [InlineData("Content-Type: multipart/mixed\r\n\r\na\r\n", "text", "plain", 33, 1)]
    [InlineData("Content-Type: multipart/mixed; boundary=x\r\n\r\na\r\n", "text", "plain", 45, 1)]
    public async Task Any_message_has_one_root_part(string mail, string type, string subtype, int bodyOffset, int lines)
    {
        var root = (await ParseAsync(mail)).Structure;
        Assert.Equal((type, subtype, bodyOffset, lines), (root.Type, root.Subtype, (int)root.BodyOffset, (int)root.Lines));
        Assert.Equal(mail.Length, root.BodyOffset + root.BodyLength);
        Assert.Empty(root.Parts);
    }

    [Fact]
    public async Task Envelope_fields_are_unfolded_octets()
    {
        var summary = await ParseAsync(
            "Date: Tue, 24 Nov 2026 15:00:00 +0100\r\nSubject: a\r\n folded =?utf-8?q?w=C3=B6rd?= \u00e9\r\nFrom: a@x.test\r\nTo: b@x.test\r\nTo: c@x.test\r\n"
            + "Message-ID: <m3@x>\r\nIn-Reply-To: <m2@x>\r\nReferences: <m1@x>\r\n <m2@x>\r\n\r\n");
        Assert.Equal("a folded =?utf-8?q?w=C3=B6rd?= \u00e9", summary.Envelope.Subject);
        Assert.Equal(new DateTimeOffset(2026, 11, 24, 15, 0, 0, TimeSpan.FromHours(1)), summary.Envelope.SentAt);
        Assert.Equal("<m3@x>", summary.Envelope.MessageId);
        Assert.Equal(["b", "c"], summary.Envelope.To.Select(a => a.Mailbox));
        Assert.Equal(["m1@x", "m2@x"], summary.References);
        Assert.EndsWith("\r\n\r\n", Encoding.Latin1.GetString(summary.Header!), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a@b", "-|-|a|b")]
    [InlineData("Bob <bob@x.test>", "Bob|-|bob|x.test")]
    [InlineData("\"Doe, \\\"J\\\"\" <j@x>, k@y", "Doe, \"J\"|-|j|x;-|-|k|y")]
    [InlineData("bob@x (Bob (the) Builder)", "Bob (the) Builder|-|bob|x")]
    [InlineData("=?utf-8?q?B=C3=B6b?= <b@x>", "=?utf-8?q?B=C3=B6b?=|-|b|x")]
    [InlineData("B\u00f6b <b\u00f6b@x>", "B\u00f6b|-|b\u00f6b|x")]
    [InlineData("<@r1,@r2:u@h>", "-|@r1,@r2|u|h")]
    [InlineData("Team: a@x, B <b@x>;, c@x", "-|-|Team|-;-|-|a|x;B|-|b|x;-|-|-|-;-|-|c|x")]
    [InlineData("undisclosed-recipients:;", "-|-|undisclosed-recipients|-;-|-|-|-")]
    [InlineData("\"quoted local\"@x", "-|-|quoted local|x")]
    [InlineData("first . last @ x . test", "-|-|first.last|x.test")]
    [InlineData("nobody", "-|-|nobody|")]
    [InlineData("<>", "-|-||")]
    [InlineData("Open <open@x", "Open|-|open|x")]
    [InlineData("a@[127.0.0.1]", "-|-|a|[127.0.0.1]")]
    [InlineData(",,;", "")]
    [InlineData("Group: never@ended", "-|-|Group|-;-|-|never|ended;-|-|-|-")]
    public async Task Addresses_are_read_as_they_stand(string field, string expected)
    {
        var to = (await ParseAsync($"To: {field}\r\n\r\n")).Envelope.To;
        Assert.Equal(expected, string.Join(';', to.Select(a => $"{a.Name ?? "-"}|{a.Route ?? "-"}|{a.Mailbox ?? "-"}|{a.Host ?? "-"}")));
    }

    [Theory]
    [InlineData("text/plain; charset=gb2312", "7bit", "\u4f60\u597d", "gb18030")]
    [InlineData("text/plain; charset=big5", "7bit", "\u4f60\u597d", "big5")]
    [InlineData("text/plain; charset=iso-2022-jp", "7bit", "\u3053\u3093", "iso-2022-jp")]
    [InlineData("text/plain; charset=utf-8", "7bit", "Gr\u00fc\u00dfe", "utf-8")]
    public async Task The_preview_is_decoded_with_its_charset(string type, string encoding, string text, string charset)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        byte[] mail = [.. Encoding.ASCII.GetBytes($"Content-Type: {type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"), .. Encoding.GetEncoding(charset).GetBytes(text)];
        Assert.Equal(text, (await MessageParser.SummariseAsync(new MemoryStream(mail), default)).Preview);
    }

    [Theory]
    [InlineData("Content-Type: text/html\r\n\r\n<head><title>t</title></head><style>p{}</style><p>Hello &amp; <b>good</b>  bye</p><!-- x -->", "Hello & good bye")]
    [InlineData("Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ==\r\n", "Gr\u00fc\u00dfe")]
    [InlineData("Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nGr=FC=DFe=\r\n!\r\n", "Gr\u00fc\u00dfe!")]
    [InlineData("Content-Type: text/plain; charset=no-such\r\n\r\nplain", "plain")]
    [InlineData("Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nplain", "")]
    public async Task The_preview_is_readable_text(string mail, string preview) => Assert.Equal(preview, (await ParseAsync(mail)).Preview);

    [Fact]
    public async Task Nesting_and_the_number_of_parts_are_bounded()
    {
        var deep = string.Concat(Enumerable.Range(0, 500).Select(i => $"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n"));
        var depth = 0;
        for (var part = (await ParseAsync(deep)).Structure; part.Parts.Count > 0; part = part.Parts[0])
        {
            depth++;
        }

        Assert.InRange(depth, 50, MimeScanner.MaxDepth);
        var many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + string.Concat(Enumerable.Repeat("--b\r\n\r\nx\r\n", 20_000));
        var root = (await ParseAsync(many)).Structure;
        Assert.Equal(MimeScanner.MaxParts - 1, root.Parts.Count);
        Assert.Equal(many.Length, root.Parts[^1].BodyOffset + root.Parts[^1].BodyLength);
    }

    [Fact]
    public async Task A_header_that_is_too_long_is_left_in_the_body()
    {
        var mail = $"X-Long: {new string('x', MessageSummary.MaxHeader)}\r\nSubject: after\r\n\r\nbody";
        var summary = await ParseAsync(mail);
        Assert.Null(summary.Header);
        Assert.Equal("after", summary.Envelope.Subject);
        Assert.Equal("body", Body(mail, summary.Structure));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public async Task The_size_of_reads_makes_no_difference(int size)
    {
        var mail = Encoding.Latin1.GetBytes(Mixed.Replace("one\r\n", new string('y', 9000) + "\r\n", StringComparison.Ordinal));
        var whole = await MessageParser.SummariseAsync(new MemoryStream(mail), default);
        var chunked = await MessageParser.SummariseAsync(new ChunkedStream(mail, size), default);
        Assert.Equal(Outline(whole.Structure), Outline(chunked.Structure));
        Assert.Equal(whole.Preview, chunked.Preview);
    }

    private static async Task<MessageSummary> ParseAsync(string mail) =>
        await MessageParser.SummariseAsync(new MemoryStream(Encoding.Latin1.GetBytes(mail)), default);

    private static string Body(string mail, BodyPart part) => mail.Substring((int)part.BodyOffset, (int)part.BodyLength);

    internal static string Outline(BodyPart part) =>
        $"{part.Type}/{part.Subtype}@{part.HeaderOffset},{part.BodyOffset}+{part.BodyLength}/{part.Lines}({string.Join(' ', part.Parts.Select(Outline))})";

    internal sealed class ChunkedStream(byte[] octets, int size) : MemoryStream(octets)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
    }
}
