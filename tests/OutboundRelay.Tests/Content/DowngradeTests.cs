using System.Text;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Tests.Content;

/// <summary>What changes of a message on its way, to the letter. Chars stand for octets: é is 0xE9, Ã© is é in UTF-8.</summary>
public sealed class DowngradeTests
{
    private const string Text = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

    [Fact]
    public async Task What_fits_leaves_as_it_came()
    {
        const string Mail = "Subject : a\r\n\tb  \r\nContent-Type:text/plain\r\n\r\n.\r\n..\r\n--x\r\n\r\n\r\n";
        var sent = await Downgraded.OfAsync(Mail);
        Assert.Equal((Mail, BodyType.SevenBit, false), (sent.Text, sent.Form, sent.IsChanged));
        var eight = await Downgraded.OfAsync(Mail + "é\r\n", BodyType.EightBitMime);
        Assert.Equal((Mail + "é\r\n", BodyType.EightBitMime, false), (eight.Text, eight.Form, eight.IsChanged));
    }

    [Fact]
    public async Task Text_becomes_quoted_printable()
    {
        var sent = await Downgraded.OfAsync(Text + "caf\u00e9 = \r\n.\r\n" + new string('a', 80) + "\r\nlast");
        Assert.Equal(
            Text.Replace("8bit", "quoted-printable", StringComparison.Ordinal) + "caf=E9 =3D=20\r\n.\r\n" + new string('a', 75) + "=\r\naaaaa\r\nlast=\r\n",
            sent.Text);
        Assert.Equal((BodyType.SevenBit, true), (sent.Form, sent.IsChanged));
    }

    [Fact]
    public async Task Text_that_is_mostly_beyond_ascii_becomes_base64()
    {
        var sent = await Downgraded.OfAsync(Text + new string('\u00e9', 60) + "\r\n");
        Assert.Equal(
            Text.Replace("8bit", "base64", StringComparison.Ordinal) + string.Concat(Enumerable.Repeat("6enp", 19)) + "\r\n6enpDQo=\r\n",
            sent.Text);
    }

    [Theory]
    [InlineData("a caf\u00c3\u00a9 and plain words", "utf-8", "a caf=C3=A9 and plain words")]
    [InlineData("a caf\u00e9 and plain words", "unknown-8bit", "a caf=E9 and plain words")]
    public async Task Text_that_says_nothing_of_itself_gets_a_header(string text, string charset, string encoded)
    {
        var sent = await Downgraded.OfAsync($"Subject: a\r\n\r\n{text}\r\n");
        Assert.Equal(
            $"Subject: a\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n\r\n{encoded}\r\n",
            sent.Text);
    }

    [Fact]
    public async Task Of_a_multipart_only_what_must_changes()
    {
        var sent = await Downgraded.OfAsync(
            "Content-Transfer-Encoding: 8bit\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npre\r\namble\r\n--b\r\n\r\nplain\r\n\r\n--b \r\nContent-Type: application/x\r\n\r\n\u00e9\r\n--b\r\n"
            + "content-type: text/plain\r\ncontent-transfer-encoding: 8BIT\r\nContent-Transfer-Encoding: 7bit\r\nX: y\r\n\r\na caf\u00e9 and words\r\n--b--\r\nepilogue\r\n");
        Assert.Equal(
            "Content-Transfer-Encoding: 7bit\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npre\r\namble\r\n--b\r\n\r\nplain\r\n\r\n--b \r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n6Q==\r\n--b\r\n"
            + "content-type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\nX: y\r\n\r\na caf=E9 and words\r\n--b--\r\nepilogue\r\n",
            sent.Text);
    }

    [Fact]
    public async Task Text_around_parts_is_written_with_escapes()
    {
        var sent = await Downgraded.OfAsync($"Content-Type: multipart/mixed; boundary=b\r\n\r\npr\u00e9\r\n{new string('x', 1000)}\r\n--b\r\n\r\na\r\n--b--\r\n");
        Assert.Equal($"Content-Type: multipart/mixed; boundary=b\r\n\r\npr=E9\r\n{new string('x', 998)}\r\n xx\r\n--b\r\n\r\na\r\n--b--\r\n", sent.Text);
    }

