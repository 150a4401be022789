using System.Text;

namespace MailCloud.Wire.Tests;

public sealed class DotReaderTests
{
    private static readonly ReadPace Pace = new(TimeSpan.FromMinutes(1), 0);

    public static TheoryData<string, DotStatus, string> Messages => new()
    {
        { ".\r\n", DotStatus.Complete, "" },
        { "a\r\n.\r\n", DotStatus.Complete, "a\r\n" },
        { "..\r\n.\r\n", DotStatus.Complete, ".\r\n" },
        { "..a\r\n.b\r\na.\r\n.\r\n", DotStatus.Complete, ".a\r\nb\r\na.\r\n" },
        { "a\n.\r\nb\r\n.\r\n", DotStatus.BareLineEnd, "" },
        { "a\n.\nb\r\n.\r\n", DotStatus.BareLineEnd, "" },
        { "a\r.\r\nb\r\n.\r\n", DotStatus.BareLineEnd, "" },
        { "a\r\n.\rb\r\n.\r\n", DotStatus.BareLineEnd, "" },
        { "a\r\n.\nb\r\n.\r\n", DotStatus.BareLineEnd, "" },
        { "a\r\r\n.\r\n", DotStatus.BareLineEnd, "" },
        { "0123456789012345678901234567890123456789\r\n.\r\n", DotStatus.TooLarge, "" },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Ends_at_crlf_dot_crlf_only_and_stays_in_step(string sent, DotStatus status, string content)
    {
        foreach (var piece in new[] { 1, 2, 3, 1000 })
        {
            using var input = Piped.Reader(sent + "NEXT\r\n", piece);
            var got = new MemoryStream();
            var result = await DotReader.ReadAsync(input, 40, Pace, got.WriteAsync, CancellationToken.None);
            var lines = new LineReader(input, 100);
            await lines.ReadAsync(TimeSpan.FromMinutes(1), CancellationToken.None);

            Assert.Equal(status, result.Status);
            Assert.Equal("NEXT", Encoding.ASCII.GetString(lines.Line.Span));
            if (status == DotStatus.Complete)
            {
                Assert.Equal(content, Encoding.ASCII.GetString(got.ToArray()));
            }
        }
    }

    [Fact]
    public async Task A_refused_message_has_its_length()
    {
        // The dot is taken out, and the CR that makes it a bare one counts.
        using var input = Piped.Reader("a\r\n.\rb\r\n.\r\n", 1000);
        var result = await DotReader.ReadAsync(input, 40, Pace, Stream.Null.WriteAsync, CancellationToken.None);
        Assert.Equal(new(DotStatus.BareLineEnd, "a\r\n\rb\r\n".Length), result);
    }

    [Fact]
    public async Task Pieces_are_bounded_and_whole()
    {
        var text = string.Concat(Enumerable.Repeat(new string('y', 70) + "\r\n", 5000));
        using var input = Piped.Reader(text + ".\r\n", 4096);
        var longest = 0;
        var got = new MemoryStream();
        var result = await DotReader.ReadAsync(
            input,
            long.MaxValue,
            Pace,
            (piece, ct) =>
            {
                longest = Math.Max(longest, piece.Length);
                return got.WriteAsync(piece, ct);
            },
            CancellationToken.None);
        Assert.Equal(text, Encoding.ASCII.GetString(got.ToArray()));
        Assert.Equal(text.Length, result.Octets);
        Assert.True(longest <= 16 * 1024);
    }
}
