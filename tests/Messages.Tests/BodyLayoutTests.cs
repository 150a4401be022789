using System.Text;
using MailCloud.Messages;
using MimeKit;

namespace MailCloud.Messages.Tests;

/// <summary>Binary mail as it is shown where only lines can go.</summary>
public sealed class BodyLayoutTests
{
    private static readonly byte[] Binary = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    [Theory]
    [InlineData("binary", "a\r\nb", false)]
    [InlineData("binary", "a\0b", true)]
    [InlineData("binary", "a\rb", true)]
    [InlineData("binary", "a\nb", true)]
    [InlineData("binary", "a\r\r\nb", true)]
    [InlineData("binary", "\nb", true)]
    [InlineData("binary", "a\n", true)]
    [InlineData("binary", "a\r", true)]
    [InlineData("BINARY", "a\0b", true)]
    [InlineData("(not (base64) \\) it) Binary; x", "a\0b", true)]
    [InlineData("\r\n binary", "a\0b", true)]
    [InlineData("8bit", "a\0b", false)]
    [InlineData("binaryish", "a\0b", false)]
    [InlineData("base64", "a\nb", false)]
    public async Task A_part_is_shown_in_base64_when_it_is_binary_and_lines_cannot_carry_it(string encoding, string body, bool shown)
    {
        foreach (var end in (string[])["\r\n--b--\r\n", ""])
        {
            var mail = $"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding:{encoding}\r\n\r\n{body}{end}";
            foreach (var size in (int[])[1, 3, 100_000])
            {
                var summary = await ParseAsync(Encoding.Latin1.GetBytes(mail), size);
                Assert.Equal(shown, summary.Structure.Parts[0].BinaryAt is not null);
                Assert.Equal(shown, summary.ShownLength is not null);
            }
        }
    }

