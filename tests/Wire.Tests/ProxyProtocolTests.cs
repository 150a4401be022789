using System.Net;

namespace MailCloud.Wire.Tests;

public sealed class ProxyProtocolTests
{
    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 4000 25\r\n", "192.0.2.1:4000")]
    [InlineData("PROXY TCP6 2001:db8::1 2001:db8::2 4000 25\r\n", "[2001:db8::1]:4000")]
    [InlineData("PROXY UNKNOWN\r\n", null)]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x02\x0f\xa0\0\x19", "192.0.2.1:4000")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", null)]
    public async Task Reads_both_versions_and_nothing_behind(string header, string? source)
    {
        foreach (var piece in new[] { 1, 1000 })
        {
            using var input = Piped.Reader(header + "EHLO x\r\n", piece);
            var read = await ProxyProtocol.ReadAsync(input, TimeSpan.FromMinutes(1), CancellationToken.None);
            var lines = new LineReader(input, 100);
            await lines.ReadAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
            Assert.Equal(source is null ? null : IPEndPoint.Parse(source), read.Source);
            Assert.Equal("EHLO x"u8.ToArray(), lines.Line.ToArray());
        }
    }

    [Theory]
    [InlineData("EHLO client.example\r\n")]
    [InlineData("PROXY TCP4 nowhere 198.51.100.2 4000 25\r\n")]
    [InlineData("PROXY TCP4 2001:db8::1 198.51.100.2 4000 25\r\n")]
    public async Task Refuses_what_is_no_header(string sent)
    {
        using var input = Piped.Reader(sent, 1000);
        await Assert.ThrowsAsync<InvalidDataException>(() => ProxyProtocol.ReadAsync(input, TimeSpan.FromMinutes(1), CancellationToken.None).AsTask());
    }
}
