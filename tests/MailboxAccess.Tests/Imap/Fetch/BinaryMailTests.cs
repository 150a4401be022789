using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MimeKit;

namespace MailCloud.MailboxAccess.Tests.Imap;

/// <summary>Mail that came by BINARYMIME: exact through BINARY (RFC 3516), base64 with true sizes in plain FETCH.</summary>
public sealed class BinaryMailTests(ImapServer server) : IClassFixture<ImapServer>
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31 / 7))];

    private static readonly byte[] Mail =
    [
        .. "From: a@example.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: binary\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n"u8,
        .. "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"u8,
        .. Content,
        .. "\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\n\r\nSubject: inner\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b\nc"u8,
        .. "\r\n--b--\r\n"u8,
    ];

    [Fact]
    public async Task Binary_gives_what_came()
    {
        await using var dialog = await OpenAsync();
        Assert.Equal((byte[])[.. Encoding.ASCII.GetBytes(SampleMail.Prefix), .. Mail], await dialog.FetchAsync("FETCH 1 BINARY.PEEK[]", "BINARY[]"));
        Assert.Equal(Content, await dialog.FetchAsync("FETCH 1 BINARY.PEEK[2]", "BINARY[2]"));
        Assert.Equal("a\0b\nc"u8.ToArray(), await dialog.FetchAsync("FETCH 1 BINARY.PEEK[3.1]", "BINARY[3.1]"));
        Assert.Equal(Content[100_000..150_000], await dialog.FetchAsync("FETCH 1 BINARY.PEEK[2]<100000.50000>", "BINARY[2]<100000>"));
        Assert.Contains($"BINARY.SIZE[2] {Content.Length}", await dialog.AskAsync("FETCH 1 BINARY.SIZE[2]"), StringComparison.Ordinal);
        Assert.Contains("BINARY[2] ~{200000}", await dialog.AskAsync("FETCH 1 BINARY.PEEK[2]"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_fetch_gives_base64_with_true_sizes()
    {
        await using var dialog = await OpenAsync();
        var whole = await dialog.FetchAsync("FETCH 1 BODY.PEEK[]", "BODY[]");
        Assert.Equal(whole, await dialog.FetchAsync("FETCH 1 RFC822", "RFC822"));
        Assert.DoesNotContain((byte)0, whole);
        var answer = await dialog.AskAsync("FETCH 1 (RFC822.SIZE BODYSTRUCTURE)");
        Assert.Contains($"RFC822.SIZE {whole.Length} ", answer, StringComparison.Ordinal);
        var part = await dialog.FetchAsync("FETCH 1 BODY.PEEK[2]", "BODY[2]");
        Assert.Equal(Content, Convert.FromBase64String(Encoding.ASCII.GetString(part)));
        Assert.Contains($"(\"application\" \"octet-stream\" NIL NIL NIL \"base64\" {part.Length} NIL", answer, StringComparison.Ordinal);
        var message = await dialog.FetchAsync("FETCH 1 BODY.PEEK[3]", "BODY[3]");
        var inner = await dialog.FetchAsync("FETCH 1 BODY.PEEK[3.1]", "BODY[3.1]");
        Assert.Equal("YQBiCmM="u8.ToArray(), inner);
        Assert.Contains($"(\"message\" \"rfc822\" NIL NIL NIL \"binary\" {message.Length} ", answer, StringComparison.Ordinal);
        Assert.Contains("(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"base64\" 8 0 NIL", answer, StringComparison.Ordinal);
        Assert.Equal(
            "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"u8.ToArray(), await dialog.FetchAsync("FETCH 1 BODY.PEEK[2.MIME]", "BODY[2.MIME]"));
        Assert.EndsWith("Content-Transfer-Encoding: base64\r\n\r\n", Encoding.ASCII.GetString(await dialog.FetchAsync("FETCH 1 BODY.PEEK[3.HEADER]", "BODY[3.HEADER]")), StringComparison.Ordinal);
        var parsed = MimeMessage.Load(new MemoryStream(whole));
        var content = new MemoryStream();
        parsed.BodyParts.OfType<MimePart>().ElementAt(1).Content!.DecodeTo(content);
        Assert.Equal(Content, content.ToArray());
    }

    [Fact]
    public async Task Every_section_has_its_slices()
    {
        await using var dialog = await OpenAsync();
        var whole = Encoding.Latin1.GetString(await dialog.FetchAsync("FETCH 1 BODY.PEEK[]", "BODY[]"));
        foreach (var section in (string[])["", "HEADER", "TEXT", "1", "1.MIME", "2", "2.MIME", "3", "3.MIME", "3.HEADER", "3.TEXT", "3.1", "3.1.MIME"])
        {
            var all = Encoding.Latin1.GetString(await dialog.FetchAsync($"FETCH 1 BODY.PEEK[{section}]", $"BODY[{section}]"));
            Assert.Contains(all, whole, StringComparison.Ordinal);
            foreach (var (from, count) in new[] { (0, 3), (7, 100), (all.Length / 2, all.Length), (all.Length, 5), (all.Length + 9, 5) })
            {
                var slice = Encoding.Latin1.GetString(await dialog.FetchAsync(
                    string.Create(CultureInfo.InvariantCulture, $"FETCH 1 BODY.PEEK[{section}]<{from}.{count}>"), string.Create(CultureInfo.InvariantCulture, $"BODY[{section}]<{from}>")));
                var first = Math.Min(from, all.Length);
                Assert.Equal(all.Substring(first, Math.Min(count, all.Length - first)), slice);
            }
        }
    }

    [Fact]
    public async Task Status_counts_the_size_that_is_shown()
    {
        var user = await server.CreateAccountAsync(Mail);
        await using var dialog = await ImapDialog.OpenAsync(server.EndPoint, user);
        var size = Regex.Match(await dialog.AskAsync("FETCH 1 RFC822.SIZE"), @"RFC822\.SIZE (\d+)").Groups[1].Value;
        Assert.Contains($"SIZE {size})", await dialog.AskAsync("STATUS INBOX (SIZE)"), StringComparison.Ordinal);
    }

    private async Task<ImapDialog> OpenAsync() => await ImapDialog.OpenAsync(server.EndPoint, await server.CreateAccountAsync(Mail));
}