    // The LF belongs to the delimiter (RFC 2046 §5.1.1).
    [Fact]
    public async Task A_bare_line_end_before_a_delimiter_is_not_the_bodys() =>
        Assert.Null((await ParseAsync("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: binary\n\nx\n--b--\n"u8.ToArray())).ShownLength);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(56)]
    [InlineData(57)]
    [InlineData(58)]
    [InlineData(114)]
    [InlineData(4000)]
    public async Task What_is_shown_is_the_same_mail_to_MimeKit(int length)
    {
        var content = (byte[])[.. Enumerable.Range(0, length).Select(i => (byte)(i * 7)), 0];
        var mail = Mail(content, Binary);
        var summary = await ParseAsync(mail);
        var shown = await ShowAsync(mail, summary);
        Assert.Equal(summary.ShownLength, shown.Length);
        Assert.DoesNotContain((byte)0, shown);
        var parts = ((Multipart)MimeMessage.Load(new MemoryStream(shown)).Body!).ToList();
        Assert.Equal(content, Decoded((MimePart)parts[1]));
        Assert.Equal(Binary, Decoded((MimePart)((MessagePart)parts[2]).Message!.Body!));
        Assert.Equal(ContentEncoding.Base64, ((MimePart)parts[1]).ContentTransferEncoding);
    }

    [Fact]
    public async Task Structure_and_sizes_are_those_of_what_is_shown()
    {
        var mail = Mail(Binary, Binary);
        var summary = await ParseAsync(mail);
        var layout = BodyLayout.Of(summary.Structure, mail.Length);
        var shown = await ShowAsync(mail, summary);
        var described = layout.Describe(summary.Structure);

        // The scanner finds in what is shown the parts that are described.
        var again = (await ParseAsync(shown)).Structure;
        Assert.Equal(Sizes(again), Sizes(described));
        Assert.Equal(shown.Length - described.BodyOffset, described.BodyLength);
    }

    [Fact]
    public async Task Every_slice_is_what_stands_there()
    {
        var mail = Mail([.. Binary[..200]], [.. Binary[..130]]);
        var summary = await ParseAsync(mail);
        var shown = await ShowAsync(mail, summary);
        var layout = BodyLayout.Of(summary.Structure, mail.Length);
        for (var from = 0; from < shown.Length; from += 3)
        {
            foreach (var length in (int[])[0, 1, 5, 77, 78, 79, shown.Length - from])
            {
                var count = Math.Min(length, shown.Length - from);
                var read = 0L;
                await using var slice = await layout.OpenAsync(from, count, (offset, octets, _) => Open(mail, offset, octets, ref read), default);
                Assert.Equal(shown[from..(from + count)], await ReadAsync(slice, 7));
                Assert.True(read <= count + (2 * 57), $"{read} octets were read for {count}");
            }
        }
    }

    [Fact]
    public async Task Whatever_the_parts_are_what_is_shown_is_what_is_described()
    {
        var random = new Random(20261124);
        for (var i = 0; i < 200; i++)
        {
            var mail = RandomMail(random);
            var summary = await ParseAsync(mail);
            var shown = await ShowAsync(mail, summary);
            var layout = BodyLayout.Of(summary.Structure, mail.Length);
            Assert.Equal(layout.IsExact, summary.ShownLength is null);
            Assert.Equal(summary.LengthShown(mail.Length), shown.Length);
            Assert.Equal(layout.IsExact, shown.AsSpan().SequenceEqual(mail));
            Assert.Equal(Sizes((await ParseAsync(shown)).Structure), Sizes(layout.Describe(summary.Structure)));
        }
    }

    [Fact]
    public async Task A_stored_body_that_ends_early_ends_the_stream()
    {
        var mail = Mail(Binary, Binary);
        var summary = await ParseAsync(mail);
        var layout = BodyLayout.Of(summary.Structure, mail.Length);
        await using var slice = await layout.OpenAsync(0, layout.Length, (_, _, _) => new(new MemoryStream(mail[..600])), default);
        Assert.True((await ReadAsync(slice, 100)).Length < layout.Length);
    }

    [Fact]
    public async Task A_single_part_is_the_whole_body()
    {
        byte[] mail = [.. "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"u8, .. Binary];
        var summary = await ParseAsync(mail);
        var shown = Encoding.Latin1.GetString(await ShowAsync(mail, summary));
        Assert.StartsWith("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAwQF", shown, StringComparison.Ordinal);
        Assert.Equal(Binary, Convert.FromBase64String(shown[(shown.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]));
    }

    private static byte[] Mail(byte[] one, byte[] other) =>
    [
        .. "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\n"u8,
        .. one,
        .. "\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\n\r\nSubject: inner\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n"u8,
        .. other,
        .. "\r\n--b--\r\nepilogue\r\n"u8,
    ];

    // Parts within parts, binary and not, with line ends of every kind, some left open.
    private static byte[] RandomMail(Random random)
    {
        var mail = new MemoryStream();
        WritePart(mail, random, 0);
        return mail.ToArray();
    }

    private static void WritePart(MemoryStream mail, Random random, int depth)
    {
        var end = random.Next(5) == 0 ? "\n" : "\r\n";
        void Line(string text) => mail.Write(Encoding.Latin1.GetBytes(text + end));
        if (random.Next(2) == 0)
        {
            Line("Content-Transfer-Encoding: " + (random.Next(3) == 0 ? "8bit" : "binary"));
        }

        switch (depth < 4 ? random.Next(4) : 3)
        {
            case 0:
                Line("Content-Type: message/rfc822");
                Line("");
                WritePart(mail, random, depth + 1);
                break;
            case 1 or 2:
                Line($"Content-Type: multipart/mixed; boundary=b{depth}");
                Line("");
                for (var parts = random.Next(4); parts >= 0; parts--)
                {
                    Line($"{end}--b{depth}");
                    WritePart(mail, random, depth + 1);
                }

                Line(random.Next(3) == 0 ? "" : $"{end}--b{depth}--");
                break;
            default:
                Line(random.Next(2) == 0 ? "Content-Type: image/png" : "Subject: x");
                Line("");
                for (var octets = random.Next(300); octets > 0; octets--)
                {
                    mail.WriteByte("\r\n\0ab-"u8[random.Next(random.Next(2) == 0 ? 6 : 2)]);
                }

                break;
        }
    }

    private static async Task<byte[]> ShowAsync(byte[] mail, MessageSummary summary)
    {
        var layout = BodyLayout.Of(summary.Structure, mail.Length);
        var read = 0L;
        await using var shown = await layout.OpenAsync(0, layout.Length, (offset, length, _) => Open(mail, offset, length, ref read), default);
        return await ReadAsync(shown, 1000);
    }

    private static ValueTask<Stream> Open(byte[] mail, long offset, long length, ref long read)
    {
        read += length;
        return new(new MemoryStream(mail, (int)offset, (int)length));
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int size)
    {
        var all = new MemoryStream();
        var block = new byte[size];
        int read;
        while ((read = await stream.ReadAsync(block)) > 0)
        {
            all.Write(block, 0, read);
        }

        return all.ToArray();
    }

    private static byte[] Decoded(MimePart part)
    {
        using var content = new MemoryStream();
        part.Content!.DecodeTo(content);
        return content.ToArray();
    }

    private static string Sizes(BodyPart part) =>
        $"{part.Type} {part.Encoding} {part.BodyLength} {(part.Type is "text" or "message" ? part.Lines : 0)} ({string.Join(' ', part.Parts.Select(Sizes))})";

    private static Task<MessageSummary> ParseAsync(byte[] mail, int size = 100_000) =>
        MessageParser.SummariseAsync(new MessageParserTests.ChunkedStream(mail, size), default);
}
