using System.Text;
using MailCloud.OutboundRelay.Smtp;

namespace MailCloud.OutboundRelay.Tests.Smtp;

public sealed class RemoteReplyTests
{
    [Theory]
    [InlineData("")]
    [InlineData("25")]
    [InlineData("150 no")]
    [InlineData("650 no")]
    [InlineData("2a0 no")]
    [InlineData("250_no")]
    [InlineData("250\tno")]
    [InlineData(" 250 no")]
    public void What_is_no_reply_is_none(string line) => Assert.False(RemoteReply.TryParseLine(Encoding.UTF8.GetBytes(line), out _, out _, out _));

    [Theory]
    [InlineData(250, "2.1.0 ok", "2.1.0", "250 2.1.0 ok")]
    [InlineData(250, "2.1.0", "2.1.0", "250 2.1.0")]
    [InlineData(250, "ok", "2.0.0", "250 ok")]
    [InlineData(550, "5.1.1234 no", "5.0.0", "550 5.1.1234 no")]
    [InlineData(550, "4.1.1 no", "5.0.0", "550 4.1.1 no")]
    [InlineData(550, "5.1 no", "5.0.0", "550 5.1 no")]
    [InlineData(550, "5..1 no", "5.0.0", "550 5..1 no")]
    [InlineData(421, "4.3.2|4.3.2 later| please", "4.3.2", "421 4.3.2 later please")]
    public void A_reply_is_one_line_with_a_status_that_fits(int code, string lines, string status, string text)
    {
        var reply = RemoteReply.Join(code, lines.Split('|'));
        Assert.Equal((status, text), (reply.Status, reply.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    public void A_long_reply_is_cut_between_characters(string first)
    {
        var text = RemoteReply.Join(550, [first + string.Concat(Enumerable.Repeat("\U0001F4EE", 600))]).Text;
        Assert.InRange(text.Length, RemoteReply.MaxText - 1, RemoteReply.MaxText);
        Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Any_octets_make_a_short_printable_reply_or_none()
    {
        var random = new Random(7);
        var octets = new byte[2000];
        for (var round = 0; round < 20_000; round++)
        {
            random.NextBytes(octets);
            "250 "u8.CopyTo(octets);
            octets[3] = (byte)" -_"[round % 3];
            var length = random.Next(3, octets.Length);
            if (RemoteReply.TryParseLine(octets.AsSpan(0, length), out var code, out _, out var text))
            {
                var reply = RemoteReply.Join(code, [text, text]).ToString();
                Assert.InRange(reply.Length, 3, 4 + RemoteReply.MaxText);
                Assert.DoesNotContain(reply, char.IsControl);
                _ = Capabilities.Parse([text, text]);
            }
        }
    }
}
