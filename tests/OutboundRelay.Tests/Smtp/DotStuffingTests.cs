using System.Buffers;
using System.Text;
using MailCloud.OutboundRelay.Smtp;

namespace MailCloud.OutboundRelay.Tests.Smtp;

public sealed class DotStuffingTests
{
    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData(".", "..\r\n.\r\n")]
    [InlineData("a", "a\r\n.\r\n")]
    [InlineData("a\r\n", "a\r\n.\r\n")]
    [InlineData(".\r\n.\r\n..\r\n", "..\r\n..\r\n...\r\n.\r\n")]
    [InlineData("\r\n.\r\n", "\r\n..\r\n.\r\n")]
    [InlineData("a\r\n.b\r\n\r\n..c\r\nd.\r\n", "a\r\n..b\r\n\r\n...c\r\nd.\r\n.\r\n")]
    // Only CRLF ends a line.
    [InlineData("a\n.b\r.c\r\r\n.d", "a\n.b\r.c\r\r\n..d\r\n.\r\n")]
    public void A_dot_that_begins_a_line_is_doubled_however_it_comes(string text, string expected)
    {
        for (var size = 1; size <= Math.Max(text.Length, 1); size++)
        {
            var output = new ArrayBufferWriter<byte>();
            var stuffing = default(DotStuffing);
            foreach (var piece in text.Chunk(size))
            {
                stuffing.Write(Encoding.ASCII.GetBytes(piece), output);
            }

            stuffing.End(output);
            Assert.Equal(expected, Encoding.ASCII.GetString(output.WrittenSpan));
        }
    }
}