    [Fact]
    public async Task A_message_within_is_looked_into()
    {
        var sent = await Downgraded.OfAsync(
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: \u00c3\u00a9\r\nContent-Type: text/plain; charset=utf-8\r\nMIME-Version: 1.0\r\n\r\na caf\u00c3\u00a9 and words\r\n");
        Assert.Equal(
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject: =?utf-8?Q?=C3=A9?=\r\nContent-Type: text/plain; charset=utf-8\r\nMIME-Version: 1.0\r\n"
            + "Content-Transfer-Encoding: quoted-printable\r\n\r\na caf=C3=A9 and words\r\n",
            sent.Text);
    }

    [Fact]
    public async Task A_global_message_within_may_be_encoded()
    {
        var sent = await Downgraded.OfAsync("MIME-Version: 1.0\r\nContent-Type: message/global\r\nContent-Transfer-Encoding: 8bit\r\n\r\nTo: d\u00c3\u00a9@example.test\r\n\r\nsome more text\r\n");
        Assert.Contains("Content-Transfer-Encoding: quoted-printable\r\n\r\nTo: d=C3=A9@example.test\r\n", sent.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\u00e9\r\n--b--\r\n", BodyType.SevenBit)]
    [InlineData("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nSubject: \u00e9\r\n\r\na\r\n--b--\r\n", BodyType.SevenBit)]
    [InlineData("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\u00e9\r\n--c\r\n\r\n--c--\r\n--b--\r\n", BodyType.SevenBit)]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n\u00e9\r\n", BodyType.SevenBit)]
    [InlineData("Content-Type: multipart/mixed\r\n\r\n\u00e9\r\n", BodyType.SevenBit)]
    [InlineData("Content-Type: message/partial; id=a; number=1\r\n\r\n\u00e9\r\n", BodyType.SevenBit)]
    [InlineData("Content-Transfer-Encoding: x-uuencode\r\n\r\n\u00e9\r\n", BodyType.SevenBit)]
    [InlineData("From: \u00c3\u00a9@example.test\r\n\r\na\r\n", BodyType.SevenBit)]
    [InlineData("From: <\u00c3", BodyType.SevenBit)]
    [InlineData("Content-Type: multipart/n;\"=\0;boundary=b\r\n\r\n--b\r\n", BodyType.SevenBit)]
    [InlineData("Content-Type: multipart/mixed; boundary=\u00e9\r\n\r\na\r\n", BodyType.SevenBit)]
    [InlineData("Content-Type:(;*=)\0/m\r\n\r\na\r\n", BodyType.SevenBit)]
    [InlineData("Content-Transfer-Encoding: 8b\0it\r\n\r\na\r\n", BodyType.SevenBit)]
    [InlineData("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\0\r\n--b--\r\n", BodyType.BinaryMime)]
    [InlineData("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\r\n--b--\r\n", BodyType.EightBitMime)]
    public async Task What_may_not_be_changed_cannot_be_downgraded(string mail, BodyType allowed)
    {
        Assert.NotNull((await Downgraded.OfAsync(mail, allowed)).Obstacle);
        Assert.Null((await Downgraded.OfAsync(mail.Replace('\u00c3', 'e').Replace('\u00a9', 'e').Replace('\u00e9', 'e').Replace('\0', '0').Replace("binary", "8bit", StringComparison.Ordinal), allowed)).Obstacle);
    }

    [Fact]
    public async Task A_delimiter_that_is_no_line_cannot_be_sent()
    {
        var boundary = new string('b', 997);
        Assert.NotNull((await Downgraded.OfAsync($"Content-Type: multipart/mixed;\r\n boundary={boundary[..980]}bbbbbbbbbbbbbbbbb\r\n\r\n--{boundary}\r\n\r\na\r\n", BodyType.BinaryMime)).Obstacle);
    }

    [Fact]
    public async Task Only_crlf_ends_a_line()
    {
        var sent = await Downgraded.OfAsync("Subject: a\nX: b\rY: c\r\n\na\n.\nb\r.\rc\r\r\n\n.\r\n");
        Assert.Equal(("Subject: a\r\nX: b\r\nY: c\r\n\r\na\r\n.\r\nb\r\n.\r\nc\r\n\r\n\r\n.\r\n", true), (sent.Text, sent.IsChanged));
    }

    [Theory]
    [InlineData("--b\r\n\r\na\n--b--\r\n")]
    [InlineData("--b\r\n\r\na\r\n--b--\n")]
    [InlineData("--b\r\n\r\na\r--b--\r\n")]
    public async Task Line_ends_of_delimiters_are_mended_too(string parts)
    {
        var sent = await Downgraded.OfAsync("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts);
        Assert.Equal(("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\na\r\n--b--\r\n", true), (sent.Text, sent.IsChanged));
    }

    [Fact]
    public async Task Line_ends_of_what_is_signed_become_what_the_signature_was_made_of()
    {
        var sent = await Downgraded.OfAsync("Content-Type: multipart/signed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/pgp-signature\n\nabc\ndef\n--b--\n");
        Assert.Equal("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nabc\r\ndef\r\n--b--\r\n", sent.Text);
    }

    [Fact]
    public async Task Octets_that_are_no_lines_become_base64_as_they_are()
    {
        const string Octets = "a\nb\rc\r\nd\0\u00ff";
        var mail = $"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: binary\r\n\r\n--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n{Octets}\r\n--b--\r\n";
        var kept = await Downgraded.OfAsync(mail, BodyType.BinaryMime);
        Assert.Equal((mail, BodyType.BinaryMime, false), (kept.Text, kept.Form, kept.IsChanged));
        foreach (var allowed in (BodyType[])[BodyType.SevenBit, BodyType.EightBitMime])
        {
            var sent = await Downgraded.OfAsync(mail, allowed);
            Assert.Equal(
                mail.Replace(Octets, Convert.ToBase64String(Encoding.Latin1.GetBytes(Octets)), StringComparison.Ordinal)
                    .Replace("x\r\nContent-Transfer-Encoding: binary", "x\r\nContent-Transfer-Encoding: base64", StringComparison.Ordinal)
                    .Replace("binary", "7bit", StringComparison.Ordinal),
                sent.Text);
            Assert.Equal(BodyType.SevenBit, sent.Form);
        }
    }

    [Fact]
    public async Task What_says_it_is_no_text_keeps_the_line_ends_that_it_has()
    {
        var sent = await Downgraded.OfAsync("Content-Type: image/x\r\n\r\na\nb\r\n", BodyType.BinaryMime);
        Assert.Equal("Content-Type: image/x\r\nContent-Transfer-Encoding: base64\r\nMIME-Version: 1.0\r\n\r\nYQpiDQo=\r\n", sent.Text);
    }

    [Fact]
    public async Task A_label_promises_no_more_than_is_allowed()
    {
        Assert.Equal("Content-Transfer-Encoding: 7bit\r\n\r\na\r\n", (await Downgraded.OfAsync("Content-Transfer-Encoding: binary\r\n\r\na\r\n")).Text);
        Assert.Equal("Content-Transfer-Encoding: 8bit\r\n\r\n\u00e9\r\n", (await Downgraded.OfAsync("Content-Transfer-Encoding: binary\r\n\r\n\u00e9\r\n", BodyType.EightBitMime)).Text);
        Assert.False((await Downgraded.OfAsync("Content-Transfer-Encoding: 8bit\r\n\r\na\r\n", BodyType.EightBitMime)).IsChanged);
    }

    [Fact]
    public async Task A_long_line_is_encoded_for_every_host()
    {
        var line = string.Concat(Enumerable.Repeat("<p>some words and </p>", 50));
        var sent = await Downgraded.OfAsync($"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n{line}\r\n", BodyType.BinaryMime);
        Assert.StartsWith("MIME-Version: 1.0\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>some words", sent.Text, StringComparison.Ordinal);
        Assert.Equal(line + "\r\n", sent.Text[(sent.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Replace("=\r\n", "", StringComparison.Ordinal));
        Assert.False((await Downgraded.OfAsync($"Content-Type: text/html\r\n\r\n{line[..998]}\r\n", BodyType.EightBitMime)).IsChanged);
    }

    [Fact]
    public async Task A_soft_line_break_never_makes_a_delimiter()
    {
        var mail = $"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\u00e9{new string('x', 72)}--b\r\n\r\n--b--\r\n";
        Assert.Contains("x=\r\n=2D-b\r\n\r\n--b--\r\n", (await Downgraded.OfAsync(mail)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_encoded_already_and_has_octets_beyond_is_mended()
    {
        Assert.Equal(
            "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3D=E9 \r\nb=\r\n",
            (await Downgraded.OfAsync("Content-Transfer-Encoding: quoted-printable\r\n\r\na=3D\u00e9 \r\nb=\r\n")).Text);
        Assert.Equal("Content-Transfer-Encoding: base64\r\n\r\nYWJjZGU=\r\n", (await Downgraded.OfAsync("Content-Transfer-Encoding: base64\r\n\r\nYWJj\u00e9\r\nZGU=\r\n")).Text);
        var longLine = await Downgraded.OfAsync($"Content-Transfer-Encoding: quoted-printable\r\n\r\n{string.Concat(Enumerable.Repeat("=3D", 400))}\r\n", BodyType.EightBitMime);
        Leaving.Check(longLine.Octets, longLine.Form, "a long line");
        Assert.DoesNotMatch("=3?=\r\n", longLine.Text.Replace("D=\r\n", "", StringComparison.Ordinal));
    }

    /// <summary>Readers differ in what they make of =b=E9.</summary>
    [Theory]
    [InlineData("=b\u00e9", "=3Db=E9")]
    [InlineData("=\u00e9", "=3D=E9")]
    [InlineData("==\u00e9", "==3D=E9")]
    [InlineData("=zz\u00e9 =4", "=zz=E9 =4")]
    [InlineData("\u00e9=b=41=", "=E9=b=41=")]
    public async Task What_looks_like_an_escape_and_is_none_becomes_one_before_an_octet_that_is_escaped(string came, string leaves) => Assert.Equal(
        $"Content-Transfer-Encoding: quoted-printable\r\n\r\n{leaves}\r\n",
        (await Downgraded.OfAsync($"Content-Transfer-Encoding: quoted-printable\r\n\r\n{came}\r\n")).Text);

    [Theory]
    [InlineData("Subject: caf\u00c3\u00a9 au lait", "Subject: =?utf-8?Q?caf=C3=A9?= au lait")]
    [InlineData("Subject: a \u00e9 b \u00e9 c", "Subject: a =?unknown-8bit?Q?=E9_b_=E9?= c")]
    [InlineData("Subject: =?utf-8?q?a?= \u00c3\u00a9 =?utf-8?q?b?=", "Subject: =?utf-8?q?a?= =?utf-8?Q?_=C3=A9_?= =?utf-8?q?b?=")]
    [InlineData("Subject:\u00c3\u00a9\r\n next", "Subject:=?utf-8?Q?=C3=A9?= next")]
    [InlineData("From: Ren\u00c3\u00a9 <r@example.test>", "From: =?utf-8?Q?Ren=C3=A9?= <r@example.test>")]
    [InlineData("To: \"Ren\u00c3\u00a9, the \\\"X\\\"\" <r@example.test>, plain@x.test", "To: =?utf-8?Q?Ren=C3=A9=2C_the_=22X=22?= <r@example.test>, plain@x.test")]
    [InlineData("Cc: a@b.test (\u00c3\u00a9 c), gr\u00c3\u00bcn: c@d.test;", "Cc: a@b.test (=?utf-8?Q?=C3=A9_c?=), =?utf-8?Q?gr=C3=BCn?=: c@d.test;")]
    [InlineData("To: <a@b\u00c3\u00bccher.test>, c@b\u00c3\u00bccher.test", "To: <a@xn--bcher-kva.test>, c@xn--bcher-kva.test")]
    [InlineData("Content-Disposition: attachment; filename=\"\u00c3\u00a9 1.txt\"; size=3", "Content-Disposition: attachment;\r\n filename*=utf-8''%C3%A9%201.txt; size=3")]
    [InlineData("Content-Disposition: attachment; filename=\u00e9", "Content-Disposition: attachment;\r\n filename*=unknown-8bit''%E9")]
    [InlineData("Content-Type: text/plain; a=\"x;y\\\";z\"; b=\"\u00c3\u00a9;\"; c=d", "Content-Type: text/plain; a=\"x;y\\\";z\";\r\n b*=utf-8''%C3%A9%3B; c=d")]
    [InlineData("Content-Type: (a;b) text/plain; (c;d) e=f; name=\u00e9", "Content-Type: (a;b) text/plain; (c;d) e=f;\r\n name*=unknown-8bit''%E9")]
    [InlineData("Content-Type: text/plain; name*=utf-8''\u00c3\u00a9", "Content-Type: text/plain; name*=utf-8''%C3%A9")]
    [InlineData("Content-Transfer-Encoding: quoted-printable \u00e9", "Content-Transfer-Encoding: quoted-printable")]
    [InlineData("X-\u00c3\u00a9: a", "=?utf-8?Q?X-=C3=A9=3A?= a")]
    [InlineData("Subject: a\0b", "Subject: =?utf-8?Q?a=00b?=")]
    public async Task Header_fields_are_encoded(string field, string encoded)
    {
        Assert.Equal($"{encoded}\r\n\r\na\r\n", (await Downgraded.OfAsync($"{field}\r\n\r\na\r\n")).Text);
    }

    [Theory]
    [InlineData("Content-Transfer-Encoding\r\n\t: \0", "Content-Transfer-Encoding\r\n\t: =?utf-8?Q?=00?=")]
    [InlineData("\0\r\n Subject: a", "=?utf-8?Q?=00?=\r\n Subject: a")]
    public async Task Lines_that_are_no_field_do_not_become_one(string lines, string encoded) =>
        Assert.Equal($"{encoded}\r\n\r\na\r\n", (await Downgraded.OfAsync($"{lines}\r\n\r\na\r\n")).Text);

    [Fact]
    public async Task Header_fields_stay_where_eight_bits_are_taken()
    {
        var sent = await Downgraded.OfAsync("Subject: \u00c3\u00a9\r\n\r\na\r\n", BodyType.EightBitMime);
        Assert.Equal((false, BodyType.EightBitMime), (sent.IsChanged, sent.Form));
    }

    [Fact]
    public async Task Long_text_is_cut_between_characters()
    {
        var text = string.Concat(Enumerable.Repeat("\u4e2d\u6587", 200));
        var sent = await Downgraded.OfAsync(Encoding.UTF8.GetBytes($"Subject: {text}\r\n\r\n"), BodyType.SevenBit);
        var lines = sent.Text.Split("\r\n");
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 85));
        Assert.Equal(text, HeaderDecoder.Decode(Encoding.Latin1.GetBytes(sent.Text["Subject: ".Length..^4])));
        Assert.All(lines[..^2], line => Assert.DoesNotContain('\ufffd', HeaderDecoder.Decode(Encoding.Latin1.GetBytes(line))));
    }

    [Fact]
    public async Task Long_parameters_go_on_in_pieces()
    {
        var name = string.Concat(Enumerable.Repeat("\u00c3\u00a9", 50));
        var sent = await Downgraded.OfAsync($"Content-Disposition: attachment; filename={name}\r\n\r\n");
        var disposition = MimeKit.ContentDisposition.Parse(sent.Text["Content-Disposition: ".Length..^2].Replace("\r\n", "", StringComparison.Ordinal));
        Assert.Equal(new string('\u00e9', 50), disposition.FileName);
    }

    [Fact]
    public async Task Long_header_lines_are_folded_or_cut()
    {
        var words = string.Join(' ', Enumerable.Repeat("word", 300));
        var sent = await Downgraded.OfAsync($"X: {words}\r\nY: {new string('y', 1500)}\r\n\r\n", BodyType.EightBitMime);
        Leaving.Check(sent.Octets, sent.Form, "the header");
        Assert.StartsWith($"X: {words}\r\n", sent.Text.Replace("word\r\n word", "word word", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.EndsWith($"\r\nY: {new string('y', 995)}\r\n {new string('y', 505)}\r\n\r\n", sent.Text, StringComparison.Ordinal);
        Assert.Equal($"{new string('z', 998)}\r\n {new string('z', 997)}\r\n z\r\n\r\n", (await Downgraded.OfAsync($"{new string('z', 1996)}\r\n\r\n")).Text);
    }

    [Fact]
    public async Task A_field_of_megabytes_is_cut_line_by_line()
    {
        var sent = await Downgraded.OfAsync($"X: {new string('x', 2_000_000)}\r\nSubject: a\r\n\r\nb\r\n");
        Leaving.Check(sent.Octets, sent.Form, "the header");
        Assert.Equal(2_000_000, sent.Text.Count(c => c == 'x'));
        Assert.EndsWith("x\r\nSubject: a\r\n\r\nb\r\n", sent.Text, StringComparison.Ordinal);
        Assert.NotNull((await Downgraded.OfAsync($"X: {new string('\u00e9', 2_000_000)}\r\n\r\nb\r\n")).Obstacle);
    }

    [Theory]
    [InlineData("Subject: a", "Subject: a\r\n")]
    [InlineData("", "")]
    [InlineData("Subject: a\r\n\r\nb", "Subject: a\r\n\r\nb\r\n")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\na caf\u00e9 and words\r\n--b--", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na caf=E9 and words\r\n--b--\r\n")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\na caf\u00e9 and words", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na caf=E9 and words=\r\n")]
    public async Task It_ends_with_a_line_end(string mail, string expected)
    {
        Assert.Equal(expected, (await Downgraded.OfAsync(mail)).Text);
    }

    [Fact]
    public async Task A_hundred_thousand_parts_are_encoded_one_by_one()
    {
        const int Parts = 100_000;
        var mail = $"Content-Type: multipart/mixed; boundary=b\r\n\r\n{string.Concat(Enumerable.Repeat("--b\r\nContent-Type: text/plain\r\n\r\na caf\u00e9 and words\r\n", Parts))}--b--\r\n";
        var sent = await Downgraded.OfAsync(mail);
        Assert.Equal(Parts, sent.Text.Split("Content-Transfer-Encoding: quoted-printable\r\n\r\na caf=E9 and words\r\n--b").Length - 1);
    }

    [Fact]
    public async Task Parts_nested_too_deep_are_not_lost()
    {
        var mail = new StringBuilder();
        for (var i = 0; i < 300; i++)
        {
            mail.Append(System.Globalization.CultureInfo.InvariantCulture, $"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n");
        }

        var sent = await Downgraded.OfAsync(mail + "\r\ntext\r\n");
        Assert.Equal((mail + "\r\ntext\r\n", null), (sent.Text, sent.Obstacle));
        Assert.NotNull((await Downgraded.OfAsync(mail + "\r\n\u00e9\r\n")).Obstacle);
    }
}
