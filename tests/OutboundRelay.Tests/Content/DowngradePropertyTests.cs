using System.Text;
using MailCloud.Messages;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.OutboundRelay.Tests.Content;

/// <summary>What holds of every message: it leaves as lines, decoded it is what it was, and how it comes in pieces makes no difference. MimeKit is the one who decodes.</summary>
public sealed class DowngradePropertyTests(ITestOutputHelper output)
{
    private const string Nested =
        "Subject: \u00c3\u00a9\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\npre\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: \u00c3\u00a9 <a@b.test>\r\n"
        + "Content-Type: multipart/alternative; boundary=\"c d\"\r\n\r\n--c d\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\u00c3\u00a9 \r\n\r\n--c d\r\n"
        + "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3\u00a9\r\n--c d--\r\n\r\n--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\u00e9\n\r\r\n"
        + "--b\r\nContent-Transfer-Encoding: base64\r\nContent-Type: image/x\r\n\r\nAAAA\r\n--b--\r\nepilogue\r\n";

    public static TheoryData<BodyType> Allowed => [BodyType.SevenBit, BodyType.EightBitMime, BodyType.BinaryMime];

    [Theory]
    [MemberData(nameof(Allowed))]
    public async Task Decoded_it_is_what_it_was(BodyType allowed)
    {
        var (downgraded, refused) = (0, 0);
        foreach (var mail in Mail.Read(output))
        {
            var sent = await Downgraded.OfAsync(mail, allowed);
            if (sent.Obstacle is not null)
            {
                refused++;
                continue;
            }

            downgraded += sent.IsChanged ? 1 : 0;
            var what = Encoding.Latin1.GetString(mail.AsSpan(0, Math.Min(mail.Length, 100)));
            Assert.True(sent.Form <= allowed, what);
            Leaving.Check(sent.Octets, sent.Form, what);
            Assert.True(sent.IsChanged || sent.Octets.AsSpan().SequenceEqual(mail), what);
            if (Parts(mail) is { } parts)
            {
                Assert.Equal(parts, Parts(sent.Octets));
            }
        }

        output.WriteLine($"{allowed}: {downgraded} changed, {refused} cannot be downgraded");
    }

    [Theory]
    [MemberData(nameof(Allowed))]
    public async Task Cut_anywhere_it_leaves_as_lines(BodyType allowed)
    {
        for (var length = 0; length <= Nested.Length; length++)
        {
            var sent = await Downgraded.OfAsync(Nested[..length], allowed);
            Leaving.Check(sent.Octets, sent.Form, Nested[..length]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    public async Task It_makes_no_difference_in_which_pieces_it_comes(int pieces)
    {
        foreach (var mail in (string[])[Nested, Nested.Replace("\r\n", "\n", StringComparison.Ordinal), Nested.Replace("\r\n", "\r", StringComparison.Ordinal), Nested + new string('x', 9000) + "\r\n\r"])
        {
            var whole = await Downgraded.OfAsync(mail);
            var cut = await Downgraded.OfAsync(mail, pieces: pieces);
            Assert.Equal((whole.Text, whole.Form, whole.IsChanged, whole.Obstacle), (cut.Text, cut.Form, cut.IsChanged, cut.Obstacle));
        }
    }

    [Fact]
    public async Task Who_downgrades_what_is_downgraded_changes_nothing()
    {
        var once = await Downgraded.OfAsync(Nested);
        var twice = await Downgraded.OfAsync(once.Octets, BodyType.SevenBit);
        Assert.Equal((once.Text, false), (twice.Text, twice.IsChanged));
    }

    /// <summary>Each part's type and decoded octets, in their order; text with CRLF. Null when MimeKit cannot read it.</summary>
    private static List<string>? Parts(byte[] mail)
    {
        try
        {
            var parts = new List<string>();
            Add(MimeMessage.Load(new MemoryStream(mail)).Body, parts);
            return parts;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static void Add(MimeEntity? entity, List<string> parts)
    {
        switch (entity)
        {
            case Multipart multipart:
                parts.Add(multipart.ContentType.MimeType);
                foreach (var child in multipart)
                {
                    Add(child, parts);
                }

                break;
            case MessagePart { Message: { } inner } embedded:
                parts.Add($"{embedded.ContentType.MimeType} {inner.Subject}");
                Add(inner.Body, parts);
                break;
            case MimePart part:
                using (var decoded = new MemoryStream())
                {
                    part.Content?.DecodeTo(decoded);
                    var text = Encoding.Latin1.GetString(decoded.ToArray());
                    parts.Add($"{part.ContentType.MimeType} {(part.ContentType.IsMimeType("text", "*") ? text.ReplaceLineEndings("\r\n").TrimEnd('\r', '\n') : Convert.ToHexString(decoded.ToArray()))}");
                }

                break;
        }
    }
}
